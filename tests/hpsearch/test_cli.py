"""The command line: every command, every exit code, and every mistake as one line that leaves nothing behind."""

from __future__ import annotations

import json
import socket

import numpy as np
import pandas as pd
import pytest
import yaml
from sample_specs import tiny

from hpsearch.cli import main
from hpsearch.config.addresses import Addresses
from hpsearch.spec import load_spec
from hpsearch.sweep.session import Session


class Answer:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def call(capsys):
    """Run a command in this process."""

    def call(*arguments):
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        told = capsys.readouterr()
        return Answer(ended.value.code, told.out, told.err)

    return call


@pytest.fixture
def mistake(call, tmp_path):
    """Run a command that must end with one line on stderr, exit 2, and leave nothing in its home."""

    def mistake(*arguments, home=None):
        answer = call(*arguments, "--home", home or tmp_path / "fresh")
        assert answer.code == 2, answer.err
        assert answer.out == "" and len(answer.err.splitlines()) == 1, answer.err
        assert answer.err.startswith("hpsearch: ") and "Traceback" not in answer.err
        if home is None:
            assert not (tmp_path / "fresh").exists(), list((tmp_path / "fresh").rglob("*"))
        return answer.err

    return mistake


@pytest.fixture
def spec(tmp_path):
    """Write a tiny spec with changes and return its path."""

    def write(**changes):
        path = tmp_path / "sweep.yaml"
        path.write_text(yaml.safe_dump(tiny(**changes)))
        return path

    return write


@pytest.fixture(scope="module")
def home(empty_home, tmp_path_factory):
    """A home with a finished sweep."""
    import shutil

    folder = tmp_path_factory.mktemp("done") / "home"
    shutil.copytree(empty_home, folder)
    Session(Addresses.find(folder), in_process=True).run(load_spec(tiny(search__trials=4)))
    return folder


# --- looking ----------------------------------------------------------------------------------------------------------


def test_list_and_status_tell_the_counts_and_the_best(call, home):
    listed = call("list", "--home", home)
    assert listed.code == 0 and "tiny" in listed.out and "finished" in listed.out and "4/4" in listed.out
    told = call("status", "tiny", "--home", home)
    assert told.code == 0 and "4 of 4 trials" in told.out and "4 complete, 0 pruned, 0 failed" in told.out
    assert [one["sweep"] for one in call("list", "--home", home, "--json").json] == ["tiny"]


def test_status_as_json_has_the_run_s_shape(call, home):
    told = call("status", "tiny", "--home", home, "--json").json
    assert told["trials"] == {"complete": 4, "pruned": 0, "failed": 0}
    assert (told["state"], told["budget"], told["running"]) == ("finished", 4, 0)
    assert {"number", "value", "params", "run_id"} == told["best"].keys()
    assert {"accuracy", "rows"} <= told["test"].keys() and told["model_uri"] == "models:/tiny@champion"


def test_best_shows_the_winner_and_downloads_a_model_that_predicts(call, home, tmp_path):
    told = call("best", "tiny", "--home", home, "--download", tmp_path / "model")
    assert told.code == 0 and "val_accuracy" in told.out and "test_accuracy" in told.out
    rows = pd.DataFrame(np.random.default_rng(0).normal(size=(5, 4)))
    rows.columns = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]
    rows.to_csv(tmp_path / "rows.csv", index=False)
    rows.to_parquet(tmp_path / "rows.parquet")
    plain = call("predict", tmp_path / "model", tmp_path / "rows.csv", "--home", home)
    assert plain.code == 0 and plain.out.splitlines()[0] == "prediction" and len(plain.out.splitlines()) == 6
    assert call("predict", "models:/tiny@champion", tmp_path / "rows.parquet", "--home", home).out == plain.out
    run = call("status", "tiny", "--home", home, "--json").json["run_id"]
    assert call("predict", f"runs:/{run}/model", tmp_path / "rows.csv", "--home", home).out == plain.out
    out = tmp_path / "out.csv"
    written = call("predict", tmp_path / "model", tmp_path / "rows.csv", "--proba", "--output", out)
    assert written.code == 0
    np.testing.assert_allclose(pd.read_csv(out).sum(axis=1), 1)
    names = pd.read_csv(out).columns[pd.read_csv(out).to_numpy().argmax(axis=1)]
    assert list(names) == plain.out.splitlines()[1:]


