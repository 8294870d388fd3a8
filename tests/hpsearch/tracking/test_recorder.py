"""The recorder behind the search: in order, once each, patient, and loud when it gives up."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from sample_specs import loaded

from hpsearch.errors import StoreUnavailable, SweepBusy, TrackingUnreachable
from hpsearch.sweep.events import Listener
from hpsearch.sweep.session import Session
from hpsearch.tracking.client.database import DatabaseStore
from hpsearch.tracking.recorder import Recorder, SweepRun
from hpsearch.tracking.spool import Entry, Spool
from hpsearch.trial import Curve

CURVE = Curve(("loss", "val_accuracy"), np.column_stack([1 / np.arange(1, 251), np.linspace(0, 0.9, 250)]))


def entry(number, **changes):
    given = {
        "number": number,
        "status": "FINISHED",
        "params": {"x": "0.5"},
        "tags": {"hpsearch.state": "complete", "hpsearch.reason": ""},
        "value": 0.75,
        "epoch": 250,
        "started_ms": 1000,
        "ended_ms": 5000,
    }
    return Entry(**{**given, **changes})


class Trembling:
    """A store whose calls fail `before` or `after` they did their work, the given number of times."""

    def __init__(self, store, before=None, after=None, error=StoreUnavailable):
        self._store, self._before, self._after = store, dict(before or {}), dict(after or {})
        self._error = error

    def __getattr__(self, name):
        method = getattr(self._store, name)

        def call(*arguments, **named):
            if self._before.get(name, 0) > 0:
                self._before[name] -= 1
                raise self._error(f"{name}: away")
            answer = method(*arguments, **named)
            if self._after.get(name, 0) > 0:
                self._after[name] -= 1
                raise self._error(f"{name}: the answer was lost")
            return answer

        return call


@pytest.fixture
def store(addresses):
    return DatabaseStore(addresses.tracking, addresses.home)


@pytest.fixture
def sweep(store):
    experiment = store.experiment("hpsearch")
    tags = {"hpsearch.kind": "sweep", "hpsearch.sweep": "tiny"}
    return SweepRun("tiny", experiment, store.create_run(experiment, "tiny", tags, 500), 500)


@pytest.fixture
def recorder(store, sweep, tmp_path):
    def begin(shaky=None, look_first=False, patience=20.0):
        recorder = Recorder(shaky or store, Spool(tmp_path / "spool"), sweep, patience)
        recorder.start(look_first)
        return recorder

    return begin


def play(recorder, numbers=range(2)):
    """Bring trials from their beginning to their acknowledgement, and close."""
    for number in numbers:
        recorder.begin(number, 1000, {"x": "0.5"})
        recorder.finish(entry(number), CURVE)
        recorder.acknowledge(number, (0.75, number + 1))
    recorder.close()


def trials(store):
    return {int(run.tags["hpsearch.trial"]): run for run in store.find_runs({"hpsearch.kind": "trial"})}


def check(store, numbers=range(2)):
    runs = list(store.find_runs({"hpsearch.kind": "trial"}))
    assert sorted(int(run.tags["hpsearch.trial"]) for run in runs) == list(numbers)
    for run in runs:
        assert (run.status, run.params, run.metrics["value"]) == ("FINISHED", {"x": "0.5"}, 0.75)
        history = store.history(run.run_id, "loss")
        assert len(history) == 100 and history[0] == (1, 1.0) and history[-1] == (250, 1 / 250)


def test_a_finished_trial_is_a_finished_run_below_the_sweep(recorder, store, sweep, tmp_path):
    play(recorder())
    check(store)
    run = trials(store)[1]
    assert run.name == "trial-0001" and run.tags["mlflow.parentRunId"] == sweep.run_id
    assert (run.started_ms, run.ended_ms) == (1000, 5000)
    assert store.history(run.run_id, "value") == [(250, 0.75)]
    assert store.history(sweep.run_id, "best_value") == [(1, 0.75), (2, 0.75)]
    assert Spool(tmp_path / "spool").waiting() == []
    (tmp_path / "into").mkdir()
    assert store.fetch(run.run_id, "curves.parquet", tmp_path / "into").stat().st_size > 0


@pytest.mark.parametrize("call", ["create_run", "write", "put_file", "end_run"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_call_that_fails_a_few_times_loses_nothing_and_makes_nothing_twice(recorder, store, call, when):
    play(recorder(Trembling(store, **{when: {call: 2}})))
    check(store)


def test_a_run_whose_creation_is_in_doubt_is_not_made_before_that_was_looked_up(recorder, store):
    play(recorder(Trembling(store, after={"create_run": 1}, before={"find_runs": 2})))
    check(store)


def test_the_run_of_a_trial_that_the_study_lost_gives_way_to_that_of_its_successor(recorder, store):
    play(recorder())
    later = recorder(look_first=True)
    later.begin(1, 9000, {"x": "0.25"})
    later.finish(entry(1, params={"x": "0.25"}), CURVE)
    later.acknowledge(1, None)
    later.close()
    assert {number: run.params for number, run in trials(store).items()} == {0: {"x": "0.5"}, 1: {"x": "0.25"}}
    assert len(list(store.find_runs({"hpsearch.kind": "trial"}))) == 2


def test_what_a_trial_has_when_it_is_stopped_is_shown_however_much_waits(recorder, store, monkeypatch):
    monkeypatch.setattr("hpsearch.tracking.recorder._MANY_JOBS", 0)
    writing = recorder()
    writing.begin(0, 1000, {"x": "0.5"})
    part = Curve(CURVE.names, CURVE.values[:60])
    writing.live(0, part, 0, 60)
    writing.live(0, part, 0, 60, at_last=True)
    writing.interrupted(0, "interrupted after epoch 60; resume runs it again")
    writing.close()
    run = trials(store)[0]
    assert run.status == "KILLED" and len(store.history(run.run_id, "loss")) == 60


def test_whoever_waits_for_the_end_may_give_up_waiting(recorder, store):
    slow = recorder(Trembling(store, before={"write": 10**6}))
    slow.begin(0, 1000, {"x": "0.5"})

    def lost():
        raise SweepBusy("another driver")

    with pytest.raises(SweepBusy):
        slow.close(lost)
    slow.abandon()


def test_patience_that_is_over_is_loud_and_keeps_what_waits(recorder, store, tmp_path):
    shaky = Trembling(store, before={"write": 10**6})
    with pytest.raises(
        TrackingUnreachable, match=r"write: away; tried for 0.5 s\. Every result is in the study"
    ) as caught:
        play(recorder(shaky, patience=0.5), range(3))
    assert "hpsearch resume tiny" in str(caught.value) and "\n" not in str(caught.value)
    assert Spool(tmp_path / "spool").waiting() == [0, 1, 2]
    later = recorder(look_first=True)
    for number in (0, 1, 2):
        later.acknowledge(number, None)
    later.close()
    check(store, range(3))


def test_patience_is_lost_once_and_not_again_for_the_best_value(recorder, store):
    shaky = Trembling(store, before={"write": 10**6})
    begun = time.monotonic()
    with pytest.raises(TrackingUnreachable):
        play(recorder(shaky, patience=2.0), [0])
    assert time.monotonic() - begun < 3.5


@pytest.mark.parametrize("error", [RuntimeError, OSError, KeyError])
def test_an_error_nobody_thought_of_is_not_swallowed_with_the_thread(recorder, store, error, tmp_path):
    shaky = Trembling(store, before={"put_file": 10**6}, error=error)
    with pytest.raises(TrackingUnreachable, match="put_file: away") as caught:
        play(recorder(shaky, patience=0.5))
    assert "\n" not in str(caught.value)
    assert Spool(tmp_path / "spool").waiting() == [0, 1]


def test_a_spool_that_cannot_be_read_is_not_swallowed_either(recorder, tmp_path):
    recorder = recorder(patience=0.5)
    recorder.acknowledge(7, None)
    with pytest.raises(TrackingUnreachable):
        recorder.close()


def test_an_unfinished_trial_is_killed_and_its_run_used_again(recorder, store):
    first = recorder()
    assert first.begin(0, 1000, {"x": "0.5"}) == 1000
    first.interrupted(0, "interrupted after epoch 3; resume runs it again")
    first.close()
    run = trials(store)[0]
    assert run.status == "KILLED" and run.tags["hpsearch.state"] == "interrupted"
    second = recorder(look_first=True)
    assert second.recorded == set()
    assert second.begin(0, 9999, {"x": "0.5"}) == 1000  # timestamps go on counting from the first beginning
    second.finish(entry(0), CURVE)
    second.acknowledge(0, None)
    second.close()
    check(store, range(1))
    assert trials(store)[0].run_id == run.run_id


def test_finished_runs_are_known_again(recorder, store):
    play(recorder())
    later = recorder(look_first=True)
    assert later.recorded == {0, 1}
    later.close()


def test_delivering_a_trial_twice_shows_it_once(recorder, store, tmp_path):
    play(recorder())
    again = recorder(look_first=True)
    for number in range(2):
        again.finish(entry(number), CURVE)
        again.acknowledge(number, None)
    again.close()
    check(store)


def test_the_live_points_of_a_long_trial_are_among_those_of_its_finished_curve(recorder, store):
    writing = recorder()
    writing.begin(0, 1000, {"x": "0.5"})
    part = Curve(CURVE.names, CURVE.values[:60])
    writing.live(0, part, 0, 250)
    writing.live(0, Curve(CURVE.names, CURVE.values[:200]), 60, 250)
    writing.finish(entry(0), CURVE)
    writing.acknowledge(0, None)
    writing.close()
    check(store, range(1))


def test_the_live_points_of_a_trial_that_ends_early_stay_bounded(recorder, store):
    writing = recorder()
    writing.begin(0, 1000, {"x": "0.5"})
    writing.live(0, Curve(CURVE.names, CURVE.values[:200]), 0, 1000)
    cut = Curve(CURVE.names, CURVE.values[:203])
    writing.finish(entry(0, epoch=203), cut)
    writing.acknowledge(0, None)
    writing.close()
    history = store.history(trials(store)[0].run_id, "loss")
    steps = [step for step, _ in history]
    assert steps[-1] == 203 and len(steps) == len(set(steps)) <= 200


def test_the_runs_of_a_driver_that_died_are_not_left_running(recorder, store):
    dead = recorder()
    dead.begin(0, 1000, {"x": "0.5"})
    dead.close()
    assert trials(store)[0].status == "RUNNING"
    recorder(look_first=True).close()
    assert trials(store)[0].status == "KILLED"


class Held:
    """A store that keeps the first `put_file` waiting until it is let go."""

    def __init__(self, store):
        self._store, self.reached, self.go_on = store, threading.Event(), threading.Event()

    def __getattr__(self, name):
        return getattr(self._store, name)

    def put_file(self, *arguments):
        self.reached.set()
        assert self.go_on.wait(60)
        self._store.put_file(*arguments)


@pytest.fixture(params=["answers", "is slow"])
def bound(request, monkeypatch):
    """How many finished trials may wait while MLflow answers, or while it is slow."""
    answers = request.param == "answers"
    monkeypatch.setattr("hpsearch.tracking.recorder.LARGEST_LAG", 2)
    monkeypatch.setattr("hpsearch.tracking.recorder.LARGEST_SPOOL", 5)
    monkeypatch.setattr("hpsearch.tracking.recorder._SLOW_SECONDS", 60 if answers else 0)
    return 2 if answers else 5


def test_more_finished_trials_than_may_wait_are_too_far_behind_until_mlflow_took_them(recorder, store, bound):
    held = Held(store)
    writing = recorder(held)
    for number in range(bound + 1):
        assert not writing.behind
        writing.begin(number, 1000, {"x": "0.5"})
        writing.finish(entry(number), CURVE)
        writing.acknowledge(number, (0.75, number + 1))
        assert held.reached.wait(60)
    assert writing.behind
    held.go_on.set()
    writing.close()
    assert not writing.behind
    check(store, range(bound + 1))


@pytest.mark.usefixtures("no_pictures")
def test_a_search_that_is_too_far_ahead_of_mlflow_begins_no_trial_until_it_caught_up(addresses, bound, monkeypatch):
    finished, in_time = [], []
    put_file = DatabaseStore.put_file

    class Heard(Listener):
        def ended(self, suggestion, outcome, counts, best):
            finished.append(suggestion.number)

    def held(store, run_id, path, *more):
        deadline = time.monotonic() + 60
        while path.name == "curves.parquet" and not in_time:
            if len(finished) > bound:
                time.sleep(1)  # in which the search would have gone on
                in_time.append(len(finished))
            assert time.monotonic() < deadline
            time.sleep(0.01)
        put_file(store, run_id, path, *more)

    monkeypatch.setattr(DatabaseStore, "put_file", held)
    summary = Session(addresses, Heard(), in_process=True).run(loaded(workers=1, search__trials=10))
    assert in_time == [bound + 1]
    assert summary.counts.complete == 10


def test_a_server_that_refuses_at_once_lets_as_much_wait_as_one_that_is_slow(recorder, store, monkeypatch):
    monkeypatch.setattr("hpsearch.tracking.recorder.LARGEST_LAG", 2)
    monkeypatch.setattr("hpsearch.tracking.recorder.LARGEST_SPOOL", 5)
    refused = Trembling(store, before={"write": 10**6})
    writing = recorder(refused, patience=5.0)
    writing.begin(9, 1000, {"x": "0.5"})  # which is tried to the end, so that nothing succeeds meanwhile
    deadline = time.monotonic() + 5
    while not writing._doubtful:  # until the first call was refused
        assert time.monotonic() < deadline
        time.sleep(0.01)
    for number in range(4):
        writing.finish(entry(number), CURVE)
        writing.acknowledge(number, None)
    assert not any(writing.behind for _ in range(100) if time.sleep(0.01) is None)
    with pytest.raises(TrackingUnreachable):
        writing.close()
