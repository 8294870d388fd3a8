"""What a trainer and a model must offer, and nothing else about them.

This is the one seam between the service and the networks: `worker` pulls a trainer's epochs through it, `model`
stores and restores through it. A trainer needs no import of ours; these classes exist for readers and type checkers.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

State = tuple[dict[str, Any], dict[str, NDArray[Any]]]


class Model(Protocol):
    """What a trainer returns when its epochs are over.

    An optional attribute ``epoch`` (int, counted from 1) names the epoch whose weights the model holds, where that
    is not the last one (early stopping); the trial's value is then read at that epoch.
    """

    def predict(self, X: NDArray[Any]) -> NDArray[Any]:
        """Predict class codes, ``(rows,) int64``, or targets, ``(rows,) float64``, of ``X : (rows, features)``."""

    def predict_proba(self, X: NDArray[Any]) -> NDArray[np.float64]:
        """Predict probabilities, ``(rows, classes) float64``; only called for classes."""

    def state(self) -> State:
        """Return what restores this model: a JSON-able configuration and named arrays (no object dtype)."""


class Trainer(Protocol):
    """A class (or any factory) called with settings as keywords and ``seed=int``; unknown keywords are refused."""

    def train(
        self,
        X: NDArray[np.float64],
        y: NDArray[Any],
        X_validation: NDArray[np.float64],
        y_validation: NDArray[Any],
        *,
        classes: int,
    ) -> Generator[Mapping[str, float], None, Model]:
        """Yield one mapping of metrics an epoch, always with the same keys, and return the model.

        Parameters
        ----------
        X, X_validation : (rows, features) float64
            Transformed features.
        y, y_validation : (rows,) int64 codes from 0 to ``classes - 1``, or float64 targets when ``classes`` is 0
        classes : int
            Number of classes; 0 for regression.
        """

    @staticmethod
    def restore(config: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Model:
        """Rebuild a model from what its ``state`` returned; must check shapes, must not execute anything stored."""
