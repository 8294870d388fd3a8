"""Budgets are exact for any number of workers, with failures and prunings mixed in, and over resumes."""

from __future__ import annotations

import threading

import pytest
from sample_specs import loaded

from hpsearch.results.integrity import check_invariant
from hpsearch.study.study import Study
from hpsearch.sweep.events import Listener
from hpsearch.sweep.session import Session
from hpsearch.tracking import open_store
from hpsearch.trial import State

pytestmark = [pytest.mark.usefixtures("no_pictures"), pytest.mark.slow]

MIXED = {
    "trainer": "sample_trainers:Mixed",
    "search__pruner": {"name": "median", "n_startup_trials": 3, "interval_steps": 2},
    "search__max_failures": 50,
}


def trials_of(addresses, name="tiny"):
    return Study.load(addresses.storage, name).trials()


def holds(addresses, name="tiny"):
    """Whether no trial was lost or counted twice, however many there are."""
    study, store = Study.load(addresses.storage, name), open_store(addresses.tracking, addresses.home)
    return check_invariant(study, store, name, len(study.trials())) == []


@pytest.mark.parametrize("workers", [1, 3, 8])
@pytest.mark.parametrize("budget", [1, 7, 50])
def test_as_many_trials_as_asked_for_end_with_the_numbers_from_zero_on(addresses, workers, budget):
    summary = Session(addresses, in_process=True).run(loaded(**MIXED, workers=workers, search__trials=budget))
    assert summary.counts.finished == budget
    assert [trial.number for trial in trials_of(addresses)] == list(range(budget))
    assert holds(addresses)


@pytest.mark.parametrize("workers", [1, 3, 8])
@pytest.mark.parametrize("budget", [1, 7, 50])
def test_as_many_epochs_as_asked_for_are_trained(addresses, workers, budget):
    spec = loaded(**MIXED, workers=workers, search__trials=1000, search__epochs=budget)
    summary = Session(addresses, in_process=True).run(spec)
    assert summary.ended == f"search.epochs={budget} were trained"
    assert sum(trial.epochs for trial in trials_of(addresses)) == budget
    assert all(trial.state is not None for trial in trials_of(addresses)) and holds(addresses)


def test_a_trainer_that_announces_no_epochs_is_held_to_the_budget_too(addresses):
    spec = loaded(trainer="sample_trainers:Anything", settings={}, workers=3, search__trials=99, search__epochs=7)
    Session(addresses, in_process=True).run(spec)
    assert sum(trial.epochs for trial in trials_of(addresses)) == 7
    assert holds(addresses)


@pytest.mark.parametrize("workers", [1, 3])
def test_a_target_ends_the_search_and_what_runs_is_stopped_with_the_reason(addresses, workers):
    spec = loaded(workers=workers, search__trials=200, search__target=0.8, settings={"epochs": 10})
    summary = Session(addresses, in_process=True).run(spec)
    assert summary.ended == "search.target=0.8 was reached" and summary.best.value >= 0.8
    trials = trials_of(addresses)
    assert sum(trial.value is not None and trial.value >= 0.8 for trial in trials) == 1
    cut = [trial for trial in trials if trial.state is State.PRUNED]
    assert len(cut) <= workers - 1
    assert all(t.reason == f"stopped after epoch {t.epochs}: search.target=0.8 was reached" for t in cut)
    assert holds(addresses)


@pytest.mark.parametrize("workers", [1, 3, 8])
def test_patience_counts_the_trials_behind_the_last_improvement(addresses, workers):
    summary = Session(addresses, in_process=True).run(loaded(workers=workers, search__trials=500, search__patience=7))
    assert summary.ended == "search.patience=7 trials brought no improvement"
    trials = sorted(trials_of(addresses), key=lambda trial: (trial.ended_ms, trial.number))
    whole = [trial for trial in trials if not trial.reason.startswith("stopped")]
    assert len(whole) - 1 - max(range(len(whole)), key=lambda i: (whole[i].value, -i)) == 7
    assert holds(addresses)


def test_seconds_end_the_search_and_what_runs(addresses):
    spec = loaded(
        trainer="sample_trainers:Slow", settings={"epochs": 10**6, "pause": 0.02}, search__trials=9, search__seconds=1.5
    )
    summary = Session(addresses, in_process=True).run(spec)
    assert summary.ended == "search.seconds=1.5 are over"
    assert [trial.state for trial in trials_of(addresses)] == [State.PRUNED] * 2
    assert holds(addresses)


class StopsAfter(Listener):
    def __init__(self, trials):
        self.left, self.stop = trials, threading.Event()

    def ended(self, *what):
        self.left -= 1
        if not self.left:
            self.stop.set()


def test_epochs_and_seconds_add_up_over_sessions(addresses):
    spec = loaded(**MIXED, workers=3, search__trials=1000, search__epochs=50, search__seconds=3600)
    for name, stops in (("tiny", 2), ("tiny", 4)):
        listener = StopsAfter(stops)
        session = Session(addresses, listener, listener.stop, in_process=True)
        summary = session.run(spec) if stops == 2 else session.resume(name)
        assert summary.interrupted and summary.ended == ""
    before = max(trial.clock for trial in trials_of(addresses) if trial.state)
    assert not Session(addresses, in_process=True).resume("tiny").interrupted
    trials = trials_of(addresses)
    assert sum(trial.epochs for trial in trials) == 50 and holds(addresses)
    assert max(trial.clock for trial in trials) > before > 0


def test_a_finished_search_goes_on_when_the_limit_is_raised(addresses):
    first = loaded(search__trials=100, search__epochs=20)
    Session(addresses, in_process=True).run(first)
    done = trials_of(addresses)
    assert Session(addresses, in_process=True).resume("tiny").counts.finished == len(done)
    raised = loaded(search__trials=100, search__epochs=33)
    Session(addresses, in_process=True).resume("tiny", spec=raised)
    assert sum(trial.epochs for trial in trials_of(addresses)) == 33
    assert trials_of(addresses)[: len(done)] == done and holds(addresses)
