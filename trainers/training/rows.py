"""The rows a network learns from and is validated on, laid out once for all epochs.

Training and validation rows lie side by side, so that one forward pass measures both (`full_batch`); targets are
encoded as the loss wants them, and each row has the weight of its loss. Classes weigh differently in training alone:
a validation loss that followed them could be made small by weights that hide a class.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from trainers.arrays import Array
from trainers.losses import Loss
from trainers.training.class_weights import ClassWeights, weights_of_classes

Data: TypeAlias = tuple[Array, Array, Array, Array]  # features, codes or targets, and those of the validation rows


@dataclass(frozen=True, eq=False)
class Rows:
    """Training rows first, validation rows after them.

    Attributes
    ----------
    X : (rows, features)
    x : (features, rows), the same numbers with a row of the network as a column
    y : (rows,) class codes or standardized targets
    targets : (outputs, rows) as the loss wants them
    trained : number of training rows
    weights, validation_weights : (rows,) of each row's loss; each sums to 1, validation rows weigh alike
    classes : number of classes, 0 for regression
    center, scale : of the targets before they were standardized; 0 and 1 for classes
    """

    X: Array
    x: Array
    y: Array
    targets: Array
    trained: int
    weights: Array
    validation_weights: Array
    classes: int
    center: float = 0.0
    scale: float = 1.0


def lay_out(data: Data, loss: Loss, classes: int, dtype: np.dtype[Any], class_weights: ClassWeights = None) -> Rows:
    """Check and lay out ``(X, y, X_validation, y_validation)``.

    Parameters
    ----------
    data : (rows, features), (rows,), and the same of the validation rows
    loss : that encodes the targets
    classes : number of classes, 0 for regression
    dtype : of the network
    class_weights : ``balanced``, or the weight of each class in the training loss

    Raises
    ------
    ValueError
        If shapes do not fit together, or a code is not a class.
    """
    _check(data, classes)
    X_train, y_train, X_validation, y_validation = data
    center, scale = (0.0, 1.0) if classes else _standard(y_train)
    X = np.concatenate([X_train, X_validation]).astype(dtype)
    y = np.concatenate([y_train, y_validation])
    y = y.astype(np.int64) if classes else (y - center) / scale
    trained, per_class = len(X_train), weights_of_classes(class_weights, y_train, classes)
    return Rows(
        X=X,
        x=np.ascontiguousarray(X.T),
        y=y,
        targets=loss.encode(y, classes, dtype),
        trained=trained,
        weights=_weights(y[:trained], per_class, dtype),
        validation_weights=_weights(y[trained:], None, dtype),
        classes=classes,
        center=center,
        scale=scale,
    )


def _standard(y: Array) -> tuple[float, float]:
    deviation = float(np.std(y))
    return float(np.mean(y)), deviation if deviation > 0 else 1.0


def _weights(y: Array, per_class: Array | None, dtype: np.dtype[Any]) -> Array:
    """Return each row's share of the mean loss; they sum to 1."""
    weights = np.ones(len(y)) if per_class is None else per_class[y]
    total = weights.sum()
    if not total > 0:
        raise ValueError("class_weights: some row must have a weight above 0, got none")
    shares: Array = (weights / total).astype(dtype)
    return shares


def _check(data: Data, classes: int) -> None:
    X_train, y_train, X_validation, y_validation = data
    for name, X, y in (("X", X_train, y_train), ("X_validation", X_validation, y_validation)):
        if X.ndim != 2 or len(X) == 0 or X.shape[1] != X_train.shape[1]:
            raise ValueError(f"{name}: must have the shape (rows, {X_train.shape[-1]}), rows above 0, got {X.shape}")
        if y.shape != (len(X),):
            raise ValueError(f"{name.replace('X', 'y')}: must have the shape ({len(X)},), got {y.shape}")
        if classes and (y.min() < 0 or y.max() >= classes):
            raise ValueError(
                f"{name.replace('X', 'y')}: codes must lie from 0 to {classes - 1}, got {y.min()}, {y.max()}"
            )
    if classes < 0 or classes == 1:
        raise ValueError(f"classes: must be 0 for regression or at least 2, got {classes}")
