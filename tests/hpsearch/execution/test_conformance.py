"""One suite over every cluster: what `interface` promises, in this thread and in Ray's processes."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from plain_policy import Plan

from hpsearch.execution.in_process import InProcess
from hpsearch.execution.interface import Lost
from hpsearch.execution.supervisor import Supervisor
from hpsearch.training.messages import Assignment, Chunk, Pull
from hpsearch.trial import State, Suggestion

X = np.random.default_rng(0).normal(size=(12, 2))
Y = np.repeat(np.arange(3), 4)
ALL = Pull(None, 60.0)


def assignment():
    return Assignment("sample_trainers:Any", X, Y, X, Y, 3, "val_accuracy", True, str(Path(__file__).parent.parent))


def suggestion(number, attempt=1, **settings):
    return Suggestion(number, {}, settings, seed=number, attempt=attempt)


@pytest.fixture(scope="module")
def ray():
    """One Ray for the whole module."""
    from hpsearch.execution import ray_runtime, ray_workers

    ray_runtime.start(3, 1, verbose=False)
    yield ray_workers
    ray_runtime.stop()


@pytest.fixture(params=["in process", "ray"])
def cluster(request):
    if request.param == "ray":
        return request.getfixturevalue("two_processes")
    cluster = InProcess(assignment(), 2)
    request.addfinalizer(cluster.close)
    return cluster


@pytest.fixture(scope="module")
def two_processes(ray):
    """Workers that serve one test after the other, as they do in a sweep."""
    cluster = ray.RayCluster(assignment(), 2)
    yield until_free(cluster, 2)
    cluster.close()


def until_free(cluster, workers, seconds=30):
    """Wait until so many workers are free; nothing else may happen meanwhile."""
    deadline = time.monotonic() + seconds
    while cluster.free() < workers:
        assert time.monotonic() < deadline, "no free worker"
        assert cluster.wait(0.2) == []
    return cluster


def events(cluster, count, seconds=30):
    """Wait for so many events."""
    found, deadline = [], time.monotonic() + seconds
    while len(found) < count:
        assert time.monotonic() < deadline, f"only {found}"
        found += cluster.wait(0.2)
    return found


def until(true, otherwise, seconds=30):
    """Wait until something is true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.02)


def until_training(cluster, number):
    """Wait until a trial's trainer, one that is slow, is in its epoch."""
    until(lambda: "time.sleep(self.pause)" in cluster.stack(number), "the trainer is nowhere")


def pid_of(worker):
    """Return the process that the name of a worker tells."""
    return int(worker.rpartition("/")[2])


def until_gone(pid):
    until(lambda: not Path(f"/proc/{pid}").exists(), f"{pid} is still there", 10)


def test_a_trial_runs_to_its_end_and_frees_its_worker(cluster):
    cluster.run(suggestion(4, x=0.3), ALL)
    assert cluster.free() == 1
    (chunk,) = events(cluster, 1)
    assert (chunk.number, chunk.attempt, chunk.finished, chunk.curve.epochs) == (4, 1, True, 5)
    assert chunk.value == pytest.approx(1 / 1.2) and chunk.model.arrays["means"].shape == (3, 2)
    assert cluster.free() == 2


def test_a_trial_is_pulled_piece_by_piece(cluster):
    cluster.run(suggestion(0), Pull(2, 60.0))
    (first,) = events(cluster, 1)
    assert not first.finished and first.curve.epochs == 2 and cluster.free() == 1
    cluster.proceed(0, ALL)
    (second,) = events(cluster, 1)
    assert second.finished and second.curve.epochs == 3 and cluster.free() == 2


def test_a_dropped_trial_frees_its_worker_for_another(cluster):
    cluster.run(suggestion(0), Pull(2, 60.0))
    events(cluster, 1)
    cluster.drop(0)
    assert cluster.free() == 2
    for number in (1, 2):
        cluster.run(suggestion(number), ALL)
    assert sorted((chunk.number, chunk.curve.epochs) for chunk in events(cluster, 2)) == [(1, 5), (2, 5)]


def test_two_workers_run_two_trials_and_answers_name_theirs(cluster):
    for number in (7, 8):
        cluster.run(suggestion(number, attempt=number - 5), Pull(3, 60.0))
    assert cluster.free() == 0
    assert sorted((e.number, e.attempt, e.finished) for e in events(cluster, 2)) == [(7, 2, False), (8, 3, False)]
    for number in (8, 7):
        cluster.proceed(number, ALL)
    assert {event.number for event in events(cluster, 2)} == {7, 8}
    assert cluster.free() == 2


def test_a_failure_of_the_trainer_is_an_answer_and_not_a_loss(cluster):
    cluster.run(suggestion(0, does="Raising"), ALL)
    (chunk,) = events(cluster, 1)
    assert isinstance(chunk, Chunk) and chunk.failure.kind == "error" and cluster.free() == 2


def test_an_unknown_setting_is_an_answer_as_well(cluster):
    cluster.run(suggestion(0, nonsense=1), ALL)
    assert "nonsense" in events(cluster, 1)[0].failure.reason
    assert cluster.free() == 2


