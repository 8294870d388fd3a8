"""Whole sweeps: the command line, real Ray, SQLite and MLflow; kills, interrupts, and what is left of them."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pandas as pd
import pytest
from commands import Sweep, hpsearch, python, write_spec
from processes import born, command_of, until
from sample_specs import tiny

from hpsearch.config.addresses import Addresses
from hpsearch.results.integrity import check_invariant
from hpsearch.study.study import Study
from hpsearch.tracking import open_store
from hpsearch.tracking.spool import read_curve

TRIALS, EPOCHS = 6, 250


@pytest.fixture(scope="module")
def finished(empty_home, tmp_path_factory):
    """One sweep, run as a user runs it: its folder, its home and what it said."""
    folder = tmp_path_factory.mktemp("finished")
    pruner = {"name": "median", "n_startup_trials": 1, "interval_steps": 50}
    mapping = tiny(
        trainer="sample_trainers:Chatty",
        settings={"epochs": EPOCHS},
        space={"x": {"low": 0.0, "high": 1.0}, "hidden": {"choices": [[5], [5, 5]]}},
        search__trials=TRIALS,
        search__pruner=pruner,
        search__seed=1,  # its first trial is the best
    )
    spec = write_spec(folder, mapping)
    return folder, folder / "home", hpsearch("run", spec, "--home", folder / "home", "--json")


@pytest.fixture(scope="module")
def stores(finished):
    addresses = Addresses.find(finished[1])
    return Study.load(addresses.storage, "tiny"), open_store(addresses.tracking, addresses.home)


@pytest.fixture(scope="module")
def said(finished):
    assert finished[2].returncode == 0, finished[2].stderr
    return json.loads(finished[2].stdout)


@pytest.fixture(scope="module")
def runs(stores):
    return {int(r.tags["hpsearch.trial"]): r for r in stores[1].find_runs({"hpsearch.kind": "trial"})}


@pytest.fixture(scope="module")
def sweep_run(stores):
    return next(stores[1].find_runs({"hpsearch.kind": "sweep"}))


def test_the_invariant_holds(stores):
    assert check_invariant(*stores, "tiny", TRIALS) == []


def test_the_json_object_has_what_the_study_knows(said, stores, finished):
    study = stores[0]
    counts, best = study.counts(), study.best()
    assert said["sweep"] == "tiny"
    assert said["trials"] == {"complete": counts.complete, "pruned": counts.pruned, "failed": counts.failed}
    assert said["best"] == {"number": best.number, "value": best.value, "params": best.params}
    assert {"accuracy", "low", "high", "rows"} <= said["test"].keys()
    assert 0 <= said["test"]["low"] <= said["test"]["accuracy"] <= said["test"]["high"] <= 1
    assert said["test"]["rows"] == 37 or said["test"]["rows"] == 38
    assert said["model_uri"] == "models:/tiny@champion"
    assert said["tracking_uri"] == f"sqlite:///{finished[1]}/mlflow.db"
    assert {"total", "training", "bookkeeping", "waiting"} <= said["seconds"].keys()


def test_progress_is_one_line_a_trial_on_stderr_and_chatter_stays_away(finished):
    lines = finished[2].stderr.splitlines()
    assert sum(line.startswith("trial ") for line in lines) == TRIALS
    assert len(lines) == TRIALS, finished[2].stderr
    assert "CHATTER" not in finished[2].stderr + finished[2].stdout


def test_trials_hang_below_the_sweep_with_their_names_parameters_and_tags(runs, sweep_run):
    assert {run.tags["mlflow.parentRunId"] for run in runs.values()} == {sweep_run.run_id}
    for number, run in runs.items():
        assert run.name == f"trial-{number:04d}"
        assert set(run.params) == {"x", "hidden"} and json.loads(run.params["hidden"]) in ([5], [5, 5])
        assert {"hpsearch.state", "hpsearch.reason", "hpsearch.seed", "hpsearch.attempt"} <= run.tags.keys()


def test_each_run_s_status_is_its_trial_s_state(runs):
    status = {"complete": "FINISHED", "pruned": "KILLED", "failed": "FAILED"}
    assert all(run.status == status[run.tags["hpsearch.state"]] for run in runs.values())
    assert {"FINISHED", "KILLED"} <= {run.status for run in runs.values()}


def test_the_whole_curve_lies_beside_a_bounded_number_of_points(runs, stores, tmp_path):
    for run in runs.values():
        place = tmp_path / run.run_id
        place.mkdir()
        curve = read_curve(stores[1].fetch(run.run_id, "curves.parquet", place))
        history = stores[1].history(run.run_id, "val_loss")
        assert len(history) <= 150 and history[-1][0] == curve.epochs
        assert all(value == curve.at("val_loss", step) for step, value in history)
    assert any(read_curve(tmp_path / run.run_id / "curves.parquet").epochs == EPOCHS for run in runs.values())


def test_only_the_sweep_and_the_winner_know_a_test_accuracy(runs, sweep_run, said):
    winners = [number for number, run in runs.items() if "test_accuracy" in run.metrics]
    assert winners == [said["best"]["number"]]
    assert sweep_run.metrics["test_accuracy"] == said["test"]["accuracy"]


def test_the_sweep_s_run_says_what_it_was(sweep_run, stores, tmp_path):
    assert sweep_run.status == "FINISHED" and sweep_run.tags["hpsearch.state"] == "finished"
    assert {"version.hpsearch", "version.ray", "hpsearch.data_fingerprint"} <= sweep_run.tags.keys()
    written = json.loads(stores[1].fetch(sweep_run.run_id, "spec.json", tmp_path).read_text())
    assert written == stores[0].spec.model_dump(mode="json")
    best = [value for _, value in stores[1].history(sweep_run.run_id, "best_value")]
    assert best == sorted(best) and best[-1] == stores[0].best().value


def test_tables_and_pictures_are_on_the_sweep_s_run(sweep_run, stores, tmp_path):
    table = pd.read_parquet(stores[1].fetch(sweep_run.run_id, "trials.parquet", tmp_path))
    assert list(table["number"]) == list(range(TRIALS))
    pictures = sorted(path.name for path in stores[1].fetch(sweep_run.run_id, "figures", tmp_path).iterdir())
    assert {"confusion.png", "search_space.png", "timeline.png", "trial_curves.png"} <= set(pictures)
    assert all(name.endswith(".png") for name in pictures)


def test_nothing_of_a_test_row_was_handed_to_a_worker(stores):
    assert all("test" not in name for run in stores[1].find_runs({"hpsearch.state": "pruned"}) for name in run.metrics)


def test_the_registered_model_predicts_what_the_command_predicts(finished, stores):
    from hpsearch.data.prepare import held_out, prepare

    folder, home, _ = finished
    data = stores[0].spec.data
    rows = held_out(data, folder, prepare(data, folder).fingerprint)
    features = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]
    pd.DataFrame(rows.X, columns=features).to_csv(folder / "rows.csv", index=False)
    program = (
        "import mlflow, pandas as pd, sys\n"
        "import sample_trainers\n"  # a model's own word imports no trainer of somebody else's
        "model = mlflow.pyfunc.load_model('models:/tiny@champion')\n"
        "predicted = model.predict(pd.read_csv(sys.argv[1]))\n"
        "print(pd.DataFrame({'prediction': predicted}).to_csv(index=False), end='')\n"
    )
    database = f"sqlite:///{home}/mlflow.db"
    theirs = python("-c", program, folder / "rows.csv", PYTHONPATH=folder, MLFLOW_TRACKING_URI=database)
    assert theirs.returncode == 0, theirs.stderr
    assert hpsearch("best", "tiny", "--home", home, "--download", folder / "model").returncode == 0
    for address in (folder / "model", "models:/tiny@champion"):
        named = ("--trainer", "sample_trainers:Chatty")
        ours = hpsearch("predict", address, folder / "rows.csv", "--home", home, *named, PYTHONPATH=folder)
        assert ours.returncode == 0 and ours.stdout == theirs.stdout, ours.stderr
    assert len(theirs.stdout.splitlines()) == len(rows.X) + 1


def test_no_process_of_the_sweep_is_left(finished):
    everybody = [int(place.name) for place in Path("/proc").iterdir() if place.name.isdigit()]
    assert not [pid for pid in everybody if str(finished[0]) in command_of(pid)]


# --- faults -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def slow(home, tmp_path):
    """A sweep of trials that take a second or two each, in the background."""
    changes = {"settings": {"epochs": 15, "pause": 0.1}, "search__trials": 5}
    spec = write_spec(tmp_path / "spec", tiny(trainer="sample_trainers:Slow", **changes))
    with Sweep(tmp_path, "run", spec, "--home", home) as sweep:
        yield sweep


def holds(home, budget):
    addresses = Addresses.find(home)
    assert (
        check_invariant(Study.load(addresses.storage, "tiny"), open_store(addresses.tracking, home), "tiny", budget)
        == []
    )


@pytest.mark.slow
def test_a_worker_killed_costs_no_trial_and_a_second_driver_is_refused_and_the_first_named(slow, home):
    slow.wait_for_trials(1)
    os.kill(until(slow.workers, 20)[0], signal.SIGKILL)
    second = hpsearch("resume", "tiny", "--home", home)
    assert second.returncode == 2 and second.stdout == ""
    assert f"process {slow.process.pid} on " in second.stderr and len(second.stderr.splitlines()) == 1
    assert slow.wait() == 0, slow.stderr
    assert "it runs again" in slow.stderr
    holds(home, 5)


@pytest.mark.slow
def test_ctrl_c_records_everything_and_the_sweep_can_be_resumed(slow, home):
    slow.wait_for_trials(2)
    slow.process.send_signal(signal.SIGINT)
    assert slow.wait(30) == 130, slow.stderr
    assert "Traceback" not in slow.stderr and "hpsearch resume tiny" in slow.stdout
    addresses = Addresses.find(home)
    store = open_store(addresses.tracking, home)
    assert all(run.status != "RUNNING" for run in store.find_runs({"hpsearch.sweep": "tiny"}))
    assert hpsearch("resume", "tiny", "--home", home).returncode == 0
    holds(home, 5)


@pytest.mark.slow
def test_a_driver_killed_is_resumed_to_its_exact_budget_and_leaves_no_process(slow, home):
    slow.wait_for_trials(2)
    # Ray's two agents wait a minute for their dead server to come back; they idle, and the next Ray has its own.
    heavy = {
        pid
        for pid in slow.below()
        if any(name in command_of(pid) for name in ("raylet/raylet ", "gcs_server ", "ray::Actor"))
    }
    assert len(heavy) >= 4
    slow.process.kill()
    slow.process.wait()
    until(lambda: all(born(pid) is None for pid in heavy), 60, "Ray and its workers did not end")
    status = hpsearch("status", "tiny", "--home", home, "--json")
    assert json.loads(status.stdout)["state"] == "interrupted"
    resumed = hpsearch("resume", "tiny", "--home", home, "--json")
    assert resumed.returncode == 0, resumed.stderr
    assert sum(json.loads(resumed.stdout)["trials"].values()) == 5
    holds(home, 5)
