"""Articles D: gates, the diamond, linear regression; articles E: an architecture as a list."""

from __future__ import annotations

import numpy as np
import pytest

from trainers import TRAINERS, Linear, Mlp
from trainers.layers import Dense, Sigmoid
from trainers.network import Network

INPUTS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
GATES = {"or": (20.0, 20.0, -10.0), "nand": (-10.0, -10.0, 14.0), "and": (10.0, 10.0, -19.0)}


def gate(name):
    """Return a single sigmoid unit with the articles' weights."""
    network = Network([Dense(1), Sigmoid()], (2,), "float64")
    *weights, bias = GATES[name]
    network.parameters["layer1.weights"][...] = weights
    network.parameters["layer1.biases"][...] = bias
    return network


@pytest.mark.parametrize(("name", "truth"), [("or", [0, 1, 1, 1]), ("nand", [1, 1, 1, 0]), ("and", [0, 0, 0, 1])])
def test_gates_are_single_units(name, truth):
    np.testing.assert_allclose(gate(name).forward(INPUTS)[:, 0], truth, atol=0.3)
    np.testing.assert_array_equal(gate(name).forward(INPUTS)[:, 0] > 0.5, truth)


def test_xor_is_and_of_or_and_nand():
    hidden = np.hstack([gate("or").forward(INPUTS), gate("nand").forward(INPUTS)])
    np.testing.assert_array_equal(gate("and").forward(hidden)[:, 0] > 0.5, [0, 1, 1, 0])


@pytest.mark.parametrize("seed", range(5))
def test_xor_is_learned_by_two_layers_and_by_no_single_unit(seed, finish):
    X, y = INPUTS * 2 - 1, np.array([0, 1, 1, 0])
    options = {"learning_rate": 0.1, "l2": 0.0, "epochs": 300, "seed": seed}
    layers = [{"units": 8, "activation": "tanh"}, {"units": 1, "activation": "sigmoid"}]
    two = finish(Mlp(layers=layers, weights="xavier", **options), X, y).curve
    one = finish(Mlp(layers=layers[1:], **options), X, y).curve
    assert two[-1]["train_accuracy"] == 1.0
    assert max(metrics["train_accuracy"] for metrics in one) < 1.0


@pytest.mark.slow
def test_the_diamond_is_learned_to_a_mean_accuracy_of_097(finish):
    """Five seeds, 18,000 steps; the margin is 0.009: six seeds gave 0.972 to 0.984, mean 0.979."""
    accuracies = []
    for seed in range(5):
        X = np.random.default_rng(seed).uniform(-1, 1, (500, 2))
        y = (np.abs(X).sum(axis=1) < 1).astype(np.int64)
        layers = [{"units": 4, "activation": "sigmoid"}, {"units": 1, "activation": "sigmoid"}]
        # The article's rate of 0.001 on the sum over 500 rows is 0.5 on their mean.
        options = {"learning_rate": 0.5, "optimizer": "sgd", "l2": 0.0, "epochs": 18000, "seed": seed}
        curve = finish(Mlp(layers=layers, weights="uniform(-1, 1)", **options), X, y).curve
        accuracies.append(curve[-1]["train_accuracy"])
    assert np.mean(accuracies) >= 0.97, accuracies


def plane():
    rng = np.random.default_rng(0)
    X = rng.uniform(0, 10, (100, 2))
    return X, 1.5 + X @ [2.0, 5.0] + rng.normal(0, 0.5, 100)


def test_linear_regression_agrees_with_least_squares_and_records_its_path(finish):
    X, y = plane()
    expected = np.linalg.lstsq(np.column_stack([np.ones(100), X]), y, rcond=None)[0]
    run = finish(Linear(dtype="float64", learning_rate=0.01, epochs=4000), X, y, classes=0)
    last = run.curve[-1]
    found = [last["parameter/intercept"], last["parameter/weight1"], last["parameter/weight2"]]
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    np.testing.assert_allclose(run.model.predict(X), expected[0] + X @ expected[1:], rtol=1e-6)
    assert run.curve[0]["parameter/weight1"] != last["parameter/weight1"]


@pytest.mark.parametrize(
    "way", [{"momentum": 0.98}, {"batch_size": 1, "optimizer": "sgd", "schedule": "cosine"}], ids=["batch", "one row"]
)
def test_both_ways_of_linear_regression_agree_with_least_squares_on_raw_features(way, finish):
    X, y = plane()
    expected = np.linalg.lstsq(np.column_stack([X, np.ones(100)]), y, rcond=None)[0]
    last = finish(Linear(learning_rate=1e-3, epochs=700, **way), X, y, classes=0).curve[-1]
    found = [last["parameter/weight1"], last["parameter/weight2"], last["parameter/intercept"]]
    np.testing.assert_allclose(found, expected, atol=0.05)


def test_linear_regression_comes_near_least_squares_on_raw_features_with_its_defaults(finish):
    X, y = plane()
    residuals = y - np.column_stack([X, np.ones(100)]) @ np.linalg.lstsq(np.column_stack([X, np.ones(100)]), y)[0]
    curve = finish(Linear(), X, y, classes=0).curve
    assert curve[-1]["train_rmse"] == pytest.approx(np.sqrt(np.mean(residuals**2)), rel=0.02)


