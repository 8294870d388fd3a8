"""Nothing of a session is left, whichever way it ends; and its lease is not free while anything of it still writes."""

from __future__ import annotations

import gc
import os
import tempfile
import threading
from collections import Counter
from pathlib import Path

import pytest
from sample_specs import loaded

from hpsearch.errors import SpecError, StoreError, SweepBusy, SweepExists, SweepStopped
from hpsearch.execution.in_process import InProcess
from hpsearch.locking.file_lease import held
from hpsearch.results.integrity import check_invariant
from hpsearch.study.study import Study
from hpsearch.sweep import resources
from hpsearch.sweep.events import Listener
from hpsearch.sweep.session import Session
from hpsearch.tracking.client.database import DatabaseStore
from hpsearch.tracking.recorder import Recorder

pytestmark = [pytest.mark.usefixtures("no_pictures"), pytest.mark.slow]


def children():
    """Return the child processes of this one, by id."""
    return {int(pid) for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()}


def open_files():
    """Return what this process has open, by name; of sockets and pipes how many."""
    names = Counter()
    for link in Path("/proc/self/fd").iterdir():
        try:
            name = str(link.readlink())
        except FileNotFoundError:
            continue  # the one that listed them
        names[name.partition(":")[0] if name.startswith(("socket", "pipe", "anon")) else name] += 1
    return names


class Holdings:
    """What a process holds: threads, open files and connections, temporary folders, child processes."""

    def __init__(self):
        gc.collect()  # MLflow's pools for its files end when nobody holds them any more
        for thread in threading.enumerate():
            if thread.name.startswith("Mlflow"):
                thread.join(10)
        self.threads = set(threading.enumerate())
        self.files, self.children = open_files(), children()
        self.folders = set(Path(tempfile.gettempdir()).iterdir())

    def more_than(self, before):
        """Say what is held beyond `before`, in words; empty where nothing is."""
        return [
            *(f"thread {thread.name}" for thread in self.threads - before.threads),
            *(f"{times} x {name}" for name, times in (self.files - before.files).items()),
            *(f"{name}" for name in self.folders - before.folders),
            *(f"process {pid}" for pid in self.children - before.children),
        ]


@pytest.fixture
def nothing_left(addresses, tmp_path, monkeypatch):
    """Return a check that nothing is held that was not held before, once everything was loaded."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    Session(addresses, in_process=True).run(loaded(name="warm", search__trials=1))
    before = Holdings()
    return lambda: Holdings().more_than(before)


def interrupted(*_, **__):
    raise KeyboardInterrupt


class Interrupting(Listener):
    """Stops the sweep, as the first Ctrl-C does, once its first trial has ended."""

    def __init__(self, stop):
        self.stop = stop

    def ended(self, *_):
        self.stop.set()


def run(addresses, **changes):
    return Session(addresses, in_process=True).run(loaded(**changes))


def is_free(addresses):
    return held(addresses.sweep("tiny")) is None


def holds(addresses, budget):
    Session(addresses, in_process=True).resume("tiny")
    study, store = Study.load(addresses.storage, "tiny"), DatabaseStore(addresses.tracking, addresses.home)
    assert check_invariant(study, store, "tiny", budget) == []
    study.close()


def test_nothing_is_left_of_a_finished_sweep(addresses, nothing_left):
    run(addresses)
    assert nothing_left() == []


@pytest.mark.parametrize(
    ("error", "changes"),
    [
        (SpecError, {"settings": {"unknown": 1}}),
        (SweepExists, {"name": "warm"}),
        (SweepStopped, {"trainer": "sample_trainers:Raising", "search__max_failures": 2}),
    ],
)
def test_nothing_is_left_of_a_sweep_that_ends_with_an_error(addresses, nothing_left, error, changes):
    with pytest.raises(error):
        run(addresses, **changes)
    assert nothing_left() == []
    assert is_free(addresses)


def test_nothing_is_left_where_mlflow_refuses_the_experiment(addresses, nothing_left, monkeypatch):
    def refuse(*_):
        raise StoreError("the experiment is in the trash")

    monkeypatch.setattr(DatabaseStore, "experiment", refuse)
    with pytest.raises(StoreError, match=r"^the experiment is in the trash$"):
        run(addresses)
    assert nothing_left() == []
    assert not addresses.sweep("tiny").exists()


def test_nothing_is_left_of_an_interrupted_sweep(addresses, nothing_left):
    stop = threading.Event()
    summary = Session(addresses, Interrupting(stop), stop, in_process=True).run(loaded())
    assert summary.interrupted
    assert nothing_left() == []
    holds(addresses, 5)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ZeroDivisionError])
@pytest.mark.parametrize("place", ["search", "recovery", "conclusion"])
def test_nothing_is_left_whatever_strikes_wherever(addresses, nothing_left, monkeypatch, place, error):
    def strike(*_, **__):
        raise error

    where = {
        "search": "hpsearch.execution.in_process.InProcess.wait",
        "recovery": "hpsearch.sweep.session.recover",
        "conclusion": "hpsearch.sweep.conclude.finish.Finish.conclude",
    }
    with monkeypatch.context() as patch, pytest.raises(error):
        patch.setattr(where[place], strike)
        run(addresses)
    assert nothing_left() == []
    assert is_free(addresses)
    holds(addresses, 5)


def wait_that_is_interrupted(monkeypatch):
    """Let the wait for the recorder be interrupted, as by a second Ctrl-C."""
    close, end_run, asked = Recorder.close, DatabaseStore.end_run, threading.Event()

    def end_later(store, *arguments):
        if threading.current_thread().name == "hpsearch-recorder":
            assert asked.wait(60)  # so that there is something to wait for
        end_run(store, *arguments)

    def strike():
        asked.set()
        interrupted()

    monkeypatch.setattr(DatabaseStore, "end_run", end_later)
    monkeypatch.setattr("hpsearch.tracking.recorder._LOOK_SECONDS", 0.01)
    monkeypatch.setattr(Recorder, "close", lambda self, *_: close(self, strike))


def test_nothing_is_left_after_a_second_interrupt_within_the_wait_for_the_recorder(
    addresses, nothing_left, monkeypatch
):
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        wait_that_is_interrupted(patch)
        run(addresses)
    assert nothing_left() == []
    assert is_free(addresses)
    holds(addresses, 5)


class Hanging:
    """Lets a trial's delivery hang in MLflow until it is told to go on."""

    def __init__(self, monkeypatch):
        self.hangs, self.go_on = threading.Event(), threading.Event()
        end_run = DatabaseStore.end_run

        def hang(store, *arguments):
            if threading.current_thread().name == "hpsearch-recorder":
                self.hangs.set()
                assert self.go_on.wait(60)
            end_run(store, *arguments)

        monkeypatch.setattr(DatabaseStore, "end_run", hang)


