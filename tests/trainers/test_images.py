"""Images: how they are varied, and the convolutional network that learns from them."""

from __future__ import annotations

import numpy as np
import pytest

from trainers import Cnn
from trainers.augmentation import ShiftAndRotate


def test_images_are_moved_by_whole_pixels_and_filled_with_0():
    image = np.zeros((1, 5, 5))
    image[0, 2, 2] = 1
    moved = ShiftAndRotate((1, 5, 5), shift=1, degrees=0)(image.reshape(1, 25).repeat(200, 0), np.random.default_rng(0))
    places = {tuple(np.argwhere(row.reshape(5, 5) == 1)[0]) for row in moved}
    assert places == {(i, j) for i in (1, 2, 3) for j in (1, 2, 3)}
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
