"""`hpsearch check`: each check passes where it should and fails with what to do."""

from __future__ import annotations

import math

import pytest
from sample_specs import loaded

from hpsearch.checks import CHECKS, run_checks
from hpsearch.checks.networks import gradients, initial_loss
from hpsearch.checks.training import dead_layers, overfit
from hpsearch.errors import TrainerError
from hpsearch.examples import example_path, examples
from hpsearch.spec import load_spec
from hpsearch.sweep.prepare import prepare_sweep

RATE = {"learning_rate": {"low": 1e-3, "high": 1e-1, "log": True}}


def ready(trainer="mlp", data="iris", transform="standardize", space=RATE, **settings):
    spec = {
        "name": "checked",
        "trainer": trainer,
        "data": {"dataset": data, "transform": transform},
        "space": space,
        "settings": {"epochs": 20, **settings},
    }
    return prepare_sweep(load_spec(spec))


@pytest.mark.parametrize(
    ("trainer", "data"), [("cnn", "digits"), ("mlp", "wine"), ("mlp", "breast_cancer"), ("batchnorm", "wine")]
)
def test_right_gradients_pass_on_features_that_were_not_transformed(trainer, data):
    assert "arrays agree with central differences" in gradients(ready(trainer, data, "none"))


def test_gradients_that_could_not_be_compared_do_not_pass(monkeypatch):
    monkeypatch.setattr("trainers.gradient_check.check", lambda *_: {"layer1.weights": 0.0, "layer1.biases": math.nan})
    with pytest.raises(TrainerError, match=r"layer1\.biases: not compared: every step of it met a kink"):
        gradients(ready())


def test_a_wrong_gradient_is_named(monkeypatch):
    monkeypatch.setattr("trainers.gradient_check.check", lambda *_: {"layer1.weights": 1e-9, "layer2.weights": 0.5})
    with pytest.raises(TrainerError, match=r"layer2\.weights: relative error must be below 1e-06, got 0\.5"):
        gradients(ready())


def test_an_untrained_network_guesses():
    assert initial_loss(ready()).endswith("before training, guessing has log(3) = 1.099")


def test_a_network_that_is_sure_before_it_learned_is_refused():
    with pytest.raises(TrainerError, match=r"must lie near log\(10\) = 2\.303.*data\.transform: standardize"):
        initial_loss(ready(data="digits", transform="none", weights="normal(1.0)"))


def test_regression_and_trainers_without_a_network_skip_it():
    assert initial_loss(ready("linear", "plane")) == "skipped: for classes only"
    assert "no network" in initial_loss(prepare_sweep(loaded()))


def test_living_layers_pass_with_the_largest_share():
    assert dead_layers(ready()).startswith("no layer is dead after 10 epochs; at most ")


def test_a_layer_that_dies_is_named():
    hot = {"learning_rate": {"low": 6.0, "high": 8.0}}
    with pytest.raises(TrainerError, match=r"layer2: some units must be alive after 10 epochs, all are dead"):
        dead_layers(ready(data="oscillating", transform="whiten", space=hot, hidden=[30, 30]))


def test_layers_without_relu_have_no_dead_units():
    assert dead_layers(ready(activation="tanh")).startswith("skipped")


def test_overfitting_finds_a_rate_that_suits_the_network():
    assert "20 points learned by heart" in overfit(ready("cnn", "digits"))


def test_a_network_that_cannot_learn_a_handful_is_refused():
    with pytest.raises(TrainerError, match="points must be learned by heart in 100 epochs, got 0"):
        overfit(ready(hidden=[1], weights="normal(1e-30)"))


def test_every_check_has_its_line(addresses):
    found = list(run_checks(load_spec(example_path("oscillating")), addresses))
    assert [result.name for result in found] == ["spec", *CHECKS, "stores"]
    assert all(result.passed for result in found), found


@pytest.mark.parametrize("name", sorted(set(examples()) - {"oscillating", "e-pytorch"}))
def test_every_example_passes(name, addresses):
    failed = [result for result in run_checks(load_spec(example_path(name)), addresses) if not result.passed]
    assert failed == []
