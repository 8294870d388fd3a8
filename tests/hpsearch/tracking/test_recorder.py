"""The recorder behind the search: in order, once each, patient, and loud when it gives up."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest
from mlflow.tracking import MlflowClient
from sample_specs import loaded
from timers import HeldTimer, QuickTimer

from hpsearch.errors import StoreError, StoreUnavailable, SweepBusy, TrackingUnreachable
from hpsearch.execution.in_process import InProcess
from hpsearch.locking.retry import Timer
from hpsearch.sweep.events import Listener
from hpsearch.sweep.session import Session
from hpsearch.tracking import open_store_at
from hpsearch.tracking.client.database import DatabaseStore
from hpsearch.tracking.memory import MemoryStore
from hpsearch.tracking.recorder import Recorder, SweepRun
from hpsearch.tracking.recording.recovery_plan import RecoveryPlan
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
                raise self._error(f"{name}: unreachable")
            answer = method(*arguments, **named)
            if self._after.get(name, 0) > 0:
                self._after[name] -= 1
                raise self._error(f"{name}: the answer was lost")
            return answer

        return call


@pytest.fixture
def store(request):
    """A store in memory, or MLflow's own on a database where a test asks for it."""
    if getattr(request, "param", "memory") == "memory":
        opened = MemoryStore()
    else:
        opened = open_store_at(request.getfixturevalue("addresses"))
    yield opened
    opened.close()


on_every_store = pytest.mark.parametrize("store", ["memory", "database"], indirect=True)


@pytest.fixture
def sweep(store):
    experiment = store.experiment("hpsearch")
    tags = {"hpsearch.kind": "sweep", "hpsearch.sweep": "tiny"}
    return SweepRun("tiny", experiment, store.create_run(experiment, "tiny", tags, 500), 500)


@pytest.fixture
def recorder(store, sweep, tmp_path):
    def begin(shaky=None, look_first=False, patience=20.0, timer=None, **plan):
        recorder = Recorder(shaky or store, Spool(tmp_path / "spool"), sweep, patience, timer or QuickTimer())
        runs = recorder.earlier_runs() if look_first else []
        recorder.start(RecoveryPlan(runs=tuple(runs), **plan))
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


@on_every_store
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


@on_every_store
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
    held = Held(store, "write")
    waiting = recorder(held)
    waiting.begin(0, 1000, {"x": "0.5"})

    def lost():
        raise SweepBusy("another driver")

    with pytest.raises(SweepBusy):
        waiting.close(lost)
    held.go_on.set()
    waiting.abandon()
    assert waiting.ended()


