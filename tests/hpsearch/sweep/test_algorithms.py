"""Every sampler and every pruner in a sweep of its own: the budget is kept, and what should end early does."""

from __future__ import annotations

import importlib.util

import pytest
from sample_specs import loaded

from hpsearch.results.integrity import check_invariant
from hpsearch.spec.algorithms import PRUNER_KINDS, SAMPLER_KINDS
from hpsearch.study.study import Study
from hpsearch.sweep.session import Session
from hpsearch.tracking import open_store
from hpsearch.trial import State

pytestmark = [pytest.mark.usefixtures("no_pictures"), pytest.mark.slow]

NUMBERS = {"x": {"low": 0.0, "high": 1.0, "step": 0.05}, "n": {"low": 1, "high": 4}}
ANY = {"trainer": "sample_trainers:Counted", "space": NUMBERS}
THERE = [n for n, k in SAMPLER_KINDS.items() if k.needs is None or importlib.util.find_spec(k.needs[0])]
EARLY = {
    "median": {"n_startup_trials": 2},
    "percentile": {"percentile": 25, "n_startup_trials": 2},
    "asha": {"min_resource": 2},
    "hyperband": {"min_resource": 2, "reduction_factor": 2},
    "patience": {"patience": 1, "min_delta": 0.02},
    "threshold": {"lower": 0.75, "n_warmup_steps": 4},
    "wilcoxon": {"n_startup_steps": 4, "p_threshold": 0.2},
}
HOT = {
    "trainer": "mlp",
    "space": {"learning_rate": {"low": 0.01, "high": 1000.0, "log": True}},
    "settings": {"hidden": [8], "epochs": 15},
}
OURS = {"divergence": {"factor": 3}, "update_ratio": {"high": 0.05, "epochs": 2}}


def swept(addresses, **given):
    summary = Session(addresses, in_process=True).run(loaded(**given))
    study, store = Study.load(addresses.storage, "tiny"), open_store(addresses.tracking, addresses.home)
    assert check_invariant(study, store, "tiny", summary.counts.finished) == []
    return summary, study.trials()


@pytest.mark.parametrize("name", THERE)
def test_a_sweep_with_each_sampler_keeps_its_budget(addresses, name):
    settings = {"cmaes": {"popsize": 4}, "nsga2": {"population_size": 4}, "gp": {"n_startup_trials": 4}}.get(name, {})
    summary, trials = swept(addresses, **ANY, search={"trials": 9, "sampler": {"name": name, **settings}})
    assert summary.counts.complete == 9
    assert all(0 <= t.params["x"] <= 1 and t.params["n"] in (1, 2, 3, 4) for t in trials)


@pytest.mark.parametrize("name", [name for name in THERE if SAMPLER_KINDS[name].aims])
def test_a_sweep_with_several_aims_and_each_sampler_that_can(addresses, name):
    aims = {"metric": ["val_accuracy", "parameters"], "direction": ["maximize", "minimize"]}
    settings = {"nsga2": {"population_size": 4}, "gp": {"n_startup_trials": 4}}.get(name, {})
    summary, _ = swept(addresses, **ANY, search={"trials": 8, "sampler": {"name": name, **settings}, **aims})
    assert summary.counts.complete == 8
    assert summary.front


@pytest.mark.parametrize("name", [name for name in THERE if SAMPLER_KINDS[name].learns])
def test_each_sampler_that_learns_is_taught_by_another_sweep(addresses, name):
    Session(addresses, in_process=True).run(loaded(**ANY, name="teacher", search={"trials": 12, "sampler": "random"}))
    taught, trials = swept(addresses, **ANY, search={"trials": 4, "sampler": name, "warm_start": "teacher"})
    assert taught.counts.finished == len(trials) == 4


def test_no_pruner_is_forgotten_here():
    assert {*EARLY, *OURS, "none"} == set(PRUNER_KINDS)


@pytest.mark.parametrize("name", EARLY)
def test_each_pruner_ends_worse_trials_early_and_never_the_best(addresses, name):
    given = {"trials": 14, "sampler": "random", "pruner": {"name": name, **EARLY[name]}}
    trainer = "sample_trainers:Fading" if name == "patience" else "sample_trainers:Quadratic"
    summary, trials = swept(addresses, trainer=trainer, settings={"epochs": 16}, search=given)
    assert summary.counts.pruned > 0
    assert summary.counts.finished == 14
    pruned = [trial for trial in trials if trial.state is State.PRUNED]
    assert all(0 < trial.epochs < 16 and trial.reason.startswith("pruned after epoch") for trial in pruned)


@pytest.mark.parametrize("name", OURS)
def test_our_pruners_end_rates_that_are_too_hot(addresses, name):
    given = {"trials": 12, "sampler": "random", "pruner": {"name": name, **OURS[name]}}
    _, trials = swept(addresses, **HOT, search=given)
    hot = {trial.params["learning_rate"] for trial in trials if trial.state is not State.COMPLETE}
    mild = {trial.params["learning_rate"] for trial in trials if trial.state is State.COMPLETE}
    assert any(trial.state is State.PRUNED and ";" in trial.reason for trial in trials)
    assert max(mild) < max(hot)
    assert min(mild) < min(hot)
