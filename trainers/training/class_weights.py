"""Weights of classes in the training loss, so that a rare class is not drowned by a frequent one.

`rows` lays them out beside the targets.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from trainers.arrays import Array
from trainers.settings import check_choice, check_not_negative

ClassWeights: TypeAlias = str | list[float] | None


def check_class_weights(value: object) -> None:
    """Refuse anything but None, ``balanced``, or a list of numbers of at least 0.

    Raises
    ------
    ValueError
        Naming the rule and the value.
    """
    if value is None:
        return
    if not isinstance(value, list | tuple):
        check_choice("class_weights", value, ["balanced"])
        return
    for place, weight in enumerate(value):
        check_not_negative(f"class_weights[{place}]", weight)


def weights_of_classes(value: ClassWeights, y: Array, classes: int) -> Array | None:
    """Return the weight of each class, ``(classes,)``; None where all rows weigh the same.

    ``balanced`` is ``rows / (classes * rows of the class)``, as in scikit-learn.

    Raises
    ------
    ValueError
        If there is not one weight for each class.
    """
    if value is None:
        return None
    if not classes:
        raise ValueError("class_weights: are for classes, got a regression")
    if value == "balanced":
        counts = np.bincount(y.astype(np.int64), minlength=classes)
        return len(y) / (classes * np.maximum(counts, 1))
    if len(value) != classes:
        raise ValueError(f"class_weights: must be one for each of {classes} classes, got {len(value)}")
    return np.asarray(value, np.float64)