@pytest.fixture
def hanging(monkeypatch):
    hanging = Hanging(monkeypatch)
    yield hanging
    hanging.go_on.set()


def test_the_lease_is_kept_for_as_long_as_a_writer_outlasts_its_session(addresses, nothing_left, hanging, monkeypatch):
    """A resume in the same notebook would share runs and spool with it."""
    monkeypatch.setattr(resources, "WRITER_SECONDS", 0.05)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        wait_that_is_interrupted(patch)
        run(addresses)
    assert hanging.hangs.is_set()
    with pytest.raises(SweepBusy, match=f"process {os.getpid()} on "):
        Session(addresses, in_process=True).resume("tiny")
    (last,) = [thread for thread in threading.enumerate() if thread.name == "hpsearch-last-writer"]
    hanging.go_on.set()
    last.join(60)
    assert nothing_left() == []
    holds(addresses, 5)


def test_a_third_interrupt_gives_up_the_wait_and_not_the_lease(addresses, hanging, monkeypatch):
    ended = Recorder.ended

    def impatient(recorder, seconds=0.0):
        if seconds and threading.current_thread() is threading.main_thread():
            raise KeyboardInterrupt
        return ended(recorder, seconds)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        wait_that_is_interrupted(patch)
        patch.setattr(Recorder, "ended", impatient)
        run(addresses)
    assert not is_free(addresses)
    (last,) = [thread for thread in threading.enumerate() if thread.name == "hpsearch-last-writer"]
    hanging.go_on.set()
    last.join(60)
    assert is_free(addresses)
    holds(addresses, 5)


def test_an_interrupt_within_the_closing_leaves_nothing_of_it_undone(addresses, nothing_left, monkeypatch):
    close, times = Study.close, iter([True])

    def impatient(study):
        if next(times, False):
            raise KeyboardInterrupt
        close(study)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Study, "close", impatient)
        run(addresses)
    assert nothing_left() == []
    assert is_free(addresses)


def test_an_interrupt_while_mlflow_opens_leaves_nothing(addresses, nothing_left, monkeypatch):
    result, times = resources.Future.result, iter([True])
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(resources.Future, "result", lambda it: interrupted() if next(times, False) else result(it))
        run(addresses)
    assert nothing_left() == []
    assert not addresses.sweep("tiny").exists()


def test_a_writer_of_a_lease_that_is_lost_stops_and_tells_mlflow_nothing(addresses, nothing_left, monkeypatch):
    def lost(*_):
        raise SweepBusy("tiny: another driver is running this sweep")

    with monkeypatch.context() as patch, pytest.raises(SweepBusy):
        patch.setattr(InProcess, "wait", lost)
        run(addresses)
    assert nothing_left() == []
    store = DatabaseStore(addresses.tracking, addresses.home)
    (state,) = [run.tags["hpsearch.state"] for run in store.find_runs({"hpsearch.kind": "sweep"}) if run.name == "tiny"]
    assert state == "running"  # the other driver's, who is the only one to write


def test_the_first_error_is_the_one_that_is_read_and_later_ones_are_its_notes(addresses, monkeypatch):
    def fail(*_, **__):
        raise ValueError("of the end")

    def conclude(*_, **__):
        monkeypatch.setattr(DatabaseStore, "end_run", fail)
        return 1 / 0

    monkeypatch.setattr("hpsearch.sweep.conclude.finish.Finish.conclude", conclude)
    monkeypatch.setattr(Study, "close", fail)
    with pytest.raises(ZeroDivisionError) as caught:
        run(addresses, search__trials=2)
    notes = "\n".join(caught.value.__notes__)
    assert "MLflow was not told of the end: ValueError: of the end" in notes
    assert "the study was not closed: ValueError: of the end" in notes


def test_a_study_that_does_not_take_its_trials_back_hides_no_interrupt(addresses, monkeypatch):
    def fail(*_):
        raise StoreError("the study's database is away")

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt) as caught:
        patch.setattr(InProcess, "wait", interrupted)
        patch.setattr(Study, "requeue", fail)
        run(addresses)
    assert any("the study's database is away" in note for note in caught.value.__notes__)
    holds(addresses, 5)


def test_ray_ends_with_an_interrupt_while_it_starts(addresses, nothing_left, monkeypatch):
    """Its processes may be there already."""
    from hpsearch.execution import ray_runtime

    monkeypatch.setattr(ray_runtime, "_check_fits", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Session(addresses).run(loaded())
    assert not ray_runtime.running()
    assert not [line for line in nothing_left() if line.startswith(("process", "thread"))]
    assert is_free(addresses)
