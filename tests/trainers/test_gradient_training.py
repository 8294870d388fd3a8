"""How networks are trained: optimizers, schedules, initial weights, batches, early stopping, weights of classes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trainers import BatchNormMlp, Mlp
from trainers.gradient_check import compare, numerical_gradient
from trainers.layers import Dense, Dropout, Linear, Tanh
from trainers.losses import SoftmaxCrossEntropy
from trainers.network import Network
from trainers.optimizers import OPTIMIZERS
from trainers.schedules import SCHEDULES, WarmUp
from trainers.training.minibatches import batches
from trainers.weights import INITIALIZERS, parse


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_descends_a_quadratic(name):
    position, optimizer = np.array([3.0, -2.0]), OPTIMIZERS[name](2, np.dtype(np.float64), 0.5)
    delta = np.empty(2)
    for _ in range(400):
        optimizer.step(position.copy(), 0.05, delta)
        position += delta
    np.testing.assert_allclose(position, 0, atol=1e-3)


def test_momentum_and_nesterov_follow_their_formulas():
    momentum, nesterov = (OPTIMIZERS[name](1, np.dtype(np.float64), 0.9) for name in ("momentum", "nesterov"))
    v, delta = 0.0, np.empty(1)
    for gradient in (1.0, -0.5, 2.0):
        new = 0.9 * v - 0.1 * gradient
        momentum.step(np.array([gradient]), 0.1, delta)
        assert delta[0] == pytest.approx(new)
        nesterov.step(np.array([gradient]), 0.1, delta)
        assert delta[0] == pytest.approx(new + 0.9 * (new - v))
        v = new


def test_schedules_follow_their_formulas():
    rates = {name: [schedule(0.5, 0.1, 10).rate(epoch) for epoch in (0, 1, 5)] for name, schedule in SCHEDULES.items()}
    assert rates["constant"] == [0.5, 0.5, 0.5]
    assert rates["exponential"] == pytest.approx([0.5, 0.05, 0.5e-5])
    assert rates["inverse_time"] == pytest.approx([0.5, 0.5 / 1.1, 0.5 / 1.5])
    assert rates["cosine"] == pytest.approx([0.5, 0.25 * (1 + math.cos(math.pi / 10)), 0.25])


def test_a_warm_up_rises_and_then_follows_the_schedule_from_its_beginning():
    schedule = WarmUp(SCHEDULES["exponential"](1.0, 0.5, 10), 3)
    assert [schedule.rate(epoch) for epoch in range(6)] == pytest.approx([0.25, 0.5, 0.75, 1.0, 0.5, 0.25])


def rates(finish, **settings):
    X, y = np.random.default_rng(0).standard_normal((8, 2)), np.arange(8) % 2
    curve = finish(Mlp(hidden=[2], learning_rate=0.5, epochs=3, **settings), X, y).curve
    return [metrics["learning_rate"] for metrics in curve]


def test_without_a_decay_the_rate_stays(finish):
    assert rates(finish) == rates(finish, schedule="exponential", decay=1.0) == [0.5, 0.5, 0.5]
    assert rates(finish, decay=0.5) == [0.5, 0.25, 0.125]


def test_inverse_time_has_no_decay_of_its_own(finish):
    with pytest.raises(ValueError, match=r"decay: inverse_time needs one, such as 0\.01, got None"):
        Mlp(schedule="inverse_time")
    assert rates(finish, schedule="inverse_time", decay=1.0) == pytest.approx([0.5, 0.25, 0.5 / 3])


DEVIATIONS = {
    "he": math.sqrt(2 / 300),
    "half_he": 0.5 * math.sqrt(2 / 300),
    "inverse_sqrt": 1 / math.sqrt(300),
    "xavier": math.sqrt(2 / 500),
    "normal(0.3)": 0.3,
    "uniform(-1, 1)": 1 / math.sqrt(3),
}


@pytest.mark.parametrize("text", DEVIATIONS)
def test_initial_weights_have_the_spread_they_promise(text):
    weights = parse(text).draw((200, 300), np.random.default_rng(0))
    assert weights.std() == pytest.approx(DEVIATIONS[text], rel=0.02)
    assert abs(weights.mean()) < 0.02 * DEVIATIONS[text]
    assert {name.split("(")[0] for name in DEVIATIONS} == set(INITIALIZERS)


def test_the_spread_of_kernels_counts_the_whole_window():
    weights = parse("he").draw((64, 16, 3, 3), np.random.default_rng(0))
    assert weights.std() == pytest.approx(math.sqrt(2 / 144), rel=0.02)


@pytest.mark.parametrize(
    ("rows", "size", "expected"), [(10, 4, [4, 4, 2]), (9, 4, [4, 5]), (3, 1, [1, 1, 1]), (3, 8, [3])]
)
def test_batches_cover_all_rows_and_none_is_a_single_row_by_accident(rows, size, expected):
    parts = batches(np.arange(rows), size)
    assert [len(part) for part in parts] == expected
    np.testing.assert_array_equal(np.concatenate(parts), np.arange(rows))


def test_one_batch_of_all_rows_is_full_batch_training(finish):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((30, 3)), np.arange(30) % 3
    for kind in (Mlp, BatchNormMlp):
        full, batch = (
            finish(kind(hidden=[6], epochs=5, dtype="float64", batch_size=size), X, y, X, y) for size in (None, 30)
        )
        for name, array in full.model.network.parameters.items():
            np.testing.assert_allclose(batch.model.network.parameters[name], array, atol=1e-12)


@pytest.mark.parametrize("batch_size", [None, 30, 50, 29])
def test_one_batch_of_all_rows_predicts_with_their_exact_statistics(batch_size, finish):
    """Of 30 rows 29 are one batch, too: the one left over joins it."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((30, 3)), np.arange(30) % 3
    model = finish(BatchNormMlp(hidden=[], epochs=5, dtype="float64", batch_size=batch_size), X, y).model
    sums = X @ model.network.parameters["layer1.weights"].T
    np.testing.assert_allclose(model.network.statistics["layer1.mean"], sums.mean(axis=0))
    np.testing.assert_allclose(model.network.statistics["layer1.variance"], sums.var(axis=0))
    assert model.state()[0]["network"]["layers"][1]["memory"] == 0.0


