"""Whole sweeps made to show something, in this process: what the user reads at their end."""

from __future__ import annotations

import pytest

from hpsearch import run

pytestmark = pytest.mark.slow

DATA = {"dataset": "oscillating", "options": {"classes": 4, "per_class": 40, "seed": 0}}
BASE = {
    "trainer": "mlp",
    "data": DATA,
    "settings": {"hidden": [30, 30], "epochs": 200, "momentum": 0.9, "l2": 1e-4},
    "search": {"trials": 6, "sampler": "random", "seed": 0},
}


@pytest.fixture
def told(home, no_pictures):
    """Run a sweep with a learning rate between two bounds and return the diagnosis."""

    def _told(low, high, data=DATA, trials=6, **settings):
        spec = {
            **BASE,
            "name": "shown",
            "data": data,
            "space": {"learning_rate": {"low": low, "high": high, "log": True}},
            "settings": {**BASE["settings"], **settings},
            "search": {**BASE["search"], "trials": trials},
        }
        return run(spec, home=home, progress=False, in_process=True).summary.diagnosis

    return _told


def test_rates_that_are_too_hot_are_named_with_rates_to_try(told):
    found = [sentence for sentence in told(0.6, 0.8) if " ran hot: " in sentence]
    assert len(found) == 1
    assert found[0].startswith(
        "learning rates over the whole range, 10^-0.2 to 10^-0.1, ran hot: update ratios about 0.0"
    )
    assert "try rates around 10^-1" in found[0]


def test_a_healthy_range_is_neither_hot_nor_cold(told):
    assert not [sentence for sentence in told(10**-2.0, 10**-1.5) if " ran " in sentence]


def test_rates_that_are_too_small_ran_cold(told):
    assert any(" ran cold: update ratios about " in sentence for sentence in told(1e-5, 1e-4))


def test_the_border_between_hot_and_healthy_lies_between_them(told):
    (sentence,) = [sentence for sentence in told(1e-2, 1.0, trials=10) if " ran hot: " in sentence]
    exponent = float(sentence.removeprefix("learning rates above 10^").split(" ")[0])
    assert -1.6 < exponent < -0.3


def test_a_best_rate_at_the_end_of_its_range_gets_the_next_range(told):
    (sentence,) = [
        sentence for sentence in told(1e-5, 10**-2.5, trials=8) if sentence.startswith("the best learning_rate")
    ]
    assert "at the upper end of its range (1e-05 to 0.00316): try learning_rate: {low: 0.00018, high: " in sentence


def test_many_diverged_trials_are_counted_and_placed(told):
    (sentence,) = [sentence for sentence in told(1e-1, 1e4, trials=8) if "diverged" in sentence]
    assert "trials diverged, all with learning rates above 10^" in sentence


def test_noise_learned_by_heart_is_overfitting(told):
    noise = {"dataset": "random", "options": {"rows": 80, "features": 20, "seed": 0}}
    found = [sentence for sentence in told(0.02, 0.05, data=noise, trials=2, epochs=300) if "overfits" in sentence]
    assert len(found) == 1 and found[0].startswith("the winner overfits: accuracy ")