def test_a_model_folder_that_was_altered_is_refused(call, mistake, home, tmp_path):
    call("best", "tiny", "--home", home, "--download", tmp_path / "model")
    rows = tmp_path / "rows.csv"
    rows.write_text("a\n1\n")
    arrays = next(path for path in (tmp_path / "model").rglob("*.safetensors"))
    content = bytearray(arrays.read_bytes())
    content[len(content) // 2] ^= 1
    arrays.write_bytes(content)
    assert "sha256 must be" in mistake("predict", tmp_path / "model", rows)
    arrays.unlink()
    assert arrays.name in mistake("predict", tmp_path / "model", rows)


def test_a_full_folder_is_not_downloaded_into(mistake, home, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").touch()
    assert "must be a new or an empty folder" in mistake("best", "tiny", "--download", tmp_path / "full", home=home)
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine.txt"]


def test_trials_as_json_are_one_object_a_trial(call, home, tmp_path):
    answer = call("trials", "tiny", "--json", "--csv", tmp_path / "t.csv", "--home", home)
    assert [trial["number"] for trial in answer.json] == [0, 1, 2, 3]
    assert all(trial["state"] == "complete" and trial["ended_ms"] >= trial["started_ms"] for trial in answer.json)
    table = pd.read_csv(tmp_path / "t.csv")
    assert [trial["value"] for trial in answer.json] == pytest.approx(list(table["value"]))
    assert "4 trials written to" in answer.err


def test_trials_are_printed_and_written(call, home, tmp_path):
    printed = call("trials", "tiny", "--home", home)
    assert printed.code == 0 and "params.x" in printed.out and len(printed.out.splitlines()) == 5
    for name, read in (("t.csv", pd.read_csv), ("t.parquet", pd.read_parquet)):
        option = "--csv" if name.endswith("csv") else "--parquet"
        assert call("trials", "tiny", "--home", home, option, tmp_path / name).code == 0
        assert list(read(tmp_path / name)["number"]) == [0, 1, 2, 3]


@pytest.mark.parametrize("command", ["trainers", "datasets"])
def test_what_there_is_is_listed_with_its_settings(call, command):
    told, as_json = call(command), call(command, "--json").json
    assert told.code == 0 and all(name in told.out for name in as_json)
    assert {"trainers": "mlp", "datasets": "iris"}[command] in as_json


def test_the_schema_takes_the_example_and_is_a_schema(call):
    schema = call("schema").json
    assert schema["properties"].keys() >= {"name", "trainer", "data", "space", "search"}
    assert schema["additionalProperties"] is False


def test_check_passes_a_good_spec_and_leaves_no_home(call, tmp_path, spec):
    told = call(
        "check", spec(trainer="mlp", space={"learning_rate": {"low": 0.01, "high": 0.1}}, settings={"epochs": 3})
    )
    assert told.code == 0, told.out
    lines = told.out.splitlines()
    assert all(line.startswith("ok ") for line in lines)
    assert {"spec", "data", "gradients", "overfit", "stores"} <= {line.split()[1] for line in lines}


def test_check_fails_with_1_where_a_check_fails(call, spec, tmp_path):
    told = call("check", spec(data={"dataset": "iriss"}), "--home", tmp_path / "fresh")
    assert told.code == 1 and "FAIL" in told.out and "iris" in told.out and not (tmp_path / "fresh").exists()


# --- mistakes ---------------------------------------------------------------------------------------------------------

TABLE = "a,b,class\n" + "\n".join(f"{i},{i * 2 % 7},{'xy'[i % 2]}" for i in range(40)) + "\n"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"nmae": "x"}, "unknown key 'nmae' (did you mean 'name'?)"),
        ({"name": "a/b"}, "name: must be 1 to 64 letters"),
        ({"name": ".."}, "name: must be 1 to 64 letters"),
        ({"name": ""}, "name: must be 1 to 64 letters"),
        ({"name": "x" * 600}, "name: must be 1 to 64 letters"),
        ({"trainer": "mpl"}, "unknown trainer 'mpl' (did you mean 'mlp'?)"),
        ({"trainer": "sample_trainers:Nothing"}, "unknown name in sample_trainers 'Nothing'"),
        ({"data": {"dataset": "iriss"}}, "unknown data set 'iriss' (did you mean 'iris'?)"),
        ({"data": {"path": "none.csv", "label": "y"}}, "none.csv"),
        ({"search__sampler": "tpee"}, "unknown sampler 'tpee' (did you mean 'tpe'?)"),
        ({"search__sampler": {"name": "tpe", "n_startup": 3}}, "search.sampler: tpe has no setting 'n_startup'"),
        ({"search__pruner": {"name": "asha", "reduction_factor": 1}}, "search.pruner: asha"),
        ({"search__pruner": {"name": "median", "interval_steps": "often"}}, "search.pruner: median"),
        ({"search__sampler": "grid"}, "space.x: the grid sampler needs a step or choices"),
        ({"space": {"x": {"low": 0.0, "high": 1.0, "step": 0.5}}, "search__sampler": "grid"}, "the grid has 3 points"),
        ({"space": {"x": {"low": 2, "high": 1}}}, "space.x: low must be below high, got low=2, high=1"),
        ({"space": {"x": {"low": 0, "high": 1, "log": True}}}, "space.x: log needs low above 0"),
        ({"space": {"x": {"low": 0, "high": 2**70}}}, "must lie within"),
        ({"space": {"x": {"low": 0.0, "high": float("nan")}}}, "space.x.high: must be finite, got nan"),
        ({"space": {"x": {"low": 0.5, "high": 3, "type": "integer"}}}, "an integer range needs whole bounds"),
        ({"space": {"y": {"low": 0.0, "high": 1.0}}}, "has no setting 'y'"),
        ({"space": {}}, "space: must not be empty"),
        ({"trainer": "sample_trainers:Picky"}, "space.x: settings: sample_trainers:Picky: x must be at most 0.9"),
        ({"search__trials": 0}, "search.trials: must be greater than or equal to 1, got 0"),
        ({"cpus": 99_999}, "cpus: must be at most "),
    ],
)
def test_a_mistake_in_the_spec_is_one_line_and_leaves_nothing(mistake, spec, changes, said):
    assert said in mistake("run", spec(**changes))


