"""Binary cross entropy of one logistic output, computed from its logit.

For two classes; `softmax_cross_entropy` is for any number.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from trainers.arrays import Array
from trainers.losses.loss import Loss


class BinaryCrossEntropy(Loss):
    """Compute ``log(1 + exp(s)) - t s`` for a logit s and a target t of 0 or 1.

    Notes
    -----
    Written as ``max(s, 0) - t s + log(1 + exp(-|s|))``, which is finite for any finite logit.
    """

    kind: ClassVar[str] = "binary_cross_entropy"

    def outputs(self, classes: int) -> int:
        """Return one score; there must be two classes.

        Raises
        ------
        ValueError
            If there are not exactly two classes.
        """
        if classes != 2:
            raise ValueError(f"output: sigmoid is for 2 classes, got {classes}; choose softmax")
        return 1

    def encode(self, y: Array, classes: int, dtype: np.dtype[Any]) -> Array:
        """Return the codes as ``(1, rows)`` numbers."""
        return y.astype(dtype)[None]

    def forward(self, scores: Array, targets: Array) -> Array:
        """Return each row's loss."""
        self._scores, self._targets = scores, targets
        losses: Array = np.log1p(np.exp(-np.abs(scores[0])))
        losses += np.maximum(scores[0], 0) - targets[0] * scores[0]
        return losses

    def backward(self, weights: Array) -> Array:
        """Return ``(sigmoid(s) - t) * weights``."""
        rows = len(weights)
        gradient = _logistic(self._scores[:, :rows])
        gradient -= self._targets[:, :rows]
        gradient *= weights
        return gradient

    def decide(self, scores: Array) -> Array:
        """Return class 1 where the logit is above 0."""
        codes: Array = (scores[0] > 0).astype(np.int64)
        return codes

    def probabilities(self, scores: Array) -> Array:
        """Return the probabilities of both classes, ``(2, rows)``."""
        return np.concatenate([_logistic(-scores), _logistic(scores)])


def _logistic(scores: Array) -> Array:
    half: Array = np.tanh(0.5 * scores)
    half += 1
    half *= 0.5
    return half
