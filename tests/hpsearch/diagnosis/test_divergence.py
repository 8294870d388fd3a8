from __future__ import annotations

from sample_evidence import SPACE, evidence, trial

from hpsearch.diagnosis.divergence import divergence
from hpsearch.spec import Range
from hpsearch.trial import State

GONE = {"state": State.FAILED, "reason": "diverged at epoch 3: train_loss is not finite"}


def test_it_names_the_rate_from_which_trials_diverged():
    trials = [trial(n, 10.0 ** (n - 4)) for n in range(4)] + [trial(8, 0.8, **GONE), trial(9, 1.0, **GONE)]
    assert divergence(evidence(trials)) == [
        "2 of 6 trials diverged, all with learning rates above 10^-0.5: end the range there (high: 0.28)"
    ]


def test_another_setting_may_be_the_cause():
    space = {**SPACE, "momentum": Range(low=0.0, high=1.0)}
    rates = (0.1, 0.001, 0.01, 0.1, 0.001, 0.01)
    trials = [trial(n, rate, more={"momentum": n / 10}) for n, rate in enumerate(rates[:4])]
    trials += [trial(n, rate, more={"momentum": 0.9 + n / 100}, **GONE) for n, rate in enumerate(rates[4:], start=4)]
    assert "with values of momentum above" in divergence(evidence(trials, space))[0]


def test_a_single_one_and_other_failures_are_not_mentioned():
    assert divergence(evidence([trial(0, 0.1), trial(1, 1.0, **GONE)])) == []
    failed = {"state": State.FAILED, "reason": "RuntimeError: no"}
    assert divergence(evidence([trial(0, 0.1, **failed), trial(1, 1.0, **failed)])) == []


def test_all_diverged_without_any_winner():
    found = divergence(evidence([trial(n, 0.1 * (n + 1), **GONE) for n in range(3)]))
    assert found == ["all 3 trials diverged, over the whole range of learning_rate: move it down"]


def test_where_nothing_divides_them_it_says_so():
    trials = [trial(n, n + 1.0, **(GONE if n % 2 else {})) for n in range(8)]
    assert divergence(evidence(trials)) == ["4 of 8 trials diverged; no single searched setting tells which"]


def test_where_hotter_networks_died_instead_the_smallest_rate_is_named():
    marks = (False, False, False, True, False, True)
    trials = [trial(n, 10.0 ** (n - 3), **(GONE if mark else {})) for n, mark in enumerate(marks)]
    assert divergence(evidence(trials)) == ["2 of 6 trials diverged, the smallest of their learning rates was 10^0 (1)"]
