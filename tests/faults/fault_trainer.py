"""A trainer for sweeps under fault: slow, exact, and it leaves a mark for every attempt.

Copied beside the specs. `marks` holds one file an attempt, ``SEED.PID.NANOSECONDS``, so that a test knows which
process trains which trial. Below `wrong`, a trial goes wrong in the way of `how`.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np


class Means:
    """Predicts the class whose mean is nearest."""

    def __init__(self, means):
        self.means = np.asarray(means)

    def _distances(self, X):
        return ((X[:, None, :] - self.means[None]) ** 2).sum(axis=2)

    def predict(self, X):
        return self._distances(X).argmin(axis=1).astype(np.int64)

    def predict_proba(self, X):
        weights = 1 / (1 + self._distances(X))
        return weights / weights.sum(axis=1, keepdims=True)

    def state(self):
        return {"kind": "means"}, {"means": self.means}


@dataclass
class Trainer:
    x: float = 0.5
    epochs: int = 10
    pause: float = 0.05
    marks: str = ""
    wrong: float = -1.0
    how: str = ""
    ballast: int = 0
    seed: int = 0

    def train(self, X, y, X_validation, y_validation, *, classes):
        if self.marks:
            (Path(self.marks) / f"{self.seed}.{os.getpid()}.{time.monotonic_ns()}").touch()
        for epoch in range(1, self.epochs + 1):
            time.sleep(self.pause)
            if epoch == 3 and self.x < self.wrong:
                self._go_wrong()
            yield {"val_accuracy": 1 / (1 + (self.x - 0.3) ** 2 + 1 / epoch), "val_loss": self.x + 1 / epoch}
        means = np.stack([X[y == code].mean(axis=0) for code in range(classes)])
        model = Means(means + (self.x - 0.3) * np.arange(classes)[:, None])
        if self.ballast:
            noise = np.random.default_rng(self.seed).random(self.ballast)
            model.state = lambda: ({"kind": "means"}, {"means": model.means, "ballast": noise})
        return model

    def _go_wrong(self):
        if self.how == "raise":
            _deep(60)
        if self.how == "exit":
            print("the tide went out", file=sys.stderr, flush=True)
            os._exit(9)
        if self.how == "memory":
            self.kept = np.ones(2 * 2**27)  # two GiB
        if self.how == "hang":
            time.sleep(3600)

    @staticmethod
    def restore(config, arrays):
        return Means(arrays["means"])


def _deep(depth):
    """Raise from the depth, so that the traceback is longer than what is kept of it."""
    if depth % 2 or depth:
        _deep(depth - 1)
    else:
        raise RuntimeError("the moon is in the wrong phase")
