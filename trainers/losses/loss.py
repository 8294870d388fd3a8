"""What every loss is: outputs needed, targets encoded, a loss for each row, its gradient, and a decision.

Losses are features-first like layers, and own the output's nonlinearity (softmax, logistic function) because both
together are stable where each alone is not. What `forward` leaves for `backward` stays in the loss: each training run
has one of its own. `decide` and `probabilities` leave nothing, so models may be asked from several threads.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np

from trainers.arrays import Array


class Loss(ABC):
    """A loss on linear scores."""

    kind: ClassVar[str]

    @abstractmethod
    def outputs(self, classes: int) -> int:
        """Return how many scores a row has."""

    @abstractmethod
    def encode(self, y: Array, classes: int, dtype: np.dtype[Any]) -> Array:
        """Return targets ``(outputs, rows)`` for codes or values ``y : (rows,)``."""

    @abstractmethod
    def forward(self, scores: Array, targets: Array) -> Array:
        """Return the loss of each row, ``(rows,)``, for ``scores, targets : (outputs, rows)``."""

    @abstractmethod
    def backward(self, weights: Array) -> Array:
        """Return the gradient ``(outputs, len(weights))`` of the weighted sum of the leading rows' losses.

        Weights of ``1 / rows`` make it the gradient of the mean.
        """

    @abstractmethod
    def decide(self, scores: Array) -> Array:
        """Return ``(rows,)`` class codes, or values."""

    @abstractmethod
    def probabilities(self, scores: Array) -> Array:
        """Return ``(classes, rows)`` probabilities that sum to 1."""
