"""The loop that keeps attempts alive, over a cluster that does as it is told and a clock that is moved by hand."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from plain_policy import Plan

from hpsearch.execution import supervisor as supervisors
from hpsearch.execution.interface import Lost
from hpsearch.execution.supervisor import ATTEMPTS, NODE_ATTEMPTS, UNHEARD, Supervisor
from hpsearch.locking.retry import Timer
from hpsearch.training.messages import Chunk, Pull
from hpsearch.trial import Curve, Failure, State, Suggestion


class Clock(Timer):
    """Moves when it is moved, and by a second whenever nothing happens."""

    def __init__(self):
        self.stop, self.time = threading.Event(), 1000.0
        super().__init__(self.stop)

    def now(self):
        return self.time


class Scripted:
    """A cluster whose workers answer what `answers` holds for their trial, one piece after the other."""

    def __init__(self, clock, workers=2):
        self.clock, self.idle, self.there = clock, workers, 0.0
        self.answers, self.asked, self.given, self.dropped = {}, [], [], []

    def free(self):
        return self.idle if self.clock.time >= self.there else 0

    def run(self, suggestion, pull):
        self.idle -= 1
        self.given.append((suggestion.number, suggestion.attempt))
        self.asked.append((suggestion, pull))
        return f"worker of {suggestion.number}"

    def proceed(self, number, pull):
        attempt = max(attempt for one, attempt in self.given if one == number)
        self.asked.append((Suggestion(number, {}, {}, 0, attempt), pull))

    def stack(self, number):
        return "File one, line 1\nFile two, line 2"

    def drop(self, number):
        self.dropped.append(number)
        self.asked = [(one, pull) for one, pull in self.asked if one.number != number]
        self.idle += 1

    def wait(self, seconds):
        for place, (suggestion, pull) in enumerate(self.asked):
            answers = self.answers.get(suggestion.number, [])
            if answers:
                del self.asked[place]
                return [self.answer(answers.pop(0), suggestion, pull)]
        self.clock.time += seconds
        return []

    def answer(self, given, suggestion, pull):
        answer = given(suggestion, pull)
        self.idle += isinstance(answer, Lost) or answer.finished
        return answer


def epochs(count, finished=False, failure=None, seconds=0.0):
    """An answer with so many epochs, which took so long."""

    def answer(suggestion, pull):
        curve = Curve(("loss",), np.zeros((count, 1)))
        number, attempt, value = suggestion.number, suggestion.attempt, 0.5 if finished else None
        done = finished or failure is not None
        return Chunk(number, attempt, curve, done, seconds, value, count, failure=failure)

    return answer


def lost(by_node=False, heard=True):
    return lambda suggestion, pull: Lost(suggestion.number, suggestion.attempt, "gone", by_node, "why", heard)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def cluster(clock):
    return Scripted(clock)


def run(cluster, plan, timeout=None):
    supervisor = Supervisor(cluster, plan, timeout, cluster.clock)
    supervisor.run()
    return supervisor


def test_pieces_come_together_and_the_outcome_names_the_worker(cluster):
    plan = Plan(2)
    cluster.answers = {0: [epochs(2), epochs(3, finished=True)], 1: [epochs(1, finished=True)]}
    run(cluster, plan)
    assert (plan.outcomes[0].state, plan.outcomes[0].epochs, plan.outcomes[0].value) == (State.COMPLETE, 5, 0.5)
    assert [plan.outcomes[number].worker for number in (0, 1)] == ["worker of 0", "worker of 1"]


def test_a_failure_is_told_with_its_epoch_and_all_epochs_before_it(cluster):
    plan = Plan()
    cluster.answers = {0: [epochs(2), epochs(1, failure=Failure("diverged", "not finite", 4, "detail"))]}
    run(cluster, plan)
    outcome = plan.outcomes[0]
    assert (outcome.state, outcome.epoch, outcome.epochs) == (State.FAILED, 4, 3)
    assert (outcome.reason, outcome.detail) == ("not finite", "detail")


def test_a_worker_answers_soon_at_first_and_then_less_often(cluster):
    plan = Plan()
    cluster.answers = {0: [epochs(1)] * 3 + [epochs(1, finished=True)]}
    run(cluster, plan)
    assert plan.slices == [2.0, 4.0, 5.0, 5.0]


def test_what_should_be_pruned_is_taken_from_its_worker(cluster):
    plan = Plan()
    plan.due[(0, 3)] = "pruned after epoch 3"
    cluster.answers = {0: [epochs(2), epochs(1)]}
    run(cluster, plan)
    outcome = plan.outcomes[0]
    assert (outcome.state, outcome.epoch, outcome.reason) == (State.PRUNED, 3, "pruned after epoch 3")
    assert cluster.dropped == [0]


def test_an_attempt_that_takes_too_long_keeps_its_epochs_and_says_where_its_trainer_was(cluster):
    plan = Plan()
    cluster.answers = {0: [epochs(2)]}
    run(cluster, plan, timeout=10)
    outcome = plan.outcomes[0]
    assert (outcome.state, outcome.epochs) == (State.FAILED, 2)
    assert outcome.reason == "timeout: took longer than trial_timeout_seconds=10"
    assert outcome.detail.splitlines() == [outcome.reason, "File one, line 1", "File two, line 2"]
    assert cluster.clock.time - 1000 <= 12


def test_time_in_which_the_supervisor_itself_was_held_up_is_no_trials_own(cluster):
    plan = Plan(2)

    def late():
        cluster.clock.time += 60  # a database was unreachable

    plan.on_end = late
    cluster.answers = {0: [epochs(1, finished=True)], 1: [epochs(1), epochs(1, finished=True)]}
    run(cluster, plan, timeout=10)
    assert {outcome.state for outcome in plan.outcomes.values()} == {State.COMPLETE}


def test_a_trial_that_began_after_the_delay_is_not_given_time_for_it(cluster):
    cluster.idle = 1
    plan = Plan(2)

    def late():
        cluster.clock.time += 60

    plan.on_end = late
    cluster.answers = {0: [epochs(1, finished=True)]}
    run(cluster, plan, timeout=10)
    assert plan.outcomes[1].reason.startswith("timeout")
    assert cluster.clock.time - 1000 - 2 * 60 <= 13


def test_a_parked_attempt_pays_nothing_and_goes_on_with_the_time_it_had(cluster):
    plan = Plan(1, pulls={0: [Pull(1, 2.0), None, Pull(2, 4.0)]})
    cluster.answers = {0: [epochs(1), epochs(1, finished=True)]}
    supervisor = Supervisor(cluster, plan, 10, cluster.clock)

    def unpark():
        for attempt in supervisor.running:
            if attempt.parked_at is not None and cluster.clock.time > 1100:
                supervisor.proceed(attempt)

    plan.look_after = unpark
    supervisor.run()
    assert plan.outcomes[0].state is State.COMPLETE


def test_a_trial_whose_worker_died_runs_again_as_its_next_attempt(cluster):
    plan = Plan()
    cluster.answers = {0: [epochs(2), lost(), epochs(5, finished=True)]}
    run(cluster, plan)
    assert cluster.given == [(0, 1), (0, 2)]
    assert plan.losses == [(0, 2, "gone")]
    assert (plan.outcomes[0].state, plan.outcomes[0].epochs) == (State.COMPLETE, 5)


@pytest.mark.parametrize(("by_node", "attempts"), [(False, ATTEMPTS), (True, NODE_ATTEMPTS)])
def test_a_trial_that_is_lost_every_time_fails_with_the_epochs_of_its_last_attempt(cluster, by_node, attempts):
    plan = Plan()
    cluster.answers = {0: [lost(by_node)] * (attempts - 1) + [epochs(3), lost(by_node)]}
    run(cluster, plan)
    outcome = plan.outcomes[0]
    assert outcome.reason == f"lost {attempts} times, at last: gone"
    assert (outcome.state, outcome.epochs, outcome.detail) == (State.FAILED, 3, "why")


def test_losses_of_either_kind_are_all_counted_in_what_is_said(cluster):
    plan = Plan()
    cluster.answers = {0: [lost(by_node=True), lost(), lost(by_node=True), lost()]}
    run(cluster, plan)
    assert plan.outcomes[0].reason == "lost 4 times, at last: gone"


def test_workers_that_were_dead_before_they_heard_of_a_trial_are_no_attempts_at_it(cluster):
    plan = Plan()
    cluster.answers = {0: [lost(heard=False)] * 2 + [lost(), epochs(1, finished=True)]}
    run(cluster, plan)
    assert plan.outcomes[0].state is State.COMPLETE
    assert cluster.given == [(0, 1), (0, 1), (0, 1), (0, 2)]


def test_a_trial_that_reaches_dead_workers_alone_fails_in_the_end(cluster):
    plan = Plan()
    cluster.answers = {0: [lost(heard=False)] * (UNHEARD + ATTEMPTS)}
    run(cluster, plan)
    assert plan.outcomes[0].state is State.FAILED


def test_the_late_answer_of_an_attempt_that_was_given_up_is_not_heard(cluster):
    plan = Plan(2)
    late = Chunk(0, 1, Curve(("loss",), np.zeros((9, 1))), True, 0.0, 0.9, 9)
    cluster.answers = {0: [lost(), epochs(1, finished=True)], 1: [lambda *_: late, epochs(2, finished=True)]}
    wait, again = cluster.wait, []

    def waits(seconds):
        events = wait(seconds)
        if late in events:  # trial 1 goes on as if nothing had been said
            cluster.asked.append((Suggestion(1, {}, {}, 0), Pull(None, 1.0)))
            cluster.idle -= 1
            again.append(1)
        return events

    cluster.wait = waits
    run(cluster, plan)
    assert again and plan.outcomes[0].epochs == 1 and plan.outcomes[1].epochs == 2


@pytest.mark.parametrize(("seconds", "notes"), [(0, 0), (60, 1)])
def test_a_cluster_without_room_is_waited_for_and_said_once(cluster, seconds, notes):
    plan = Plan()
    cluster.there = cluster.clock.time + seconds
    cluster.answers = {0: [epochs(1, finished=True)]}
    run(cluster, plan)
    assert sum("no worker has begun yet" in note for note in plan.notes) == notes
    assert plan.outcomes[0].state is State.COMPLETE
    assert supervisors.ALONE_SECONDS < 60


def test_what_still_runs_when_it_is_stopped_is_left_as_it_is(cluster):
    plan = Plan(2)
    plan.on_end = cluster.clock.stop.set
    cluster.answers = {0: [epochs(1, finished=True)]}
    supervisor = run(cluster, plan)
    assert [attempt.number for attempt in supervisor.running] == [1]
    assert list(plan.outcomes) == [0]


def test_what_the_policy_raises_ends_the_run(cluster):
    plan = Plan()

    def busy():
        raise RuntimeError("another driver has the sweep")

    plan.look_after = busy
    with pytest.raises(RuntimeError, match="another driver"):
        run(cluster, plan)


def test_a_trial_that_no_worker_has_can_be_ended_without_one(cluster):
    plan = Plan()
    cluster.answers = {0: [lost()]}
    supervisor = Supervisor(cluster, plan, None, cluster.clock)

    def give_up():
        if supervisor.waiting:
            supervisor.prune_unbegun(supervisor.take_waiting(), "the budget is spent")

    plan.look_after = give_up
    supervisor.run()
    assert (plan.outcomes[0].state, plan.outcomes[0].reason) == (State.PRUNED, "the budget is spent")
    assert supervisor.running == () and supervisor.waiting == ()