@pytest.mark.parametrize(
    ("table", "label", "said"),
    [
        (TABLE, "klass", "did you mean 'class'"),
        (TABLE.replace("1,2,y", ",2,y"), "class", "a"),
        (TABLE.replace("1,2,y", "one,2,y"), "class", "one"),
        (TABLE.replace(",y", ",x"), "class", "class"),
        (TABLE + "1,1,z\n", "class", "z"),
        ("a,b,class\n1,2,x\n3,4,y\n", "class", "row"),
        ("", "class", "table.csv"),
        ("a,b,class\n", "class", "at least one row is needed"),
    ],
    ids=["no such label", "NaN", "text", "one class", "rare class", "two rows", "empty", "header only"],
)
def test_data_that_cannot_be_learned_from_are_one_line_and_leave_nothing(mistake, spec, tmp_path, table, label, said):
    (tmp_path / "table.csv").write_text(table)
    assert said in mistake("run", spec(data={"path": "table.csv", "label": label}))


@pytest.mark.parametrize("content", ["name: [", "just words", "", "a: !!python/object/apply:os.getpid []", "\x00"])
def test_a_file_that_is_no_spec_is_one_line(mistake, tmp_path, content):
    (tmp_path / "sweep.yaml").write_text(content)
    assert "sweep.yaml" in mistake("run", tmp_path / "sweep.yaml")


def test_a_missing_spec_is_one_line(mistake, tmp_path):
    assert "no such file" in mistake("run", tmp_path / "none.yaml")