def test_patience_that_is_over_is_loud_and_keeps_what_waits(recorder, store, tmp_path):
    shaky = Trembling(store, before={"write": 10**6})
    with pytest.raises(
        TrackingUnreachable, match=r"write: unreachable; tried for 0.5 s\. Every result is in the study"
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
    shaky, timer = Trembling(store, before={"write": 10**6}), QuickTimer()
    writing = recorder(shaky, patience=300.0, timer=timer)
    writing.finish(entry(0), CURVE)
    writing.acknowledge(0, (0.75, 1))
    with pytest.raises(TrackingUnreachable):
        writing.close()
    assert 290 < timer.now() < 310


@pytest.mark.parametrize("error", [RuntimeError, OSError, KeyError])
def test_an_error_nobody_thought_of_is_not_swallowed_with_the_thread(recorder, store, error, tmp_path):
    shaky = Trembling(store, before={"put_file": 10**6}, error=error)
    with pytest.raises(TrackingUnreachable, match="put_file: unreachable") as caught:
        play(recorder(shaky, patience=0.5))
    assert "\n" not in str(caught.value)
    assert Spool(tmp_path / "spool").waiting() == [0, 1]


def test_a_spool_that_cannot_be_read_is_not_swallowed_either(recorder, tmp_path):
    recorder = recorder(patience=0.5)
    recorder.acknowledge(7, None)
    with pytest.raises(TrackingUnreachable):
        recorder.close()


@on_every_store
def test_an_unfinished_trial_is_killed_and_its_run_used_again(recorder, store):
    first = recorder()
    assert first.begin(0, 1000, {"x": "0.5"}) == 1000
    first.interrupted(0, "interrupted after epoch 3; resume runs it again")
    first.close()
    run = trials(store)[0]
    assert run.status == "KILLED" and run.tags["hpsearch.state"] == "interrupted"
    second = recorder(look_first=True)
    assert second.begin(0, 9999, {"x": "0.5"}) == 1000  # timestamps go on counting from the first beginning
    second.finish(entry(0), CURVE)
    second.acknowledge(0, None)
    second.close()
    check(store, range(1))
    assert trials(store)[0].run_id == run.run_id


@on_every_store
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
    recorder(look_first=True, interrupt=(0,)).close()
    run = trials(store)[0]
    assert run.status == "KILLED" and run.tags["hpsearch.reason"] == "its driver died; resume runs it again"


class Held:
    """A store that keeps the calls of one method waiting until they are let go; `calls` are those that went through."""

    def __init__(self, store, held="put_file"):
        self._store, self._held, self.calls = store, held, []
        self.reached, self.go_on = threading.Event(), threading.Event()

    def __getattr__(self, name):
        method = getattr(self._store, name)

        def call(*arguments, **named):
            if name == self._held:
                self.reached.set()
                assert self.go_on.wait(60)
            self.calls.append(name)
            return method(*arguments, **named)

        return call if callable(method) else method


@pytest.fixture(params=["answers", "is slow"])
def bound(request, monkeypatch):
    """How many finished trials may wait while MLflow answers, or while it is slow."""
    answers = request.param == "answers"
    monkeypatch.setattr("hpsearch.tracking.recording.handover.LARGEST_LAG", 2)
    monkeypatch.setattr("hpsearch.tracking.recording.handover.LARGEST_SPOOL", 5)
    monkeypatch.setattr("hpsearch.tracking.recording.handover.SLOW_SECONDS", 60 if answers else 0)
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
    finished, idle, in_time = [], [], []
    caught_up = threading.Event()
    put_file, wait = DatabaseStore.put_file, InProcess.wait

    class Heard(Listener):
        def ended(self, suggestion, outcome, counts, best):
            finished.append(suggestion.number)

    def held(store, run_id, path, *more):
        if path.name == "curves.parquet":
            assert caught_up.wait(60)
        put_file(store, run_id, path, *more)

    def looks(cluster, seconds):
        if len(finished) > bound and not cluster._asked:
            idle.append(len(finished))  # the search looked whether it may go on, and did not
            if len(idle) == 5:
                in_time.append(len(finished))
                caught_up.set()
        return wait(cluster, seconds)

    monkeypatch.setattr(DatabaseStore, "put_file", held)
    monkeypatch.setattr(InProcess, "wait", looks)
    summary = Session(addresses, Heard(), in_process=True).run(loaded(workers=1, search__trials=10))
    assert in_time == [bound + 1]
    assert summary.counts.complete == 10


def test_a_server_that_fails_at_once_lets_as_much_wait_as_one_that_is_slow(recorder, store, monkeypatch):
    monkeypatch.setattr("hpsearch.tracking.recording.handover.LARGEST_LAG", 2)
    monkeypatch.setattr("hpsearch.tracking.recording.handover.LARGEST_SPOOL", 5)
    timer = HeldTimer()
    writing = recorder(Trembling(store, before={"write": 10**6}), patience=5.0, timer=timer)
    writing.begin(9, 1000, {"x": "0.5"})
    assert timer.reached.wait(60)  # the first call failed, and the next is to come
    for number in range(6):
        assert not writing.behind
        writing.finish(entry(number), CURVE)
        writing.acknowledge(number, None)
    assert writing.behind
    timer.go_on.set()
    with pytest.raises(TrackingUnreachable):
        writing.close()


def test_what_this_driver_wrote_is_not_read_back_from_disk(recorder, store, monkeypatch):
    monkeypatch.setattr(Spool, "delivery", lambda *_: pytest.fail("read back"))
    play(recorder())
    check(store)


def test_what_waits_beyond_the_lag_is_not_kept_in_memory_but_read_back(recorder, store, monkeypatch):
    monkeypatch.setattr("hpsearch.tracking.recorder.LARGEST_LAG", 2)
    delivery, again = Spool.delivery, []
    monkeypatch.setattr(Spool, "delivery", lambda spool, number: again.append(number) or delivery(spool, number))
    held = Held(store)
    writing = recorder(held)
    for number in range(5):
        writing.finish(entry(number), CURVE)
        writing.acknowledge(number, None)
        assert held.reached.wait(60)
    held.go_on.set()
    writing.close()
    assert again == [2, 3, 4]
    check(store, range(5))


@on_every_store
def test_a_lost_curve_replaces_no_curve_that_is_there(recorder, store):
    play(recorder(), [0, 1])
    before = {number: run.run_id for number, run in trials(store).items()}
    store.reopen_run(before[0])
    lost = {"hpsearch.state": "complete", "hpsearch.reason": "", "hpsearch.curve": "lost", "hpsearch.epochs": "250"}
    rebuild = tuple(entry(number, tags=lost) for number in range(3))
    recorder(look_first=True, rebuild=rebuild).close()
    runs = trials(store)
    assert {run.status for run in runs.values()} == {"FINISHED"}
    assert {number: run.tags.get("hpsearch.curve") for number, run in runs.items()} == {0: None, 1: None, 2: "lost"}
    assert {number: runs[number].run_id for number in before} == before
    store.delete_run(runs[2].run_id)
    check(store, range(2))


def test_the_run_of_an_end_that_the_study_lost_gives_way_when_its_trial_begins_again(recorder, store):
    play(recorder(), [0])
    before = trials(store)[0].run_id
    again = recorder(look_first=True)
    again.begin(0, 9000, {"x": "0.5"})
    again.finish(entry(0, status="FAILED", value=None, tags={"hpsearch.state": "failed"}), Curve())
    again.acknowledge(0, None)
    again.close()
    run = trials(store)[0]
    assert run.run_id != before and run.status == "FAILED" and run.metrics == {}


def refuses(store, *numbers, error=StoreError):
    """A store that refuses whatever belongs to the runs of some trials; all of them if none is named."""
    refused, names = set(), [f"trial-{number:04d}" for number in numbers]

    class Refusing:
        def __getattr__(self, name):
            method = getattr(store, name)

            def call(first, *arguments, **named):
                answer = method(first, *arguments, **named) if name in ("create_run", "find_runs") else None
                if name == "create_run" and arguments[0] in names:
                    refused.add(answer)
                if name == "write" and (first in refused or not names):
                    raise error("mlflow: 'a b?' is no valid name; rename it")
                return answer if answer is not None else method(first, *arguments, **named)

            return call if callable(method) else method

    return Refusing()


def test_a_store_that_refuses_everything_is_said_at_once_and_not_waited_for(recorder, store, tmp_path):
    timer = QuickTimer()
    with pytest.raises(
        StoreError, match=r"'a b\?' is no valid name; rename it\. Every result is in the study"
    ) as caught:
        play(recorder(refuses(store), patience=300.0, timer=timer), range(3))
    assert timer.now() == 0
    assert not isinstance(caught.value, StoreUnavailable)
    assert "when that is mended: hpsearch resume tiny" in str(caught.value) and "is back" not in str(caught.value)
    assert Spool(tmp_path / "spool").waiting() == [0, 1, 2]


def test_a_search_hears_of_a_refusal_before_its_end(recorder, store):
    writing = recorder(refuses(store))
    writing.begin(0, 1000, {"x": "0.5"})
    assert writing.ended(60) and isinstance(writing.error, StoreError)


def test_one_refused_trial_costs_that_trial_and_is_named_at_the_end(recorder, store, tmp_path):
    writing = recorder(refuses(store, 2))
    with pytest.raises(StoreError, match=r"^trial 2: mlflow: .* All other trials are recorded\. .*, 1 finished trials"):
        play(writing, range(6))
    assert Spool(tmp_path / "spool").waiting() == [2]
    assert not writing.behind
    store.delete_run(trials(store)[2].run_id)
    check(store, [0, 1, 3, 4, 5])
    play(recorder(look_first=True, deliver=(2,)), [])
    check(store, range(6))


@on_every_store
def test_a_parameter_that_mlflow_does_not_take_costs_its_trial_alone(recorder, store, tmp_path):
    writing = recorder(patience=300.0)
    for number in range(3):
        params = {"x?" if number == 1 else "x": "0.5"}
        writing.begin(number, 1000, params)
        writing.finish(entry(number, params=params), CURVE)
        writing.acknowledge(number, None)
    with pytest.raises(StoreError, match=r"^trial 1: .*x\?") as caught:
        writing.close()
    assert not isinstance(caught.value, StoreUnavailable)
    assert Spool(tmp_path / "spool").waiting() == [1]
    assert [trials(store)[number].status for number in (0, 2)] == ["FINISHED"] * 2


@on_every_store
def test_an_experiment_in_the_trash_ends_the_recorder_and_its_message_says_how_to_restore_it(recorder, store, sweep):
    if isinstance(store, MemoryStore):
        store.delete_experiment("hpsearch")
    else:
        MlflowClient(store.uri, registry_uri=store.uri).delete_experiment(sweep.experiment)
    timer = QuickTimer()
    with pytest.raises(StoreError, match="trash: restore it with mlflow experiments restore") as caught:
        play(recorder(patience=300.0, timer=timer), range(5))
    assert timer.now() == 0 and "is back" not in str(caught.value)


def test_after_three_refused_trials_in_a_row_no_further_one_is_tried(recorder, store, tmp_path):
    with pytest.raises(StoreError, match="no valid name"):
        play(recorder(refuses(store, 1, 2, 3)), range(6))
    assert Spool(tmp_path / "spool").waiting()[:3] == [1, 2, 3]
    assert len(trials(store)) <= 4


def seconds_of(call):
    """Return how long a call took and what it raised."""
    before, error = time.monotonic(), None
    try:
        call()
    except Exception as raised:
        error = raised
    return time.monotonic() - before, error


def test_a_signal_ends_the_wait_for_an_unreachable_mlflow_within_a_second(recorder, store, tmp_path):
    stop, shaky = threading.Event(), Trembling(store, before={"create_run": 10**6})
    writing = recorder(shaky, patience=300.0, timer=Timer(stop))
    writing.begin(0, 1000, {"x": "0.5"})
    writing.finish(entry(1), CURVE)
    writing.acknowledge(1, None)
    stop.set()
    seconds, error = seconds_of(writing.close)
    assert seconds < 1 and isinstance(error, TrackingUnreachable)
    assert "the sweep was stopped. Every result is in the study, 1 finished trials wait in" in str(error)
    assert f"{tmp_path / 'spool'}; when MLflow is back: hpsearch resume tiny" in str(error)
    assert writing.ended()


def test_a_signal_during_the_close_ends_it_within_a_second_though_a_call_hangs(recorder, store, tmp_path):
    stop, held = threading.Event(), Held(store)
    writing = recorder(held, timer=Timer(stop))
    for number in range(3):
        writing.finish(entry(number), CURVE)
        writing.acknowledge(number, None)
    assert held.reached.wait(60)
    stopped_at = []
    seconds, error = seconds_of(lambda: writing.close(lambda: (stop.set(), stopped_at.append(time.monotonic()))))
    assert time.monotonic() - stopped_at[0] < 1.2, seconds  # a second, and the machine's leave
    assert "stopped before MLflow took everything. Every result is in the study, 3 finished trials wait" in str(error)
    before = len(held.calls)
    held.go_on.set()
    assert writing.ended(60)
    assert held.calls[before:] == ["put_file"]  # the call under way, and nothing behind it
    assert Spool(tmp_path / "spool").waiting() == [0, 1, 2]


def test_a_stopped_sweep_delivers_everything_while_mlflow_answers_what_was_interrupted_first(recorder, store):
    stop, held = threading.Event(), Held(store)
    writing = recorder(held, timer=Timer(stop))
    for number in range(4):
        writing.finish(entry(number), CURVE)
        writing.acknowledge(number, None)
    writing.begin(7, 1000, {"x": "0.5"})
    assert held.reached.wait(60)
    stop.set()
    writing.interrupted(7, "interrupted after epoch 3; resume runs it again")
    threading.Timer(0.2, held.go_on.set).start()
    writing.close()
    runs = trials(store)
    assert {number: run.status for number, run in runs.items()} == {**dict.fromkeys(range(4), "FINISHED"), 7: "KILLED"}
    made = [name for name in held.calls if name in ("create_run", "put_file")]
    assert made == ["create_run", "put_file", "create_run", *["create_run", "put_file"] * 3]


def test_who_abandons_leaves_no_writer_behind(recorder, store, tmp_path):
    held = Held(store)
    writing = recorder(held)
    for number in range(3):
        writing.finish(entry(number), CURVE)
        writing.acknowledge(number, None)
    assert held.reached.wait(60)
    threading.Timer(0.2, held.go_on.set).start()
    writing.abandon()
    assert writing.ended()
    assert held.calls[-1] == "put_file" and held.calls.count("put_file") == 1
    assert Spool(tmp_path / "spool").waiting() == [0, 1, 2]


def test_who_abandons_does_not_wait_for_a_server_that_is_unreachable(recorder, store):
    writing = recorder(Trembling(store, before={"create_run": 10**6}), patience=300.0, timer=Timer())
    writing.begin(0, 1000, {"x": "0.5"})
    seconds, _ = seconds_of(writing.abandon)
    assert seconds < 1 and writing.ended()


@on_every_store
@pytest.mark.parametrize("end", [Recorder.close, Recorder.abandon])
def test_no_thread_and_no_open_file_is_left(recorder, store, end):
    play(recorder(), [0])

    def held_open():
        return {thread.name for thread in threading.enumerate()}, len(list(Path("/proc/self/fd").iterdir()))

    before = held_open()
    for number in range(1, 4):
        writing = recorder()
        writing.begin(number, 1000, {"x": "0.5"})
        writing.finish(entry(number), CURVE)
        writing.acknowledge(number, None)
        end(writing)
    assert held_open() == before


def test_a_recorder_that_never_began_is_closed_and_abandoned_all_the_same(store, sweep, tmp_path):
    idle = Recorder(store, Spool(tmp_path / "spool"), sweep, 1.0)
    assert idle.ended()
    idle.close()
    idle.abandon()
