"""What a search may use: progress, epochs granted before they are trained, seconds over several sessions."""

from __future__ import annotations

import random

import pytest

from hpsearch.spec import SearchSpec
from hpsearch.study.admission import Admission
from hpsearch.study.budget import EpochBudget, Progress, Stopwatch
from hpsearch.trial import State, TrialRecord


def record(number, value=0.5, state=State.COMPLETE, epochs=5, clock=0.0):
    return TrialRecord(number, state, value, {}, epochs, "", 0, number, epochs, clock=clock)


@pytest.mark.parametrize(
    ("limits", "values", "ended"),
    [
        ({"target": 0.9}, [0.5, 0.9], "search.target=0.9 was reached"),
        ({"target": 0.9}, [0.5, 0.89], ""),
        ({"target": 0.1, "direction": "minimize"}, [0.5, 0.1], "search.target=0.1 was reached"),
        ({"patience": 2}, [0.5, 0.6, 0.6, None], "search.patience=2 trials brought no improvement"),
        ({"patience": 2}, [0.5, 0.4, 0.6, 0.1], ""),
        ({"patience": 2}, [None, None], "search.patience=2 trials brought no improvement"),
        ({"epochs": 10}, [0.5, None], "search.epochs=10 were trained"),
        ({"epochs": 11}, [0.5, None], ""),
        ({}, [0.5] * 10, ""),
    ],
)
def test_a_limit_ends_the_search_when_it_is_reached(limits, values, ended):
    progress = Progress(SearchSpec(**limits))
    for value in values:
        progress.note(State.FAILED if value is None else State.COMPLETE, value, 5)
    assert progress.ended() == ended


@pytest.mark.parametrize("workers", [1, 3, 8])
@pytest.mark.parametrize("limit", [1, 7, 50])
def test_epochs_that_are_granted_before_they_are_trained_add_up_exactly(workers, limit):
    luck = random.Random(f"{workers}-{limit}")
    epoch_budget, number, running = EpochBudget(limit), 0, {}
    while epoch_budget.spent < limit:
        while len(running) < workers and not epoch_budget.empty:
            running[number] = epoch_budget.grant(number, luck.choice([None, 1, 4, 20]), workers)
            assert running[number] >= 1
            number += 1
        ended = luck.choice(list(running))
        trained = luck.randint(0, running.pop(ended))
        epoch_budget.settle(ended, trained)
        assert epoch_budget.spent + sum(epoch_budget.granted.values()) <= limit
    assert epoch_budget.spent == limit


def test_without_a_limit_everything_is_granted():
    epoch_budget = EpochBudget(None)
    assert (epoch_budget.grant(0, 100, 2), epoch_budget.grant(1, None, 2), epoch_budget.left, epoch_budget.empty) == (
        100,
        None,
        None,
        False,
    )


def test_seconds_add_up_over_sessions():
    now = iter([100.0, 103.0])
    watch = Stopwatch(before=7.0, now=lambda: next(now))
    assert watch.seconds == 7.0
    watch.start()
    assert watch.seconds == 10.0


def test_a_resumed_search_goes_on_with_what_earlier_sessions_used():
    trials = [record(0, clock=3.0), record(1, clock=9.5), record(2, state=None, epochs=None)]
    admission = Admission(SearchSpec(seconds=20, epochs=100), trials)
    assert admission.watch.seconds == 9.5
    assert admission.epoch_budget.spent == 10
    assert admission.admits(3) and not admission.over(3)
    assert Admission(SearchSpec(seconds=9), trials).over(3)


def test_improvement_is_judged_in_the_order_in_which_trials_ended():
    # The clock on the wall was set back between them: only the search's own is asked.
    late = [record(0, 0.5, clock=7.0), record(1, 0.9, clock=3.0)]
    ended = [TrialRecord(t.number, t.state, t.value, {}, 5, "", 0, 10 + t.number, 5, clock=t.clock) for t in late]
    assert Admission(SearchSpec(patience=1), ended).over(2)  # trial 1 ended first, trial 0 was no improvement
    assert not Admission(SearchSpec(patience=1), [record(0, 0.5, clock=3.0), record(1, 0.9, clock=7.0)]).over(2)


def test_in_the_deterministic_mode_trial_n_waits_for_trials_0_to_n_minus_the_window():
    admission = Admission(SearchSpec(deterministic=True, window=2), [])
    assert admission.admits(0) and admission.admits(1) and not admission.admits(2)
    admission.told(1, State.COMPLETE, 0.5, 5)
    assert not admission.admits(2)
    admission.told(0, State.FAILED, None, 1)
    assert admission.admits(2) and admission.admits(3) and not admission.admits(4)


def test_in_the_deterministic_mode_a_limit_is_judged_by_what_the_next_trial_may_know():
    admission = Admission(SearchSpec(deterministic=True, window=3, target=0.9), [])
    for number in range(3):
        assert admission.admits(number)
    admission.told(2, State.COMPLETE, 0.95, 5)
    assert not admission.over(3) and not admission.cuts()
    for number in (0, 1):
        admission.told(number, State.COMPLETE, 0.1, 5)
    assert admission.admits(3) and admission.admits(4)
    assert not admission.admits(5) and admission.over(5)
