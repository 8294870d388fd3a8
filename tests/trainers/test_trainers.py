"""What every trainer keeps to: the same keys, seeds, honest metrics, models that come back to the bit."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest

from trainers import TRAINERS
from trainers.gradient_check import check

SMALL = {"epochs": 6, "learning_rate": 0.05, "batch_size": None}
SETTINGS = {
    "mlp": {"hidden": [8, 6]},
    "batchnorm": {"hidden": [8, 6]},
    "cnn": {"kernels": [3, 4]},
    "torch": {"hidden": [8, 6]},
}
FEATURES = {"cnn": 16}  # images of 4x4
MODES = {"full": {"batch_size": None}, "minibatches": {"batch_size": 16}}


def make(name, **settings):
    return TRAINERS[name](**(SMALL | SETTINGS.get(name, {}) | settings))


@pytest.fixture
def rows(name):
    rng = np.random.default_rng(2)
    X = rng.standard_normal((60, FEATURES.get(name, 2)))
    return X[:40], (X[:40].sum(axis=1) > 0).astype(np.int64), X[40:], (X[40:].sum(axis=1) > 0).astype(np.int64)


@pytest.fixture(params=[name for name in TRAINERS if name != "linear"])
def name(request):
    if request.param == "torch":
        pytest.importorskip("torch", reason="PyTorch is not installed")
    return request.param


@pytest.fixture(params=MODES)
def mode(request):
    return MODES[request.param]


def test_every_epoch_has_the_same_finite_records(name, mode, rows, finish):
    curve = finish(make(name, **mode), *rows).curve
    assert len(curve) == SMALL["epochs"]
    required = {"train_loss", "val_loss", "l2_loss", "train_accuracy", "val_accuracy", "learning_rate"}
    for metrics in curve:
        assert required | {"update_ratio/layer1/weights"} <= set(metrics)
        assert list(metrics) == list(curve[0])
        assert all(type(value) is float and math.isfinite(value) for value in metrics.values())


def test_the_last_metrics_describe_the_model_returned(name, mode, rows, finish):
    run = finish(make(name, dtype="float64", **mode), *rows)
    for X, y, part in ((*rows[:2], "train"), (*rows[2:], "val")):
        assert run.curve[-1][f"{part}_accuracy"] == np.mean(run.model.predict(X) == y)
        loss = -np.mean(np.log(run.model.predict_proba(X)[np.arange(len(y)), y]))
        assert run.curve[-1][f"{part}_loss"] == pytest.approx(loss, rel=1e-9)


def test_metrics_of_an_epoch_are_those_of_training_that_ends_there(name, mode, rows, finish):
    long, short = finish(make(name, **mode), *rows), finish(make(name, epochs=3, **mode), *rows)
    assert long.curve[2] == short.curve[2]


def test_a_seed_gives_the_same_curve_to_the_bit_and_another_seed_does_not(name, mode, rows, finish):
    first, again, other = (finish(make(name, seed=seed, **mode), *rows).curve for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_a_stored_model_predicts_the_same_to_the_bit(name, mode, rows, finish):
    model = finish(make(name, **mode), *rows).model
    config, arrays = model.state()
    copy = TRAINERS[name].restore(json.loads(json.dumps(config)), arrays)
    np.testing.assert_array_equal(copy.predict_proba(rows[2]), model.predict_proba(rows[2]))
    np.testing.assert_array_equal(copy.predict(rows[2]), model.predict(rows[2]))
    assert copy.state()[0] == config


def test_arrays_of_a_state_have_names_and_types_that_can_be_stored(name, rows, finish):
    _, arrays = finish(make(name), *rows).model.state()
    for key, array in arrays.items():
        assert all(part.isalnum() for part in key.split("."))
        assert array.dtype.kind == "f"


def test_a_prediction_does_not_depend_on_the_neighbours(name, mode, rows, finish):
    model = finish(make(name, dtype="float64", **mode), *rows).model
    together = model.predict_proba(rows[2])
    alone = np.concatenate([model.predict_proba(row[None]) for row in rows[2]])
    np.testing.assert_allclose(alone, together, atol=1e-12)


def test_predictions_have_the_promised_types(name, rows, finish):
    model = finish(make(name), *rows).model
    assert model.predict(rows[2]).dtype == np.int64
    assert model.predict_proba(rows[2]).dtype == np.float64
    assert model.predict_proba(rows[2]).shape == (20, 2)


def test_a_state_with_a_wrong_array_is_refused(name, rows, finish):
    config, arrays = finish(make(name), *rows).model.state()
    key = "layer1.weights"
    with pytest.raises(ValueError, match=r"layer1\.weights must be floats of shape"):
        TRAINERS[name].restore(config, arrays | {key: arrays[key][:-1]})
    with pytest.raises(ValueError, match="arrays: must be"):
        TRAINERS[name].restore(config, {n: a for n, a in arrays.items() if n != key})
    with pytest.raises(ValueError, match="config: 'center' is missing"):
        TRAINERS[name].restore({}, arrays)


@pytest.mark.parametrize(
    "change",
    [
        {"network": None},
        {"network": {}},
        {"loss": "hinge"},
        {"classes": 5},
        {"classes": -1},
        {"epoch": "last"},
        {"scale": 0},
        {"center": None},
    ],
)
def test_a_configuration_that_was_altered_is_refused(name, change, rows, finish):
    config, arrays = finish(make(name, epochs=1), *rows).model.state()
    with pytest.raises(ValueError, match=r"^(config|output): "):
        TRAINERS[name].restore(config | change, arrays)


@pytest.mark.parametrize("value", [None, [0], [10**12], "x", [[2]]])
def test_a_network_that_was_altered_is_refused_before_it_is_allocated(name, value, rows, finish):
    config, arrays = finish(make(name, epochs=1), *rows).model.state()
    for change in ({"layers": value}, {"input_shape": value}):
        with pytest.raises(ValueError, match=r"^(config|arrays|layers|dense|convolution): "):
            TRAINERS[name].restore(config | {"network": config["network"] | change}, arrays)


def test_backpropagation_agrees_with_central_differences(name, rows):
    for classes in (2, 3):
        y = np.arange(12) % classes
        errors = check(make(name), rows[0][:12], y, classes)
        assert all(error < 1e-6 for error in errors.values()), errors


def test_a_diverging_run_yields_numbers_that_are_not_finite_and_no_warning(name, rows, finish, recwarn):
    if name == "batchnorm":
        pytest.skip("normalized networks stay finite at any rate")
    curve = finish(make(name, learning_rate=1e30, epochs=20), *rows).curve
    assert not math.isfinite(curve[-1]["train_loss"])
    assert not recwarn.list


def test_numpy_settings_of_the_caller_survive_a_pull(name, rows):
    before = np.geterr()
    epochs = make(name).train(*rows, classes=2)
    next(epochs)
    assert np.geterr() == before


def test_every_setting_has_a_default_and_a_line_of_help(name):
    for field in dataclasses.fields(TRAINERS[name]):
        assert field.metadata.get("help"), field.name
    TRAINERS[name]()


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("learning_rate", 0, "learning_rate: must be a number above 0, got 0"),
        ("learning_rate", float("nan"), "learning_rate: must be a number above 0, got nan"),
        ("l2", -1.0, "l2: must be a number of at least 0, got -1.0"),
        ("momentum", 1.0, "momentum: must be a number from 0 up to, not including, 1, got 1.0"),
        ("epochs", 0, "epochs: must be a whole number of at least 1, got 0"),
        ("epochs", 2.5, "epochs: must be a whole number of at least 1, got 2.5"),
        ("batch_size", 0, "batch_size: must be a whole number of at least 1, got 0"),
        ("optimizer", "nesterof", "optimizer: must be one of .*, got 'nesterof' .did you mean 'nesterov'"),
        ("weights", "hee", "weights: must be one of he, .*, got 'hee'"),
        ("weights", "normal", "weights: must be written as one of .*normal.std.*, got 'normal'"),
        ("dtype", "float16", "dtype: must be one of float32, float64, got 'float16'"),
        ("schedule", "step", "schedule: must be one of constant, .*, got 'step'"),
    ],
)
def test_a_wrong_setting_is_named_with_the_rule_and_the_value(name, setting, value, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        make(name, **{setting: value})


@pytest.mark.parametrize("hidden", [[0], 5, ["a"], [2.5], [True]])
def test_hidden_sizes_must_be_whole_numbers(hidden):
    with pytest.raises(ValueError, match="hidden: each size must be a whole number above 0, got"):
        TRAINERS["mlp"](hidden=hidden)


def test_rows_that_do_not_fit_are_refused(name, rows):
    X, y, X_validation, y_validation = rows
    for data, message in (
        ((X, y[:-1], X_validation, y_validation), r"y: must have the shape \(40,\), got \(39,\)"),
        ((X, y, X_validation[:, :1], y_validation), "X_validation: must have the shape"),
        ((X, y + 5, X_validation, y_validation), "y: codes must lie from 0 to 1"),
    ):
        with pytest.raises(ValueError, match=message):
            next(make(name).train(*data, classes=2))
