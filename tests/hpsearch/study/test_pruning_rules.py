"""Our own pruners: the rules, and that they are pruners of Optuna's like any other."""

from __future__ import annotations

import math

import numpy as np
import optuna
import pytest

from hpsearch.spec import Algorithm
from hpsearch.study.engine import make_pruner
from hpsearch.study.pruning_rules import divergence, facts, pruning_reason, update_ratio
from hpsearch.trial import Curve


@pytest.mark.parametrize(
    ("losses", "stops"),
    [
        ([], False),
        ([1.0], False),
        ([1.0, 9.0], False),
        ([1.0, 11.0], True),
        ([1.0, 11.0, 2.0], False),  # it came back
        ([1.0, math.nan], True),
        ([1.0, math.inf, 1.0], True),
        ([0.0, 0.1], True),
        ([-5.0, -4.0], False),  # a start below zero has no tenfold
        ([-5.0, -6.0], False),
    ],
)
def test_a_loss_stops_a_trial_when_it_is_not_finite_or_far_above_its_start(losses, stops):
    assert bool(divergence("train_loss", losses, 10.0, 0)) is stops


def test_the_complaint_names_the_loss_and_both_values():
    assert divergence("train_loss", [1.2, 55.0], 10.0, 0) == "train_loss=55 is above 10 times its start 1.2"
    assert divergence("train_loss", [1.2, 55.0], 10.0, warmup=2) == ""


def test_a_layer_out_of_the_band_for_several_epochs_stops_a_trial():
    fine, cold, hot = [1e-3] * 8, [1e-3] * 3 + [1e-7] * 5, [0.5] * 8
    assert update_ratio({"a": fine}, 1e-5, 1e-1, 5, 0) == ""
    assert update_ratio({"a": fine, "b": cold}, 1e-5, 1e-1, 5, 0) == "b below 1e-05 for 5 epochs, at last 1e-07"
    assert update_ratio({"a": hot}, 1e-5, 1e-1, 5, 0) == "a above 0.1 for 5 epochs, at last 0.5"
    assert update_ratio({"a": cold[:-1]}, 1e-5, 1e-1, 5, 0) == ""
    assert update_ratio({"a": [0.5, 1e-7] * 4}, 1e-5, 1e-1, 5, 0) == ""  # not on one side
    assert update_ratio({"a": hot}, 1e-5, 1e-1, 5, warmup=4) == ""


def test_the_facts_are_the_metrics_that_the_pruner_looks_at():
    names = ("train_loss", "update_ratio/0/weights", "update_ratio/0/bias", "val_loss")
    curve = Curve(names, np.arange(8.0).reshape(2, 4))
    assert facts(Algorithm(name="divergence"), curve) == {"train_loss": [0.0, 4.0]}
    assert facts(Algorithm(name="divergence", loss="val_loss"), curve) == {"val_loss": [3.0, 7.0]}
    assert facts(Algorithm(name="update_ratio"), curve) == {"update_ratio/0/weights": [1.0, 5.0]}
    assert facts(Algorithm(name="median"), curve) == {}


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
@pytest.mark.parametrize("name", ["divergence", "update_ratio"])
def test_ours_are_pruners_of_optuna_s(name, direction):
    """They judge a running trial of any study by its user attributes, and ask nothing of a fresh one."""
    pruner = make_pruner(Algorithm(name=name), 10)
    assert isinstance(pruner, optuna.pruners.BasePruner)
    metric, bad = {"divergence": ("train_loss", [1.0, 99.0]), "update_ratio": ("update_ratio/0/weights", [0.9] * 5)}[
        name
    ]

    def objective(trial):
        trial.suggest_float("x", 0, 1)
        assert not trial.should_prune()
        trial.set_user_attr(metric, bad if trial.number % 2 else bad[:1])
        trial.report(1.0, step=1)
        if trial.should_prune():
            raise optuna.TrialPruned
        return 1.0

    study = optuna.create_study(direction=direction, pruner=pruner)
    study.optimize(objective, n_trials=4)
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "PRUNED"] * 2


def test_a_complaint_needs_its_metric():
    assert pruning_reason(Algorithm(name="divergence"), {}) == ""
    assert pruning_reason(Algorithm(name="update_ratio"), {"train_loss": [1.0, 99.0]}) == ""
