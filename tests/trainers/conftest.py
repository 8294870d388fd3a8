"""Rows to train on, and a way to run a trainer to its end."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest


def waves(seed: int = 0, classes: int = 4, per_class: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Return the oscillating data of articles A, shuffled."""
    rng = np.random.default_rng(seed)
    x = np.linspace(-np.pi, np.pi, per_class) + 5
    shift = np.arange(classes)[:, None] * np.pi / (classes / 2)
    y = np.sin(x + shift) + 0.2 * np.sin(10 * x + shift) + 0.25 * x + 10 + rng.normal(0, 0.1, (classes, per_class))
    order = rng.permutation(classes * per_class)
    return np.column_stack([np.tile(x, classes), y.ravel()])[order], np.repeat(np.arange(classes), per_class)[order]


@pytest.fixture
def whitened():
    """Return a function: oscillating data of a seed, split 2:1:1 and whitened with the training rows, as (X, y) x 3."""

    def make(seed: int = 0):
        X, y = waves(seed)
        mean = X[:400].mean(axis=0)
        U, S, _ = np.linalg.svd((X[:400] - mean).T @ (X[:400] - mean) / 400)
        X = (X - mean) @ U / np.sqrt(S + 1e-5)
        return X[:400], y[:400], X[400:600], y[400:600], X[600:], y[600:]

    return make


@pytest.fixture
def finish():
    """Return a function that runs a trainer to its end: ``.curve`` (list of mappings) and ``.model``."""

    def run(trainer, X, y, X_validation=None, y_validation=None, classes=None):
        X_validation, y_validation = (X, y) if X_validation is None else (X_validation, y_validation)
        classes = int(y.max()) + 1 if classes is None else classes
        epochs, curve = trainer.train(X, y, X_validation, y_validation, classes=classes), []
        while True:
            try:
                curve.append(next(epochs))
            except StopIteration as stop:
                return SimpleNamespace(curve=curve, model=stop.value)

    return run