def test_linear_regression_learns_one_row_at_a_time(finish):
    X, y = plane()
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    run = finish(Linear(batch_size=1, optimizer="sgd", learning_rate=0.002, epochs=30), X, y, classes=0)
    assert run.curve[-1]["val_rmse"] == pytest.approx(0.55, abs=0.05)
    losses = [metrics["train_loss"] for metrics in run.curve]
    assert losses[0] > 10 * losses[-1]


def test_metrics_of_a_regression_are_in_the_targets_own_units(finish):
    X, y = plane()
    for name in ("mlp", "batchnorm", "linear"):
        run = finish(TRAINERS[name](dtype="float64", epochs=20, learning_rate=0.01), X[:60], y[:60], X[60:], y[60:], 0)
        errors = run.model.predict(X[60:]) - y[60:]
        assert run.curve[-1]["val_rmse"] == pytest.approx(np.sqrt(np.mean(errors**2)))
        assert run.curve[-1]["val_r2"] == pytest.approx(1 - np.mean(errors**2) / np.var(y[60:]))
        train = run.model.predict(X[:60]) - y[:60]
        assert run.curve[-1]["train_rmse"] == pytest.approx(np.sqrt(np.mean(train**2)))
        assert run.model.predict(X).dtype == np.float64
        assert "train_accuracy" not in run.curve[-1]
        with pytest.raises(ValueError, match="predict_proba: only models with classes"):
            run.model.predict_proba(X)


def test_an_architecture_as_a_list_is_the_same_as_its_short_form(finish):
    X, y = INPUTS * 2 - 1, np.array([0, 1, 1, 0])
    short = Mlp(hidden=[5, 5], activation="tanh", epochs=3)
    layers = [{"units": 5, "activation": "tanh"}] * 2
    for listed in (
        layers,
        [*layers, {"units": 2, "activation": "softmax"}],
        [*layers, {"units": 2, "activation": "linear"}],
    ):
        assert finish(Mlp(layers=listed, epochs=3), X, y).curve == finish(short, X, y).curve


def test_article_e_architecture_has_the_layers_it_lists():
    sizes = [4, 6, 6, 4]
    layers = [{"units": units, "activation": "relu"} for units in sizes] + [{"units": 1, "activation": "sigmoid"}]
    network = Mlp(layers=layers).network(2, 2)
    assert [network.parameters[f"layer{n}.weights"].shape for n in range(1, 6)] == [
        (4, 2),
        (6, 4),
        (6, 6),
        (4, 6),
        (1, 4),
    ]
    assert Mlp(layers=layers).loss(2).kind == "binary_cross_entropy"
    assert Mlp(layers=layers[:-1], output="sigmoid").loss(2).kind == "binary_cross_entropy"


def test_a_sigmoid_unit_at_the_end_is_refused_where_it_cannot_be_the_output():
    hidden, unit = [{"units": 4}], {"units": 1, "activation": "sigmoid"}
    for classes in (3, 0):
        for ask in (
            Mlp(layers=[*hidden, unit]).loss,
            lambda c: Mlp(layers=[*hidden, unit], output="auto").network(2, c),
        ):
            with pytest.raises(ValueError, match=f"layers: one sigmoid unit at the end needs 2 classes, got {classes}"):
                ask(classes)
    listed = Mlp(layers=[*hidden, unit, {"units": 3, "activation": "softmax"}])  # a bottleneck that is meant
    assert listed.network(2, 3).parameters["layer2.weights"].shape == (1, 4)
    assert Mlp(layers=[*hidden, unit], output="softmax").network(2, 3).output_shape == (3,)


@pytest.mark.parametrize("short", [{"hidden": [5]}, {"hidden": [100, 100]}, {"hidden": []}, {"activation": "relu"}])
def test_layers_beside_their_short_form_are_refused(short):
    ((name, value),) = short.items()
    for kind in ("mlp", "batchnorm"):
        with pytest.raises(ValueError, match=f"layers: takes the place of {name}, got both, {name}=") as refused:
            TRAINERS[kind](layers=[{"units": 4}], **short)
        assert repr(value) in str(refused.value)


def test_without_layers_or_their_short_form_there_are_two_layers_of_a_hundred_units_with_relu():
    given = Mlp(hidden=[100, 100], activation="relu").network(2, 3)
    assert Mlp().network(2, 3).config() == given.config()


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([], r"layers: must be a list such as .*, got \[\]"),
        ([5], r"layers\[0\]: must have units and may have an activation, got 5"),
        ([{"units": 0}], r"layers\[0\].units: must be a whole number of at least 1, got 0"),
        ([{"units": 3, "activation": "rleu"}], r"layers\[0\].activation: must be one of .*got 'rleu' \(did you mean"),
        ([{"units": 3, "aktivation": "relu"}], r"layers\[0\]: key: must be one of activation, units, got 'aktivation'"),
        ([{"units": 3, "activation": "softmax"}, {"units": 2}], r"layers\[0\].activation: must be one of"),
    ],
)
def test_a_wrong_architecture_is_named(layers, message):
    with pytest.raises(ValueError, match=message):
        Mlp(layers=layers)


def test_an_output_that_cannot_have_so_many_classes_is_refused():
    for trainer in (Mlp(output="sigmoid"), Mlp(layers=[{"units": 2, "activation": "softmax"}])):
        with pytest.raises(ValueError, match="classes, got 3"):
            trainer.network(2, 3)
    with pytest.raises(ValueError, match="logistic: is for classes"):
        TRAINERS["logistic"]().network(2, 0)
    with pytest.raises(ValueError, match="linear: is for regression"):
        TRAINERS["linear"]().network(2, 2)
