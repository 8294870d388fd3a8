"""Losses by name: what a stored model may have been trained with; one file each.

`loss` says what each keeps to.
"""

from __future__ import annotations

from trainers.losses.binary_cross_entropy import BinaryCrossEntropy
from trainers.losses.loss import Loss
from trainers.losses.mean_squared_error import MeanSquaredError
from trainers.losses.softmax_cross_entropy import SoftmaxCrossEntropy

LOSSES: dict[str, type[Loss]] = {
    loss.kind: loss for loss in (SoftmaxCrossEntropy, BinaryCrossEntropy, MeanSquaredError)
}

__all__ = ["LOSSES", "BinaryCrossEntropy", "Loss", "MeanSquaredError", "SoftmaxCrossEntropy"]