def test_several_batches_predict_with_a_running_average(finish):
    X, y = np.random.default_rng(0).standard_normal((30, 3)), np.arange(30) % 3
    model = finish(BatchNormMlp(hidden=[], epochs=5, batch_size=15, norm_memory=0.8), X, y).model
    assert model.state()[0]["network"]["layers"][1]["memory"] == 0.8


@pytest.fixture
def overfitting():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((60, 5))
    y = (X[:, 0] + rng.standard_normal(60) > 0).astype(np.int64)
    return X[:30], y[:30], X[30:], y[30:]


@pytest.mark.parametrize("kind", [Mlp, BatchNormMlp])
def test_early_stopping_keeps_the_best_epochs_weights(kind, overfitting, finish):
    options = {"learning_rate": 0.1, "l2": 0.0, "epochs": 300, "hidden": [30], "dtype": "float64"}
    run = finish(kind(patience=10, **options), *overfitting)
    losses = [metrics["val_loss"] for metrics in run.curve]
    assert len(losses) < 300
    assert run.model.epoch == int(np.argmin(losses)) + 1 == len(losses) - 10
    X, y = overfitting[2:]
    loss = -np.mean(np.log(run.model.predict_proba(X)[np.arange(30), y]))
    assert loss == pytest.approx(min(losses), rel=1e-9)
    assert run.model.state()[0]["epoch"] == run.model.epoch


def test_early_stopping_can_look_at_accuracy_and_refuses_what_is_not_there(overfitting, finish):
    run = finish(Mlp(patience=5, monitor="val_accuracy", epochs=50), *overfitting)
    accuracies = [metrics["val_accuracy"] for metrics in run.curve]
    assert run.model.epoch == int(np.argmax(accuracies)) + 1
    with pytest.raises(ValueError, match="monitor: must be one of val_accuracy, val_loss, got 'val_r2'"):
        finish(Mlp(patience=5, monitor="val_r2", epochs=5), *overfitting)


def test_balanced_weights_find_a_rare_class_more_often(finish):
    rng = np.random.default_rng(0)
    y = (rng.random(600) < 0.08).astype(np.int64)
    X = rng.standard_normal((600, 2)) + 1.2 * y[:, None]
    recalls = []
    for weights in (None, "balanced"):
        model = finish(Mlp(hidden=[], epochs=200, class_weights=weights), X, y).model
        recalls.append(np.mean(model.predict(X)[y == 1]))
    assert recalls[1] > recalls[0] + 0.2


def test_equal_class_weights_change_nothing(overfitting, finish):
    runs = [finish(Mlp(epochs=5, dtype="float64", class_weights=w), *overfitting).curve for w in (None, [2.0, 2.0])]
    for one, other in zip(*runs, strict=True):
        assert one == pytest.approx(other)


@pytest.mark.parametrize("weights", ["balanced", [1.0, 9.0], [1.0, 0.0]])
def test_weights_of_classes_leave_the_validation_loss_alone(weights, overfitting, finish):
    X, y = overfitting[2:]
    run = finish(Mlp(epochs=4, dtype="float64", class_weights=weights), *overfitting)
    loss = -np.mean(np.log(run.model.predict_proba(X)[np.arange(30), y]))
    assert run.curve[-1]["val_loss"] == pytest.approx(loss, rel=1e-9)


