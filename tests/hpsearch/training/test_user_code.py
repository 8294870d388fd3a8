"""Trainers in files: only files that the user named are executed, and what is wrong with one is shown in few lines."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hpsearch.config.addresses import Addresses
from hpsearch.errors import SpecError
from hpsearch.model.bundle import load
from hpsearch.model.predictor import Predictor
from hpsearch.model.source import find
from hpsearch.spec import load_spec
from hpsearch.sweep.session import Session
from hpsearch.training import user_code
from hpsearch.training.loader import build, resolve
from hpsearch.training.messages import Assignment, Pull
from hpsearch.training.source_files import trainer_files
from hpsearch.training.trusted import trusted
from hpsearch.training.user_code import allow
from hpsearch.training.worker import Worker
from hpsearch.trial import Suggestion

SOURCE = """
from dataclasses import dataclass
from sample_trainers import Quadratic

@dataclass
class Mine(Quadratic):
    x: float = {x}
"""
SPEC = """
name: own
trainer: {trainer}
data: {{dataset: iris}}
space: {{x: {{low: 0.0, high: 1.0}}}}
settings: {{epochs: 3}}
search: {{trials: 2, sampler: random}}
"""


@pytest.fixture(autouse=True)
def nothing_allowed(monkeypatch):
    monkeypatch.setattr(user_code, "_allowed", {})


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "project"
    place.mkdir()
    (place / "mine.py").write_text(SOURCE.format(x=0.5))
    (place / "sweep.yaml").write_text(SPEC.format(trainer="mine.py:Mine"))
    return place


def refused(work):
    with pytest.raises(SpecError) as caught:
        work()
    return str(caught.value)


def test_a_file_that_nobody_named_is_not_executed(folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    assert "is code of the user's own and no part of a model" in refused(lambda: resolve("mine.py:Mine"))


def test_a_file_that_was_named_is_loaded_and_read_anew_when_it_changed(folder):
    allow("mine.py:Mine", folder)
    assert resolve("mine.py:Mine")().x == 0.5
    assert resolve("mine.py:Mine") is resolve("mine.py:Mine")
    (folder / "mine.py").write_text(SOURCE.format(x=0.25))
    assert resolve("mine.py:Mine")().x == 0.25


@pytest.mark.parametrize("name", ["/etc/mine.py:Mine", "../mine.py:Mine", "a/../../mine.py:Mine", "my mine.py:Mine"])
def test_a_path_that_leads_out_of_the_folder_is_refused(name):
    assert "a file must be named FILE.py:Name, below the spec's folder" in refused(lambda: resolve(name))


@pytest.mark.parametrize(
    ("source", "last"),
    [
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("def broken(:\n    pass", "SyntaxError: invalid syntax"),
        ("def f(n):\n    return f(n + 1)\nf(0)", "RecursionError: maximum recursion depth exceeded"),
        ("import sys\nsys.exit('not today')", "SystemExit: not today"),
        ("raise ValueError('\\n'.join(map(str, range(50))))", "49"),
    ],
)
def test_a_file_that_does_not_import_shows_its_own_error_in_ten_lines_at_most(folder, source, last):
    (folder / "mine.py").write_text(source)
    allow("mine.py:Mine", folder)
    lines = refused(lambda: resolve("mine.py:Mine")).splitlines()
    assert lines[0] == "trainer: mine.py:Mine: its file cannot be imported:"
    assert lines[-1] == last
    assert len(lines) <= 10


def test_a_file_or_a_name_that_is_not_there_is_told(folder):
    allow("other.py:Mine", folder)
    assert "other.py cannot be read: No such file or directory" in refused(lambda: resolve("other.py:Mine"))
    allow("mine.py:Mien", folder)
    assert "unknown name in mine.py 'Mien' (did you mean 'Mine'?)" in refused(lambda: resolve("mine.py:Mien"))


def test_a_worker_without_that_folder_trains_from_the_files_that_were_sent(folder, tmp_path):
    (folder / "mine.py").write_text("import beside\n" + SOURCE.format(x=0.5))
    (folder / "beside.py").write_text("HERE = __file__\n")
    files = trainer_files(folder, "mine.py:Mine")
    assert set(files) == {"mine.py", "beside.py"}
    (folder / "mine.py").write_text("raise RuntimeError('another machine has another file here')")
    place = str(folder)
    import numpy as np

    X, y = np.zeros((6, 2)), np.arange(6) % 2
    worker = Worker(Assignment("mine.py:Mine", X, y, X, y, 2, "val_loss", False, place, files))
    chunk = worker.run(Suggestion(0, {}, {"epochs": 2}, seed=0), Pull(None, 60.0))
    assert chunk.failure is None
    used = Path(sys.modules["beside"].HERE).parent
    assert used != folder
    assert used.stat().st_mode & 0o077 == 0


@pytest.mark.usefixtures("no_pictures")
def test_a_model_of_an_own_trainer_is_loaded_with_the_code_that_the_user_names(folder, home, monkeypatch):
    summary = Session(Addresses.find(home), in_process=True).run(load_spec(folder / "sweep.yaml"))
    assert summary.counts.complete == 2
    model = find(next((home / "sweeps" / "own" / "models").iterdir()))
    assert load(model).trainer == "mine.py:Mine"
    monkeypatch.setattr(user_code, "_allowed", {})
    assert "no part of a model" in refused(lambda: Predictor.from_folder(model))
    predictor = Predictor.from_folder(model, resolve=trusted(f"{folder}/mine.py:Mine"))
    assert predictor.predict([[5.1, 3.5, 1.4, 0.2]]).tolist() == ["setosa"]


@pytest.mark.usefixtures("no_pictures")
def test_the_command_predict_takes_the_code_of_an_own_trainer(folder, home):
    Session(Addresses.find(home), in_process=True).run(load_spec(folder / "sweep.yaml"))
    model = find(next((home / "sweeps" / "own" / "models").iterdir()))
    columns = load(model).features
    (folder / "rows.csv").write_text(",".join(columns) + "\n5.1,3.5,1.4,0.2\n")

    def predict(*more):
        command = [sys.executable, "-m", "hpsearch", "predict", str(model), "rows.csv", "--home", str(home), *more]
        paths = {"PYTHONPATH": str(Path(__file__).parents[1]), "PATH": "/usr/bin:/bin"}
        return subprocess.run(command, cwd=folder, env=paths, capture_output=True, text=True, check=False)

    told = predict()
    assert (told.returncode, told.stdout) == (2, "")
    assert "--trainer mine.py:Mine" in told.stderr
    assert len(told.stderr.strip().splitlines()) == 1
    assert predict("--trainer", "mine.py:Mine").stdout.splitlines() == ["prediction", "setosa"]


def test_a_wrong_setting_of_an_own_trainer_is_refused_with_its_choices(folder):
    allow("mine.py:Mine", folder)
    assert "has no setting 'epoch' (did you mean 'epochs'?)" in refused(lambda: build("mine.py:Mine", {"epoch": 1}, 0))


@pytest.mark.usefixtures("no_pictures")
@pytest.mark.parametrize("name", ["sgd.yaml", "torch_net.yaml"])
def test_the_worked_examples_run(name, home):
    if name.startswith("torch"):
        pytest.importorskip("torch")
    examples = Path(user_code.__file__).parents[1] / "examples" / "own_trainer"
    summary = Session(Addresses.find(home), in_process=True).run(load_spec(examples / name, ["search.trials=3"]))
    assert summary.counts.failed == 0
    assert summary.score.value > 0.7
