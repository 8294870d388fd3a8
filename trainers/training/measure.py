"""What every epoch reports about the scores of all rows: losses, and accuracy or error.

Used at the end of each epoch by `full_batch` and `minibatches`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from trainers.arrays import Array, Metrics
from trainers.losses import Loss
from trainers.training.rows import Rows


def measure_with(loss: Loss, rows: Rows) -> Callable[[Array], Metrics]:
    """Return a function that measures scores ``(outputs, rows)`` of training and validation rows.

    It runs the loss forward over all rows, so that ``loss.backward`` may follow.
    """
    count, spread = rows.trained, _spread(rows.y[rows.trained :])

    def losses(scores: Array) -> Metrics:
        each = loss.forward(scores, rows.targets)
        return {
            "train_loss": float(each[:count] @ rows.weights),
            "val_loss": float(each[count:] @ rows.validation_weights),
        }

    def classification(scores: Array) -> Metrics:
        metrics = losses(scores)
        hits = loss.decide(scores) == rows.y
        metrics["train_accuracy"] = int(np.count_nonzero(hits[:count])) / count
        metrics["val_accuracy"] = int(np.count_nonzero(hits[count:])) / (len(hits) - count)
        return metrics

    def regression(scores: Array) -> Metrics:
        metrics = losses(scores)
        errors = np.square(scores[0] - rows.y)
        train, validation = float(errors[:count].mean()), float(errors[count:].mean())
        metrics["train_rmse"] = rows.scale * train**0.5
        metrics["val_rmse"] = rows.scale * validation**0.5
        metrics["val_r2"] = 1 - validation / spread if spread else 0.0
        return metrics

    return classification if rows.classes else regression


def _spread(y: Array) -> float:
    return float(np.var(y))
