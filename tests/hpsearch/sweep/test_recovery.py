"""What is done with what an earlier driver left: every finished trial ends recorded once, with its own curve."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace

import numpy as np
import pytest
from timers import QuickTimer

from hpsearch.errors import StoreError
from hpsearch.sweep.records import entry_from_study, entry_of
from hpsearch.sweep.recovery import recover, recovery_plan
from hpsearch.tracking import open_store_at
from hpsearch.tracking.interface import RunView
from hpsearch.tracking.memory import MemoryStore
from hpsearch.tracking.recorder import Recorder, SweepRun
from hpsearch.tracking.recording.recovery_plan import RecoveryPlan
from hpsearch.tracking.spool import Spool, read_curve
from hpsearch.trial import Curve, Outcome, State, Suggestion, TrialRecord

MANY, FEW = 2000, 12
EPOCHS = 3


def params_of(number):
    return {"x": number / 7}


def curve_of(number):
    return Curve(("loss",), np.array([[3.0], [2.0], [float(number)]]))


def trial(number, state=State.COMPLETE):
    value = float(number) if state is State.COMPLETE else None
    return TrialRecord(number, state, value, params_of(number), EPOCHS, "", 1000, 2000, epochs=EPOCHS)


def entry(number, state=State.COMPLETE, **changes):
    value = float(number) if state is State.COMPLETE else None
    suggestion = Suggestion(number, params_of(number), {}, seed=number)
    return replace(entry_of(suggestion, Outcome(state, value, EPOCHS, EPOCHS), 1000), ended_ms=2000, **changes)


def run(number, status="FINISHED", **changes):
    """The run of a delivered trial, or of one in another state."""
    made = entry(number)
    tags = {**made.tags, "hpsearch.trial": str(number)}
    view = RunView(f"run-{number}", f"trial-{number:04d}", status, made.params, {}, tags, 1000, 2000, "")
    return replace(view, **changes)


class FilesInMemory(MemoryStore):
    """A store whose files are in memory, too: thousands of folders would take longer than what is tested."""

    def __init__(self):
        super().__init__()
        self._contents = {}

    def put_file(self, run_id, path, folder=""):
        self._contents[run_id] = path.read_bytes()

    def fetch(self, run_id, artifact, into):
        if run_id not in self._contents:
            raise StoreError(f"{artifact}: no such file")
        (into / artifact).write_bytes(self._contents[run_id])
        return into / artifact


class FakeStudy:
    def __init__(self, trials):
        self._trials = trials

    def trials(self):
        return self._trials


def opened(store):
    experiment = store.experiment("hpsearch")
    tags = {"hpsearch.kind": "sweep", "hpsearch.sweep": "tiny"}
    return store, SweepRun("tiny", experiment, store.create_run(experiment, "tiny", tags, 500), 500)


@pytest.fixture
def memory():
    store = FilesInMemory()
    yield opened(store)
    store.close()


@pytest.fixture
def database(addresses):
    store = open_store_at(addresses)
    yield opened(store)
    store.close()


@pytest.fixture
def spool(tmp_path):
    return Spool(tmp_path / "spool")


def resume(stores, spool, trials):
    store, sweep = stores
    recorder = Recorder(store, spool, sweep, 20.0, QuickTimer())
    recover(FakeStudy(trials), recorder, new=False)
    recorder.close()


def stored_curve(store, run_id, place):
    place.mkdir(exist_ok=True)
    return read_curve(store.fetch(run_id, "curves.parquet", place))


def recorded_runs(store, count):
    """Return the trials' runs, which must be one each, finished, and none with a lost curve."""
    runs = list(store.find_runs({"hpsearch.kind": "trial"}))
    assert sorted(int(one.tags["hpsearch.trial"]) for one in runs) == list(range(count))
    assert [one.name for one in runs if "hpsearch.curve" in one.tags or one.status != "FINISHED"] == []
    return runs


def test_of_two_thousand_trials_that_wait_in_the_spool_none_is_taken_for_lost(memory, spool, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: None)  # a disk that loses its power is not what is tested
    curve = spool.put(entry(0), curve_of(0)).files[0]
    for number in range(1, MANY):
        spool.place(number).mkdir()
        os.link(curve, spool.place(number) / curve.name)
        (spool.place(number) / "record.json").write_text(json.dumps(asdict(entry(number))))
    resume(memory, spool, [trial(number) for number in range(MANY)])
    recorded_runs(memory[0], MANY)
    assert spool.waiting() == []


def test_every_trial_that_waits_in_the_spool_is_recorded_with_its_own_curve(database, spool, tmp_path):
    for number in range(FEW):
        spool.put(entry(number), curve_of(number))
    resume(database, spool, [trial(number) for number in range(FEW)])
    for one in recorded_runs(database[0], FEW):
        curve = stored_curve(database[0], one.run_id, tmp_path / one.run_id)
        np.testing.assert_array_equal(curve.values, curve_of(int(one.tags["hpsearch.trial"])).values)
    assert spool.waiting() == []


