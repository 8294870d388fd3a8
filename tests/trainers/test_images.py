"""Images: how they are varied, and the convolutional network that learns from them."""

from __future__ import annotations

import numpy as np
import pytest

from trainers import Cnn
from trainers.augmentation import ShiftAndRotate
from trainers.gradient_check import check


def test_images_are_moved_by_whole_pixels_and_filled_with_0():
    image = np.zeros((1, 5, 5))
    image[0, 2, 2] = 1
    moved = ShiftAndRotate((1, 5, 5), shift=1, degrees=0)(image.reshape(1, 25).repeat(200, 0), np.random.default_rng(0))
    addresses = {tuple(np.argwhere(row.reshape(5, 5) == 1)[0]) for row in moved}
    assert addresses == {(i, j) for i in (1, 2, 3) for j in (1, 2, 3)}
    np.testing.assert_allclose(moved.sum(axis=1), 1)


def test_images_are_turned_around_their_middle():
    image = np.zeros((1, 9, 9))
    image[0, 4, 1:8] = 1
    turned = ShiftAndRotate((1, 9, 9), shift=0, degrees=20)(
        image.reshape(1, 81).repeat(50, 0), np.random.default_rng(0)
    )
    assert np.all(turned.reshape(-1, 9, 9)[:, 4, 4] == pytest.approx(1))
    assert turned.std(axis=0).max() > 0.1
    untouched = ShiftAndRotate((1, 9, 9), 0, 0)(image.reshape(1, 81), np.random.default_rng(0))
    np.testing.assert_allclose(untouched, image.reshape(1, 81), atol=1e-12)


def test_a_convolutional_network_learns_the_digits(finish):
    digits = pytest.importorskip("sklearn.datasets").load_digits()
    X, y = digits.data / 16, digits.target
    trainer = Cnn(epochs=12, batch_size=16, shift=1)
    run = finish(trainer, X[:900], y[:900], X[900:1350], y[900:1350])
    assert np.mean(run.model.predict(X[1350:]) == y[1350:]) > 0.85
    assert run.model.network.parameters["layer1.weights"].shape == (8, 1, 3, 3)


def sizes(**options):
    """Return height and width of what each convolution makes of an image of 8x8."""
    network = Cnn(pool=1, **options).network(64, 3)
    found = network.activations(np.zeros((1, 64)))
    return [array.shape[-1] for name, array in found.items() if name.endswith("convolution")]


def test_kernels_move_on_and_images_are_padded_as_the_settings_say():
    assert sizes() == sizes(kernel_size=5) == sizes(stride=1, padding=1) == [8, 8]
    assert sizes(kernel_size=4) == [9, 10]  # half of an even kernel is one pixel too many
    assert sizes(padding=0) == [6, 4]
    assert sizes(stride=2) == [4, 2]


def test_batch_normalization_stands_between_convolution_and_activation_in_place_of_biases():
    network = Cnn(kernels=[2, 3], batch_norm=True).network(64, 5)
    kinds = ["convolution", "batch_norm", "relu", "max_pooling"]
    assert [layer.kind for layer in network.layers] == [*kinds, *kinds, "flatten", "dense"]
    assert [name for name in network.parameters if "biases" in name] == ["layer3.biases"]
    assert network.parameters["layer2.gammas"].shape == (3,)


@pytest.mark.parametrize(("batch_size", "epochs"), [(None, 60), (16, 12)])
def test_a_normalized_convolutional_network_learns_and_comes_back_to_the_bit(batch_size, epochs, finish):
    digits = pytest.importorskip("sklearn.datasets").load_digits()
    X, y = digits.data[:300], digits.target[:300]  # raw grey values
    trainer = Cnn(kernels=[4, 8], batch_norm=True, stride=2, pool=1, epochs=epochs, batch_size=batch_size)
    run = finish(trainer, X[:200], y[:200], X[200:], y[200:])
    assert run.curve[-1]["val_accuracy"] > 0.7
    assert run.curve[-1]["val_accuracy"] == np.mean(run.model.predict(X[200:]) == y[200:])
    copy = Cnn.restore(*run.model.state())
    np.testing.assert_array_equal(copy.predict_proba(X), run.model.predict_proba(X))
    alone = np.concatenate([copy.predict_proba(row[None]) for row in X[:20]])
    np.testing.assert_allclose(alone, copy.predict_proba(X[:20]), atol=1e-5)


def test_gradients_of_a_normalized_convolutional_network_equal_central_differences():
    X, y = np.random.default_rng(0).standard_normal((10, 36)), np.arange(10) % 3
    errors = check(Cnn(kernels=[3, 2], batch_norm=True, stride=2, kernel_size=4, padding=3), X, y, 3)
    assert all(error < 1e-6 for error in errors.values()), errors


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stride": 0}, "stride: must be a whole number of at least 1, got 0"),
        ({"padding": -1}, "padding: must be a whole number of at least 0, got -1"),
        ({"padding": 3}, "padding: must be below kernel_size=3, got 3"),
        ({"batch_norm": 1}, "batch_norm: must be true or false, got 1"),
        ({"batch_norm": True, "batch_size": 1}, "batch_size: must be at least 2 for batch normalization, got 1"),
    ],
)
def test_wrong_settings_of_convolutions_are_named(options, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        Cnn(**options)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("convolution", {"padding": 50_000}),
        ("convolution", {"size": 100_001, "padding": 50_000}),
        ("convolution", {"stride": 0}),
        ("max_pooling", {"size": 100_000, "padding": 50_000}),
        ("max_pooling", {"size": 100_001, "padding": 50_000, "stride": 10**12}),
    ],
)
def test_a_stored_network_whose_windows_ask_for_more_than_its_images_is_refused(kind, change, finish):
    X, y = np.random.default_rng(0).random((8, 64)), np.arange(8) % 2
    config, arrays = finish(Cnn(kernels=[2], epochs=1), X, y).model.state()
    layers = [layer | change if layer["kind"] == kind else layer for layer in config["network"]["layers"]]
    with pytest.raises(ValueError, match=r"padding|stride|arrays: layer1\.weights"):
        Cnn.restore(config | {"network": config["network"] | {"layers": layers}}, arrays)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "image_shape: 20 features must fill the image, got a square image"),
        ({"image_shape": [4, 4]}, r"image_shape: 20 features must fill the image, got image_shape=\[4, 4\]"),
        ({"image_shape": [4, 5], "pool": 3}, "max_pooling: images must be at least as large as a window of 3"),
    ],
)
def test_images_that_do_not_fit_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        Cnn(**options).network(20, 3)


def test_the_values_inside_a_network_can_be_looked_at():
    network = Cnn(kernels=[2, 3], hidden=[4]).network(64, 5)
    X = np.random.default_rng(0).random((7, 64))
    found = network.activations(X)
    assert {name: array.shape[1:] for name, array in found.items()} == {
        "layer1.convolution": (2, 8, 8),
        "layer1.relu": (2, 8, 8),
        "layer1.max_pooling": (2, 4, 4),
        "layer2.convolution": (3, 4, 4),
        "layer2.relu": (3, 4, 4),
        "layer2.max_pooling": (3, 2, 2),
        "layer2.flatten": (12,),
        "layer3.dense": (4,),
        "layer3.relu": (4,),
        "layer4.dense": (5,),
    }
    np.testing.assert_array_equal(found["layer4.dense"], network.forward(X))
    np.testing.assert_array_equal(found["layer1.relu"], np.maximum(found["layer1.convolution"], 0))