@pytest.mark.parametrize("override", ["search.trails=3", "search.trials=0", "nonsense", "search.trials=["])
def test_a_wrong_override_is_one_line(mistake, spec, override):
    assert "--set" in mistake("run", spec(), "--set", override)


def test_a_home_that_cannot_be_written_is_named(mistake, spec, tmp_path):
    (tmp_path / "file").write_text("mine")
    assert "cannot be written" in mistake("run", spec(), home=tmp_path / "file" / "home")
    assert (tmp_path / "file").read_text() == "mine"


def test_a_taken_name_names_resume(mistake, spec, home):
    assert "hpsearch resume tiny" in mistake("run", spec(), home=home)


@pytest.mark.parametrize("command", ["resume", "status", "best", "trials"])
def test_an_unknown_sweep_is_one_line_that_lists_what_there_is(mistake, home, command):
    assert "tiny" in mistake(command, "tinny", home=home)


@pytest.mark.parametrize("command", ["resume", "status", "best", "trials"])
def test_a_home_without_sweeps_is_not_made_by_looking(mistake, command):
    mistake(command, "tiny")


@pytest.mark.parametrize("name", ["..", "../..", "a/b", "../../x", "x" * 600])
def test_a_name_that_leaves_the_home_is_refused_by_resume_and_removes_nothing(mistake, home, name):
    before = sorted(home.rglob("*"))
    assert "name: must be 1 to 64 letters" in mistake("resume", name, home=home)
    assert sorted(home.rglob("*")) == before


def test_a_budget_below_what_is_finished_is_refused(mistake, home):
    assert "begun 4 trials already (4 finished), got 2" in mistake("resume", "tiny", "--trials", 2, home=home)


@pytest.mark.parametrize("database", ["study.db", "mlflow.db"])
def test_a_corrupt_database_is_one_line_with_its_path(mistake, spec, tmp_path, database):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / database).write_bytes(b"this is no database, however long one looks at it" * 40)
    told = mistake("run", spec(), home=tmp_path / "broken")
    assert database in told and "file is not a database" in told


def test_an_absent_tracking_server_is_found_out_before_the_sweep(mistake, spec, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert "no MLflow server answers" in mistake("run", spec())


def test_a_storage_that_cannot_be_used_is_one_line_without_its_password(mistake, spec, monkeypatch):
    monkeypatch.setenv("HPSEARCH_STORAGE", "mysql+pymysql://me:secret@127.0.0.1/hp")
    assert "secret" not in mistake("run", spec())


def test_a_taken_port_is_one_line(mistake, home):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert f"--port {port}: cannot be used" in mistake("ui", "--port", port, home=home)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("none", "must be a model folder"),
        ("models:/none@champion", "no such model"),
        ("models:/none", "must be models:/NAME@champion"),
    ],
)
def test_a_model_that_is_not_there_is_one_line(mistake, home, tmp_path, model, said):
    (tmp_path / "rows.csv").write_text("a\n1\n")
    assert said in mistake("predict", model, tmp_path / "rows.csv", home=home)


def test_rows_that_do_not_fit_the_model_are_one_line(mistake, home, tmp_path):
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    assert "sepal" in mistake("predict", "models:/tiny@champion", tmp_path / "rows.csv", home=home)
    assert "none.csv" in mistake("predict", "models:/tiny@champion", tmp_path / "none.csv", home=home)


def test_a_table_s_file_of_another_kind_is_refused(mistake, home, tmp_path):
    assert "must end in" in mistake("trials", "tiny", "--csv", tmp_path / "t.xlsx", home=home)
    assert not (tmp_path / "t.xlsx").exists()


def test_an_unknown_command_or_option_guesses_and_ends_with_2(call):
    told = call("rnu")
    assert told.code == 2 and "unknown command 'rnu' (did you mean 'run'?)" in told.err
    assert call("run", "--trails", "3").code == 2


def test_help_and_version_end_with_0(call):
    assert call("--help").code == 0 and call("run", "-h").code == 0
    assert "hpsearch" in call("--version").out