def test_the_plan_is_complete_before_the_first_write(memory, spool, monkeypatch):
    for number in range(5):
        spool.put(entry(number), curve_of(number))
    written, planned = [], []
    plan = recovery_plan

    def late(*arguments):
        planned.append(list(written))
        return plan(*arguments)

    monkeypatch.setattr("hpsearch.sweep.recovery.recovery_plan", late)
    for name in ("create_run", "write", "put_file", "end_run"):
        method = getattr(memory[0], name)
        monkeypatch.setattr(memory[0], name, lambda *a, f=method, n=name, **k: written.append(n) or f(*a, **k))
    resume(memory, spool, [trial(number) for number in range(5)])
    assert planned == [[]] and written


@pytest.mark.parametrize(
    ("trials", "entries", "runs", "plan"),
    [
        ([trial(1)], {1: entry(1)}, [], {"deliver": (1,)}),
        ([trial(1)], {1: entry(1)}, [run(1, "RUNNING")], {"deliver": (1,)}),
        ([trial(1)], {1: entry(1)}, [run(1)], {"discard": (1,)}),
        ([trial(1)], {1: entry(1)}, [run(1, ended_ms=1999)], {"deliver": (1,)}),
        ([trial(1)], {1: None}, [], {"discard": (1,), "rebuild": (1,)}),
        ([trial(1)], {1: None}, [run(1)], {"discard": (1,)}),
        ([trial(1)], {1: entry(1, State.FAILED)}, [], {"discard": (1,), "rebuild": (1,)}),
        ([trial(1)], {}, [], {"rebuild": (1,)}),
        ([trial(1)], {}, [run(1)], {}),
        ([trial(1)], {}, [run(1, "RUNNING")], {"rebuild": (1,)}),
        ([trial(1)], {}, [run(1, "FAILED")], {"rebuild": (1,)}),
        ([trial(1, State.PRUNED)], {}, [run(1)], {"rebuild": (1,)}),
        ([trial(1, None)], {}, [run(1, "RUNNING")], {"interrupt": (1,)}),
        ([trial(1, None)], {1: entry(1)}, [run(1, "RUNNING")], {"discard": (1,), "interrupt": (1,)}),
        ([trial(1, None)], {}, [run(1)], {}),
        ([], {1: entry(1)}, [], {"discard": (1,)}),
        ([], {1: None}, [run(1, "RUNNING")], {"discard": (1,), "interrupt": (1,)}),
    ],
    ids=[
        "what waits is delivered",
        "onto its run that was begun",
        "but not what was delivered before it could leave the spool",
        "unless that was another end of the trial",
        "half an entry is discarded and its trial rebuilt from the study",
        "unless its run is whole",
        "an entry that the study contradicts is not believed",
        "a trial without entry and run is rebuilt",
        "a trial with a closed run needs nothing",
        "a finished trial whose run says RUNNING is closed",
        "and so is one whose run has another status",
        "or tells another end",
        "an unfinished trial whose run says RUNNING is interrupted",
        "the study was never told of this entry",
        "a closed run of an unfinished trial stays until it begins again",
        "the study does not know the entry's trial",
        "nor the run's",
    ],
)
def test_the_plan(trials, entries, runs, plan):
    expected = RecoveryPlan(
        runs=tuple(runs), **{name: plan.get(name, ()) for name in ("deliver", "discard", "interrupt")}
    )
    made = recovery_plan(trials, entries, runs)
    assert tuple(one.number for one in made.rebuild) == plan.get("rebuild", ())
    assert replace(made, rebuild=()) == expected


def test_a_rebuilt_trial_says_that_its_curve_is_lost_and_all_that_the_study_knows():
    (rebuilt,) = recovery_plan([trial(1)], {}, []).rebuild
    assert rebuilt == entry_from_study(trial(1)) and rebuilt.tags["hpsearch.curve"] == "lost"
    assert (rebuilt.tags["hpsearch.epoch"], rebuilt.tags["hpsearch.epochs"]) == ("3", "3")


def test_a_driver_that_died_before_it_closed_a_run_costs_no_curve(memory, spool, tmp_path):
    spool.put(entry(1), curve_of(1))
    resume(memory, spool, [trial(1)])
    (recorded,) = memory[0].find_runs({"hpsearch.kind": "trial"})
    memory[0].reopen_run(recorded.run_id)
    resume(memory, spool, [trial(1)])
    (again,) = memory[0].find_runs({"hpsearch.kind": "trial"})
    assert again.status == "FINISHED" and "hpsearch.curve" not in again.tags
    assert stored_curve(memory[0], again.run_id, tmp_path / "curve").epochs == EPOCHS


def test_the_run_of_another_end_gives_way_to_what_the_study_knows(memory, spool):
    spool.put(entry(1), curve_of(1))
    resume(memory, spool, [trial(1)])
    resume(memory, spool, [trial(1, State.FAILED)])
    (recorded,) = memory[0].find_runs({"hpsearch.kind": "trial"})
    assert recorded.status == "FAILED" and recorded.tags["hpsearch.curve"] == "lost" and recorded.metrics == {}