def test_the_same_trial_gives_the_same_answer_on_every_worker(cluster):
    for number in (0, 1):
        cluster.run(Suggestion(number, {}, {"does": "Seeded"}, seed=5), ALL)
    one, two = events(cluster, 2)
    np.testing.assert_array_equal(one.curve.values, two.curve.values)


def test_a_trial_dropped_while_it_is_asked_is_heard_of_no_more(cluster):
    cluster.run(suggestion(0, does="Slow", pause=0.01), Pull(2, 60.0))
    cluster.drop(0)
    until_free(cluster, 2)
    cluster.run(suggestion(1), ALL)
    assert [event.number for event in events(cluster, 1)] == [1]


def test_where_a_trainer_is_can_be_asked_at_any_time(cluster):
    cluster.run(suggestion(0), Pull(2, 60.0))
    events(cluster, 1)
    assert isinstance(cluster.stack(0), str)
    cluster.drop(0)


def test_waiting_with_nothing_to_wait_for_returns(cluster):
    assert cluster.wait(0.1) == []


@pytest.fixture
def slow(two_processes):
    return until_free(two_processes, 2)


def test_a_killed_worker_loses_its_trial_alone_and_is_replaced(slow):
    worker = slow.run(suggestion(0, does="Slow", pause=0.2, epochs=100), ALL)
    slow.run(suggestion(1, does="Slow", pause=0.1, epochs=10), ALL)
    until_training(slow, 0)
    os.kill(pid_of(worker), signal.SIGKILL)
    found = events(slow, 2)
    lost = next(event for event in found if isinstance(event, Lost))
    assert (lost.number, lost.attempt) == (0, 1) and lost.reason.startswith("the worker process died: ")
    assert "\n" not in lost.reason
    assert next(event for event in found if isinstance(event, Chunk)).number == 1
    until_free(slow, 2)
    slow.run(suggestion(0, attempt=2, does="Slow", pause=0, epochs=3), ALL)
    (chunk,) = events(slow, 1)
    assert (chunk.attempt, chunk.finished, chunk.curve.epochs) == (2, True, 3)


def test_an_idle_worker_that_died_is_no_free_worker_and_is_replaced_before_it_is_given_a_trial(slow):
    pid = slow.pids()[0]
    os.kill(pid, signal.SIGKILL)
    until(lambda: slow.free() == 1, "the dead worker still counts as free")
    until_free(slow, 2)
    assert pid not in slow.pids()
    for number in (0, 1):
        slow.run(suggestion(number, does="Slow", pause=0, epochs=2), ALL)
    assert {(chunk.number, chunk.finished) for chunk in events(slow, 2)} == {(0, True), (1, True)}


def test_the_death_of_an_idle_worker_is_no_event_for_who_waits(slow):
    os.kill(slow.pids()[1], signal.SIGKILL)
    until_free(slow, 2)  # which asserts that nothing is reported meanwhile


def test_a_trial_given_to_a_worker_that_was_dead_already_has_not_begun(slow):
    pids = slow.pids()
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    slow.run(suggestion(0, does="Slow", pause=0, epochs=2), ALL)  # before anybody can have noticed
    (event,) = events(slow, 1)
    assert isinstance(event, Lost) and not event.heard
    until_free(slow, 2)


def test_two_idle_workers_that_died_cost_a_trial_no_attempt(slow):
    class OneTrial(Plan):
        def begun(self, attempt):
            if not self.losses:
                for pid in slow.pids():
                    os.kill(pid, signal.SIGKILL)

    plan = OneTrial()
    plan.left = [suggestion(0, does="Slow", pause=0, epochs=2)]
    Supervisor(slow, plan).run()
    assert plan.outcomes[0].state is State.COMPLETE
    assert len(plan.losses) >= 1
    until_free(slow, 2)


def test_the_stack_of_a_trainer_that_hangs_shows_its_line(slow):
    slow.run(suggestion(0, does="Slow", pause=30), ALL)
    until_training(slow, 0)
    slow.drop(0)
    until_free(slow, 2)


def test_dropping_a_trial_that_does_not_answer_ends_its_process(slow):
    worker = slow.run(suggestion(0, does="Slow", pause=30), ALL)
    until_training(slow, 0)
    slow.drop(0)
    until_free(slow, 2)
    until_gone(pid_of(worker))


def test_a_worker_computes_with_one_thread(slow):
    environment = Path(f"/proc/{slow.pids()[0]}/environ").read_bytes()
    assert b"OMP_NUM_THREADS=1" in environment and b"OPENBLAS_NUM_THREADS=1" in environment


def test_closing_ends_the_processes_and_twice_is_harmless(ray):
    cluster = until_free(ray.RayCluster(assignment(), 1), 1)
    cluster.run(suggestion(0), Pull(1, 60.0))
    (pid,) = cluster.pids()
    cluster.close()
    cluster.close()
    until_gone(pid)
