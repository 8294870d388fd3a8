"""Softmax cross entropy: the negative log-probability of each row's class.

`binary_cross_entropy` does with one output for two classes.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from trainers.arrays import Array
from trainers.losses.loss import Loss


class SoftmaxCrossEntropy(Loss):
    """Compute ``-log softmax(scores)[class]``, with the maximum taken off first so that nothing overflows."""

    kind: ClassVar[str] = "softmax_cross_entropy"
    _targets: Array = np.empty(0)

    def outputs(self, classes: int) -> int:
        """Return one score a class."""
        return classes

    def encode(self, y: Array, classes: int, dtype: np.dtype[Any]) -> Array:
        """Return one-hot columns."""
        targets = np.zeros((classes, len(y)), dtype)
        targets[y, np.arange(len(y))] = 1
        return targets

    def forward(self, scores: Array, targets: Array) -> Array:
        """Return ``log(sum(exp(s - max))) - (s[class] - max)`` for each row."""
        shifted = scores - scores.max(axis=0)
        self._exponentials = np.exp(shifted)
        self._sums = self._exponentials.sum(axis=0)
        if targets is not self._targets:
            self._targets = targets
            self._places = targets.argmax(axis=0) * targets.shape[1] + np.arange(targets.shape[1])
        losses: Array = np.log(self._sums)
        # Picked by place, not by a product with the one-hot columns: scores of other classes may be -inf.
        losses -= shifted.take(self._places)
        return losses

    def backward(self, weights: Array) -> Array:
        """Return ``(softmax(scores) - one-hot) * weights``."""
        rows = len(weights)
        gradient: Array = self._exponentials[:, :rows] * (1 / self._sums[:rows])
        gradient -= self._targets[:, :rows]
        gradient *= weights
        return gradient

    def decide(self, scores: Array) -> Array:
        """Return the class of the largest score; the first of equals."""
        codes: Array = np.argmax(scores, axis=0)
        return codes

    def probabilities(self, scores: Array) -> Array:
        """Return ``softmax(scores)``."""
        exponentials: Array = np.exp(scores - scores.max(axis=0))
        exponentials /= exponentials.sum(axis=0)
        return exponentials
