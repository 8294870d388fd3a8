"""Our trainers' epochs, the rows all contenders of `training.py` train on, and both ways to a gradient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from trainers import TRAINERS
from trainers.gradient_check import numerical_gradient
from trainers.losses import SoftmaxCrossEntropy
from trainers.mlp import Mlp

Data = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
RATE, L2, MOMENTUM = 10**-1.5, 1e-4, 0.9


def waves() -> Data:
    """Return the oscillating data of articles A, standardized, 400 training and 200 validation rows."""
    rng = np.random.default_rng(0)
    x = np.linspace(-np.pi, np.pi, 200) + 5
    shifts = np.arange(4)[:, None] * np.pi / 2
    y = np.sin(x + shifts) + 0.2 * np.sin(10 * x + shifts) + 0.25 * x + 10 + rng.normal(0, 0.1, (4, 200))
    X = np.column_stack([np.tile(x, 4), y.ravel()])
    order = rng.permutation(800)[:600]
    X, codes = (X - X.mean(axis=0)) / X.std(axis=0), np.repeat(np.arange(4), 200)
    return X[order[:400]], codes[order[:400]], X[order[400:]], codes[order[400:]]


def pictures() -> Data:
    """Return random images with random labels: only their size matters to the clock."""
    rng = np.random.default_rng(0)
    X, y = rng.random((1152, 784)), rng.integers(0, 10, 1152)
    return X[:1024], y[:1024], X[1024:], y[1024:]


def epochs(name: str, **settings: Any) -> Iterator[object]:
    """Return the epochs of one of our trainers on the waves."""
    settings = {"learning_rate": RATE, "l2": L2, "momentum": MOMENTUM, "epochs": 10**9} | settings
    return iter(TRAINERS[name](**settings).train(*waves(), classes=4))


def image_epochs() -> Iterator[object] | str:
    """Return the epochs of our convolutional network on pictures."""
    if "cnn" not in TRAINERS:
        return "there is no trainer cnn"
    trainer = TRAINERS["cnn"](learning_rate=RATE, l2=L2, momentum=MOMENTUM, epochs=10**9, batch_size=128)
    return iter(trainer.train(*pictures(), classes=10))


def backpropagations() -> Iterator[None]:
    """Yield after each gradient by backpropagation."""
    network, loss, X, y = article_b()
    targets, x = loss.encode(y, 10, network.dtype), np.ascontiguousarray(X.T)
    workspace = network.workspace()
    while True:
        loss.forward(network.scores(x, workspace, 1), targets)
        network.backward(loss.backward(np.ones(1)), workspace)
        yield


def numerical_gradients() -> Iterator[None]:
    """Yield after each gradient by central differences over every parameter."""
    network, loss, X, y = article_b()
    yield from (None, None, None)  # nothing to warm up
    while True:
        numerical_gradient(network, loss, X, y, 10)
        yield


def article_b() -> tuple[Any, SoftmaxCrossEntropy, np.ndarray, np.ndarray]:
    """Return the network of articles B, its loss, and one image."""
    network = Mlp(hidden=[50], activation="sigmoid", dtype="float64").network(784, 10)
    return network, SoftmaxCrossEntropy(), np.random.default_rng(0).random((1, 784)), np.array([7])


def products() -> Iterator[None]:
    """Yield after the matrix products of one epoch and nothing else: what no implementation on this BLAS can beat."""
    rng = np.random.default_rng(0)
    sizes = [(2, 100), (100, 100), (100, 4)]
    weights = [rng.standard_normal((units, inputs)).astype("f") for inputs, units in sizes]
    outputs = [rng.standard_normal((units, 600)).astype("f") for units in (2, 100, 100, 4)]
    slopes = [rng.standard_normal((units, 400)).astype("f") for units in (2, 100, 100, 4)]
    gradients = [np.empty_like(w) for w in weights]
    while True:
        for i in (0, 1, 2):
            np.matmul(weights[i], outputs[i], out=outputs[i + 1])
        for i in (2, 1, 0):
            np.matmul(slopes[i + 1], outputs[i][:, :400].T, out=gradients[i])
            if i:
                np.matmul(weights[i].T, slopes[i + 1], out=slopes[i])
        yield
