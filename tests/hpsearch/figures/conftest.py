"""A small sweep on the oscillating data, made with plain NumPy: what the pictures' tests draw."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from hpsearch.figures import FigureInputs
from hpsearch.spec import Choices, Range
from hpsearch.trial import Curve

CLASSES = ("north", "east", "south", "west")


def oscillating(per_class: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = np.linspace(-np.pi, np.pi, per_class) + 5
    rows = []
    for j in range(4):
        phase = j * np.pi / 2
        waves = np.sin(x + phase) + 0.2 * np.sin(10 * x + phase) + 0.25 * x + 10
        rows.append(np.column_stack([x, waves + rng.normal(0, 0.1, per_class)]))
    return np.concatenate(rows), np.repeat(np.arange(4), per_class)


@dataclass
class Net:
    """Two hidden layers with ReLU and the standardized inputs' mean and deviation."""

    weights: list[np.ndarray]
    biases: list[np.ndarray]
    mean: np.ndarray
    deviation: np.ndarray

    def layers(self, X: np.ndarray) -> list[np.ndarray]:
        outputs = [(X - self.mean) / self.deviation]
        for place, (W, b) in enumerate(zip(self.weights, self.biases, strict=True)):
            scores = outputs[-1] @ W + b
            outputs.append(np.maximum(scores, 0) if place < len(self.weights) - 1 else scores)
        return outputs

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        scores = self.layers(X)[-1]
        exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
        return exponentials / exponentials.sum(axis=1, keepdims=True)

    def predict(self, X: np.ndarray) -> np.ndarray:
        return np.asarray(CLASSES)[self.predict_proba(X).argmax(axis=1)]


def train(hidden: int, epochs: int, rate: float, seed: int = 0) -> tuple[Net, Curve]:
    rng = np.random.default_rng(seed)
    X, y = oscillating(100, seed)
    X_val, y_val = oscillating(50, seed + 1)
    sizes = [2, hidden, hidden, 4]
    net = Net(
        [rng.normal(size=(a, b)) * 0.5 * np.sqrt(2 / a) for a, b in itertools.pairwise(sizes)],
        [np.zeros(b) for b in sizes[1:]],
        X.mean(axis=0),
        X.std(axis=0),
    )
    names = ["train_loss", "val_loss", "l2_loss", "train_accuracy", "val_accuracy", "learning_rate"]
    names += [f"update_ratio/layer{i}/{kind}" for i in (1, 2, 3) for kind in ("weights", "biases")]
    speed = [np.zeros_like(p) for pair in zip(net.weights, net.biases, strict=True) for p in pair]
    rows = [_epoch(net, (X, y), (X_val, y_val), speed, rate * 0.999**e) for e in range(epochs)]
    return net, Curve(tuple(names), np.array(rows))


def _epoch(net: Net, training: tuple, validation: tuple, speed: list[np.ndarray], rate: float) -> list[float]:
    X, y = training
    outputs = net.layers(X)
    gradient = net.predict_proba(X)
    gradient[np.arange(len(y)), y] -= 1
    gradient /= len(y)
    ratios: list[float] = []
    for place in (2, 1, 0):
        gradients = (outputs[place].T @ gradient + 1e-4 * net.weights[place], gradient.sum(axis=0))
        gradient = (gradient @ net.weights[place].T) * (outputs[place] > 0)
        steps = []
        for kind, (array, slope) in enumerate(zip((net.weights[place], net.biases[place]), gradients, strict=True)):
            before = speed[2 * place + kind].copy()
            speed[2 * place + kind][:] = 0.9 * before - rate * slope
            step = speed[2 * place + kind] + 0.9 * (speed[2 * place + kind] - before)
            steps.append(np.abs(step).sum() / max(np.abs(array).sum(), 1e-12))
            array += step
        ratios = steps + ratios
    scored = [_score(net, *rows) for rows in (training, validation)]
    l2 = 0.5e-4 * sum((W**2).sum() for W in net.weights)
    return [scored[0][0], scored[1][0], l2, scored[0][1], scored[1][1], rate, *ratios]


def _score(net: Net, X: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    p = net.predict_proba(X)
    return float(-np.log(p[np.arange(len(y)), y] + 1e-300).mean()), float((p.argmax(axis=1) == y).mean())


def table(trials: int = 24, seed: int = 0) -> pd.DataFrame:
    """Return trials of which number 4 was pruned, number 7 failed, and number 11 is the best."""
    rng = np.random.default_rng(seed)
    rate = 10 ** rng.uniform(-4, -1, trials)
    value = 0.8 - 0.08 * (np.log10(rate) + 1.8) ** 2 + rng.normal(0, 0.02, trials)
    value[11] = value.max() + 0.01
    state = np.full(trials, "complete", dtype=object)
    state[4], state[7] = "pruned", "failed"
    value[[4, 7]] = np.nan
    hidden = np.array(["[50]", "[100, 100]", "[20, 20, 20]"])[rng.integers(0, 3, trials)]
    return pd.DataFrame(
        {
            "number": np.arange(trials),
            "state": pd.Series(state, dtype="string"),
            "value": value,
            "params.learning_rate": rate,
            "params.l2": 10 ** rng.uniform(-5, -2, trials),
            "params.momentum": rng.uniform(0.5, 0.99, trials),
            "params.hidden": pd.Series(hidden, dtype="string"),
        }
    )


SPACE = {
    "learning_rate": Range(low=1e-4, high=1e-1, log=True),
    "l2": Range(low=1e-5, high=1e-2, log=True),
    "momentum": Range(low=0.5, high=0.99),
    "hidden": Choices(choices=([50], [100, 100], [20, 20, 20])),
}


@pytest.fixture(scope="session")
def trained() -> tuple[Net, Curve]:
    return train(hidden=40, epochs=200, rate=0.05)


@pytest.fixture
def trials() -> pd.DataFrame:
    return table()


@pytest.fixture
def space() -> dict[str, Range | Choices]:
    return dict(SPACE)


def figure_inputs(net: Net, curve: Curve) -> FigureInputs:
    X, y = oscillating(50, 5)
    return FigureInputs(
        name="oscillating",
        metric="val_accuracy",
        maximize=True,
        space=SPACE,
        trials=table(),
        best=11,
        params={"learning_rate": 0.03, "l2": 1e-4, "hidden": [100, 100]},
        curve=curve,
        epoch=curve.epochs,
        classes=CLASSES,
        features=("x", "y"),
        predict=net.predict,
        predict_proba=net.predict_proba,
        X_test=X,
        y_test=np.asarray(CLASSES)[y],
        y_pred=net.predict(X),
    )


@pytest.fixture
def sweep(trained: tuple[Net, Curve]) -> FigureInputs:
    return figure_inputs(*trained)
