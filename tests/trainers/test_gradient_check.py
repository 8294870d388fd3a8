"""The gradient check itself: it accuses no right gradient, misses no wrong one, and says where it could not compare."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trainers import Cnn, Mlp
from trainers.gradient_check import check, compare
from trainers.layers import Dense, Relu
from trainers.network import Network


@pytest.fixture
def pictures():
    """Return a handful of 8x8 images with raw grey values up to 16 and a border of zeros, and their classes."""
    X = np.zeros((10, 8, 8))
    X[:, 1:-1, 1:-1] = np.random.default_rng(0).integers(0, 17, (10, 6, 6))
    return X.reshape(10, 64), np.arange(10)


@pytest.fixture
def measurements():
    """Return rows whose features lie near 1000, so that an untrained network's loss lies far above 1."""
    return np.random.default_rng(1).uniform(500, 1500, (12, 13)), np.arange(12) % 3


def raw_loss(trainer, X, y, classes):
    network, loss = trainer.network(X.shape[1], classes, dtype="float64"), trainer.loss(classes)
    return float(
        np.mean(loss.forward(network.scores(X.T.copy(), network.workspace()), loss.encode(y, classes, network.dtype)))
    )


@pytest.mark.parametrize("kernels", [[8, 16], [1]])
def test_biases_of_zero_under_pixels_of_zero_are_compared(kernels, pictures):
    errors = check(Cnn(kernels=kernels), *pictures, 10)
    assert all(error < 1e-6 for error in errors.values()), errors


def test_a_wrong_gradient_of_biases_of_zero_under_pixels_of_zero_is_found(pictures, monkeypatch):
    backward = Network.backward

    def wrong(self, gradient, workspace):
        backward(self, gradient, workspace)
        self.gradients["layer1.biases"][...] *= 1.001

    monkeypatch.setattr(Network, "backward", wrong)
    assert check(Cnn(), *pictures, 10)["layer1.biases"] > 1e-4


def test_the_parameters_are_the_same_afterwards(pictures):
    trainer = Cnn()
    network = trainer.network(64, 10, dtype="float64")
    before = network.flat.copy()
    compare(network, trainer.loss(10), *pictures, 10)
    np.testing.assert_array_equal(network.flat, before)


def test_an_array_of_which_nothing_was_compared_does_not_agree(measurements, monkeypatch):
    draws = np.random.default_rng(0)
    monkeypatch.setattr(Relu, "pattern", lambda self, scratch: draws.random(8))
    errors = check(Mlp(hidden=[4]), *measurements, 3)
    assert all(math.isnan(error) for error in errors.values()), errors


def test_a_gradient_that_is_not_finite_is_infinitely_wrong(measurements, monkeypatch):
    def broken(self, gradient, scratch, wanted=True):
        self.gradients["weights"].fill(np.nan)
        return gradient

    monkeypatch.setattr(Dense, "backward", broken)
    assert check(Mlp(hidden=[]), *measurements, 3)["layer1.weights"] == math.inf


def test_right_gradients_of_a_large_loss_are_not_accused(measurements, pictures):
    for trainer, (X, y), classes in ((Mlp(), measurements, 3), (Cnn(), pictures, 10)):
        assert raw_loss(trainer, X, y, classes) > 20
        errors = check(trainer, X, y, classes)
        assert all(error < 1e-6 for error in errors.values()), errors


@pytest.mark.parametrize("scale", [1.0, 1e-3])
def test_one_entry_wrong_by_a_thousandth_is_found_however_large_the_loss(scale, measurements, monkeypatch):
    X, y = measurements[0] * scale, measurements[1]
    backward = Network.backward

    def wrong(self, gradient, workspace):
        backward(self, gradient, workspace)
        entries = self.gradients["layer2.weights"].reshape(-1)
        entries[np.abs(entries).argmax()] *= 1.001

    monkeypatch.setattr(Network, "backward", wrong)
    errors = check(Mlp(hidden=[10]), X, y, 3)
    assert errors.pop("layer2.weights") > 1e-4
    assert all(error < 1e-6 for error in errors.values()), errors
