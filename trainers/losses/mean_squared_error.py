"""The squared error, for regression.

`training.rows` standardizes its targets.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from trainers.arrays import Array
from trainers.losses.loss import Loss


class MeanSquaredError(Loss):
    """Compute ``(s - t)^2`` for a score s and a target t; its gradient is ``2 (s - t)``."""

    kind: ClassVar[str] = "mean_squared_error"

    def outputs(self, classes: int) -> int:
        """Return one score; there must be no classes.

        Raises
        ------
        ValueError
            If there are classes.
        """
        if classes:
            raise ValueError(f"output: the squared error is for regression, got {classes} classes")
        return 1

    def encode(self, y: Array, classes: int, dtype: np.dtype[Any]) -> Array:
        """Return the targets as ``(1, rows)``."""
        return y.astype(dtype)[None]

    def forward(self, scores: Array, targets: Array) -> Array:
        """Return each row's squared error."""
        self._errors = scores - targets
        squares: Array = np.square(self._errors[0])
        return squares

    def backward(self, weights: Array) -> Array:
        """Return ``2 (s - t) * weights``."""
        gradient: Array = self._errors[:, : len(weights)] * (2 * weights)
        return gradient

    def decide(self, scores: Array) -> Array:
        """Return the scores as values."""
        values: Array = scores[0]
        return values

    def probabilities(self, scores: Array) -> Array:
        """Refuse: values have no probabilities.

        Raises
        ------
        ValueError
            Always.
        """
        raise ValueError("predict_proba: only models with classes have probabilities, this one is a regression")