def test_weights_that_hide_a_class_are_not_rewarded_by_the_validation_loss(overfitting, finish):
    hiding, fair = (finish(Mlp(epochs=50, class_weights=w), *overfitting).curve[-1] for w in ([1.0, 0.0], None))
    assert hiding["train_loss"] < fair["train_loss"]
    assert hiding["val_loss"] > fair["val_loss"]


def test_a_class_without_weight_may_fill_a_batch(overfitting, finish):
    curve = finish(Mlp(epochs=3, batch_size=1, class_weights=[0.0, 1.0], learning_rate=0.01), *overfitting).curve
    assert math.isfinite(curve[-1]["val_loss"])


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ("even", "class_weights: must be one of balanced, got 'even'"),
        ([1, -1], r"class_weights\[1\]: must be a number of at least 0, got -1"),
        ([1, 2, 3], "class_weights: must be one for each of 2 classes, got 3"),
    ],
)
def test_wrong_class_weights_are_named(weights, message, overfitting, finish):
    with pytest.raises(ValueError, match=message):
        finish(Mlp(epochs=1, class_weights=weights), *overfitting)


def test_dropout_silences_in_training_only_and_keeps_the_mean():
    layer = Dropout(0.25)
    network = Network([layer], (1000,), "float64")
    x = np.ones((1000, 20))
    y = layer.forward(x, network.workspace()[0], 20, np.random.default_rng(0))
    assert np.mean(y == 0) == pytest.approx(0.25, abs=0.02)
    assert y.mean() == pytest.approx(1, abs=0.02)
    np.testing.assert_array_equal(network.forward(x.T), x.T)


@pytest.mark.parametrize("kind", [Mlp, BatchNormMlp])
@pytest.mark.parametrize("batch_size", [None, 16])
def test_metrics_are_measured_without_dropout(kind, batch_size, overfitting, finish):
    options = {"hidden": [20], "dropout": 0.5, "epochs": 4, "dtype": "float64", "batch_size": batch_size}
    run, again = (finish(kind(**options), *overfitting) for _ in range(2))
    X, y = overfitting[:2]
    assert run.curve == again.curve
    assert run.curve[-1]["train_accuracy"] == np.mean(run.model.predict(X) == y)


def test_dead_units_are_counted(finish):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((40, 2)), np.arange(40) % 2
    trainer = Mlp(hidden=[10], epochs=1, learning_rate=1e-9)
    assert finish(trainer, X, y).curve[0]["dead_units/layer1"] < 0.5
    hot = finish(Mlp(hidden=[10], epochs=30, learning_rate=1e4), X, y).curve
    assert hot[-1]["dead_units/layer1"] > 0.5 or not math.isfinite(hot[-1]["train_loss"])


def test_the_numerical_gradient_of_every_parameter_equals_backpropagation():
    rng = np.random.default_rng(0)
    network, loss = Mlp(hidden=[5], activation="sigmoid", dtype="float64").network(6, 3), SoftmaxCrossEntropy()
    X, y = rng.standard_normal((4, 6)), np.array([0, 1, 2, 1])
    workspace = network.workspace()
    loss.forward(network.scores(X.T.copy(), workspace, 4), loss.encode(y, 3, network.dtype))
    network.backward(loss.backward(np.full(4, 0.25)), workspace)
    analytic = network.flat_gradient.copy()
    np.testing.assert_allclose(numerical_gradient(network, loss, X, y, 3), analytic, rtol=1e-5, atol=1e-8)


def test_the_gradient_check_finds_a_wrong_gradient_and_needs_float64(monkeypatch):
    network, loss = Network([Dense(4), Tanh(), Dense(3)], (2,), "float64"), SoftmaxCrossEntropy()
    network.initialize(parse("he"), np.random.default_rng(0))
    X, y = np.random.default_rng(1).standard_normal((5, 2)), np.array([0, 1, 2, 0, 1])
    assert max(compare(network, loss, X, y, 3).values()) < 1e-6
    monkeypatch.setattr(Tanh, "backward", lambda self, gradient, scratch, wanted=True: gradient)
    wrong = compare(network, loss, X, y, 3)
    assert wrong["layer1.weights"] > 1e-2
    assert wrong["layer2.weights"] < 1e-6
    with pytest.raises(ValueError, match="dtype: a gradient check needs a float64 network, got float32"):
        compare(Network([Dense(3), Linear()], (2,)), loss, X, y, 3)
