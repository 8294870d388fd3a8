"""A home that an earlier version was killed in: it is listed, goes on to its budget, is sound, and predicts."""

from __future__ import annotations

import fcntl
import json
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hpsearch.cli import main
from hpsearch.config.addresses import Addresses
from hpsearch.model.source import find
from hpsearch.results.download import open_model
from hpsearch.study.study import Study
from hpsearch.sweep.session import Session
from hpsearch.tracking import open_store
from hpsearch.trial import State

HERE = Path(__file__).parent
PLACE = Path("/tmp/hpsearch-old-home")  # where it was made: the stores recorded absolute paths
PREDICTIONS = HERE.parent / "model" / "data" / "first_format_predictions.json"
TOLD = {0: 0.9, 1: 29 / 30, 3: 26 / 30}  # what the study of `old` had been told of completed trials


@pytest.fixture(scope="module")
def old_home():
    """Unpack the home; one process at a time may have it."""
    with Path(f"{PLACE}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shutil.rmtree(PLACE, ignore_errors=True)
        with tarfile.open(HERE / "hpsearch-old-home.tar.xz") as archive:
            archive.extractall(PLACE, filter="data")
        yield Addresses.find(PLACE / "home")
        shutil.rmtree(PLACE)


@pytest.fixture(scope="module")
def as_found(old_home):
    """What `list` and `status` say before anything goes on."""
    return [call(command, old_home) for command in (["list"], ["status", "old"], ["status", "done"])]


@pytest.fixture(scope="module")
def summary(old_home, as_found):
    """Resume the sweep that was killed."""
    from hpsearch.figures.render import RenderedFigures
    from hpsearch.sweep.conclude import finish

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finish, "draw", lambda _: RenderedFigures({}, {}))
        return Session(old_home, in_process=True).resume("old")


def call(arguments, addresses):
    """Run a command; return its exit code and what it printed."""
    import contextlib
    import io

    out = io.StringIO()
    with contextlib.redirect_stdout(out), pytest.raises(SystemExit) as ended:
        main([*map(str, arguments), "--home", str(addresses.home)])
    return ended.value.code, out.getvalue()


def test_its_sweeps_are_listed_and_shown_as_they_were_left(as_found):
    (_, listed), (_, old), (_, done) = as_found
    assert [code for code, _ in as_found] == [0, 0, 0]
    assert "old   interrupted  3/6" in listed and "done  finished     3/3" in listed
    assert "go on with it: hpsearch resume old" in old and "2 complete, 1 pruned, 0 failed" in old
    assert "accuracy 0.5946 (0.4349 to 0.7365)" in done


def test_the_killed_sweep_is_brought_to_its_budget(old_home, summary):
    study = Study.load(old_home.storage, "old")
    trials = {trial.number: trial for trial in study.trials()}
    assert sorted(trials) == [0, 1, 2, 3, 4, 5] and summary.counts.finished == 6
    assert {trial.state for trial in trials.values()} <= {State.COMPLETE, State.PRUNED}
    assert {number: trials[number].value for number in TOLD} == pytest.approx(TOLD)


def test_each_trial_has_one_ended_run_also_the_one_that_waited_in_the_spool(old_home, summary):
    runs = list(
        open_store(old_home.tracking, old_home.home).find_runs({"hpsearch.kind": "trial", "hpsearch.sweep": "old"})
    )
    assert sorted(int(run.tags["hpsearch.trial"]) for run in runs) == [0, 1, 2, 3, 4, 5]
    states = {trial.number: trial.state for trial in Study.load(old_home.storage, "old").trials()}
    ends = {State.COMPLETE: "FINISHED", State.PRUNED: "KILLED"}
    assert {run.status == ends[states[int(run.tags["hpsearch.trial"])]] for run in runs} == {True}
    assert not list((old_home.home / "sweeps" / "old" / "spool").iterdir())


@pytest.mark.parametrize("name", ["old", "done"])
def test_its_records_are_sound(old_home, summary, name):
    code, printed = call(["doctor", name], old_home)
    assert code == 0, printed


def test_its_winner_is_downloaded_and_predicts(old_home, summary, tmp_path):
    code, _ = call(["best", "old", "--download", tmp_path / "model"], old_home)
    assert (find(tmp_path / "model") / "manifest.json").is_file()  # still trial 1, in the first format
    rows = pd.DataFrame({"x": [0.0, 1.0], "y": [1.0, -0.5]})
    columns = open_model(str(tmp_path / "model"), old_home.tracking).features
    labels = open_model("models:/old@champion", old_home.tracking).predict(rows.set_axis(list(columns), axis=1))
    assert code == 0 and labels.tolist() == [0, 1]


def test_a_winner_that_was_registered_then_predicts_what_it_predicted(old_home):
    expected = json.loads(PREDICTIONS.read_text())
    model, rows = open_model("models:/done/1", old_home.tracking), np.array(expected["rows"])
    assert model.predict(rows).tolist() == expected["labels"]
    np.testing.assert_allclose(model.predict_proba(rows), expected["probabilities"], rtol=0, atol=1e-6)


def test_a_sweep_that_was_finished_then_goes_on_when_its_budget_is_raised(old_home, as_found, no_pictures):
    before = {trial.number: trial.value for trial in Study.load(old_home.storage, "done").trials()}
    summary = Session(old_home, in_process=True).resume("done", trials=4)
    after = {trial.number: trial.value for trial in Study.load(old_home.storage, "done").trials()}
    assert summary.counts.complete == 4 and {number: after[number] for number in before} == before
    code, printed = call(["doctor", "done"], old_home)
    assert code == 0, printed
