"""The networks of articles A as one would first write them in NumPy: float64, rows first, a formula a line.

What `training.py` compares our trainers with. Nothing here is slow on purpose, and nothing is tuned.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from training_ours import L2, MOMENTUM, RATE, waves

SIZES = (2, 100, 100, 4)
EPSILON = 1e-5


def softmax(scores: np.ndarray) -> np.ndarray:
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def data_loss(probabilities: np.ndarray, y: np.ndarray) -> float:
    return -np.mean(np.log(probabilities[np.arange(len(y)), y]))


def accuracy(scores: np.ndarray, y: np.ndarray) -> float:
    return np.mean(np.argmax(scores, axis=1) == y)


def nesterov(p: np.ndarray, v: np.ndarray, gradient: np.ndarray, rate: float, momentum: float) -> tuple:
    """Return parameters, velocity and the update ratio after one step in the form of articles A."""
    v_new = momentum * v - rate * gradient
    delta = v_new + momentum * (v_new - v)
    size = np.sum(np.abs(p))
    return p + delta, v_new, np.sum(np.abs(delta)) / size if size > 0 else 1.0


def mlp() -> Iterator[dict]:
    """Yield the records of every epoch of the plain network."""
    X, y, X_validation, y_validation = waves()
    rng = np.random.default_rng(0)
    shapes = list(itertools.pairwise(SIZES))
    W = [rng.standard_normal(shape) * 0.5 * np.sqrt(2 / shape[0]) for shape in shapes]
    b = [np.zeros(shape[1]) for shape in shapes]
    vW, vb = [np.zeros_like(w) for w in W], [np.zeros_like(c) for c in b]

    def forward(X: np.ndarray) -> list[np.ndarray]:
        activations = [X]
        for i in range(3):
            z = activations[-1] @ W[i] + b[i]
            activations.append(np.maximum(z, 0) if i < 2 else z)
        return activations

    activations = forward(X)
    while True:
        d = softmax(activations[-1])
        d[np.arange(len(y)), y] -= 1
        d /= len(y)
        record = {}
        for i in (2, 1, 0):
            dW, db = activations[i].T @ d + L2 * W[i], d.sum(axis=0)
            if i > 0:
                d = (d @ W[i].T) * (activations[i] > 0)
            W[i], vW[i], record[f"update_ratio/layer{i + 1}/weights"] = nesterov(W[i], vW[i], dW, RATE, MOMENTUM)
            b[i], vb[i], record[f"update_ratio/layer{i + 1}/biases"] = nesterov(b[i], vb[i], db, RATE, MOMENTUM)
        activations, validation = forward(X), forward(X_validation)
        yield record | records(activations[-1], y, validation[-1], y_validation, W)


def records(scores: np.ndarray, y: np.ndarray, validation: np.ndarray, y_validation: np.ndarray, W: list) -> dict:
    """Return the metrics of one epoch."""
    return {
        "train_loss": data_loss(softmax(scores), y),
        "val_loss": data_loss(softmax(validation), y_validation),
        "l2_loss": 0.5 * L2 * sum(np.sum(w**2) for w in W),
        "train_accuracy": accuracy(scores, y),
        "val_accuracy": accuracy(validation, y_validation),
        "learning_rate": RATE,
    }


def normalize(z: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    return (z - mean) / np.sqrt(variance + EPSILON)


def batchnorm() -> Iterator[dict]:
    """Yield the records of every epoch of the network with batch normalization."""
    X, y, X_validation, y_validation = waves()
    rng = np.random.default_rng(0)
    shapes = list(itertools.pairwise(SIZES))
    W = [rng.standard_normal(shape) * np.sqrt(2 / shape[0]) for shape in shapes]
    gamma, beta = [np.ones(shape[1]) for shape in shapes], [np.zeros(shape[1]) for shape in shapes]
    velocity = {"W": [0 * w for w in W], "gamma": [0 * g for g in gamma], "beta": [0 * c for c in beta]}

    def forward(X: np.ndarray, statistics: list | None) -> tuple[list, list, list]:
        activations, normalized, used = [X], [], []
        for i in range(3):
            z = activations[-1] @ W[i]
            used.append((z.mean(axis=0), z.var(axis=0)) if statistics is None else statistics[i])
            normalized.append(normalize(z, *used[i]))
            out = gamma[i] * normalized[i] + beta[i]
            activations.append(np.maximum(out, 0) if i < 2 else out)
        return activations, normalized, used

    activations, normalized, statistics = forward(X, None)
    while True:
        d = softmax(activations[-1])
        d[np.arange(len(y)), y] -= 1
        d /= len(y)
        record = {}
        for i in (2, 1, 0):
            if i < 2:
                d = d * (activations[i + 1] > 0)
            d_gamma, d_beta = np.sum(d * normalized[i], axis=0), d.sum(axis=0)
            d_hat = d * gamma[i]
            d_z = d_hat - d_hat.mean(axis=0) - normalized[i] * np.mean(d_hat * normalized[i], axis=0)
            d_z /= np.sqrt(statistics[i][1] + EPSILON)
            dW = activations[i].T @ d_z + L2 * W[i]
            if i > 0:
                d = d_z @ W[i].T
            for name, group, gradient in (("W", W, dW), ("gamma", gamma, d_gamma), ("beta", beta, d_beta)):
                v = velocity[name]
                group[i], v[i], ratio = nesterov(group[i], v[i], gradient, RATE, MOMENTUM)
                record[f"update_ratio/layer{i + 1}/{name}"] = ratio
        activations, normalized, statistics = forward(X, None)
        validation, _, _ = forward(X_validation, statistics)
        yield record | records(activations[-1], y, validation[-1], y_validation, W)
