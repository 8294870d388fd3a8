"""What a data set is once it can be learned from, and what it is before that.

`readers` and `builtin` produce a `Raw`; `dataset_from` checks it with `features` and `labels` and makes the `Dataset`
that `split` and `prepare` work on. `Rows` is what leaves this package.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hpsearch.data.features import finite_features
from hpsearch.data.labels import Label, encode, target
from hpsearch.errors import DataError

Task = Literal["classification", "regression"]


@dataclass(frozen=True, eq=False)
class Raw:
    """Rows as they were read, unchecked.

    Attributes
    ----------
    X : (rows, features) any dtype, or a DataFrame of that shape
    y : (rows,) any dtype; labels or targets
    features : names of the columns of `X`
    image_shape : (height, width) where a row is an image, else None
    task : what the rows are for where nobody says otherwise
    """

    X: Any
    y: NDArray[Any]
    features: tuple[str, ...]
    image_shape: tuple[int, int] | None = None
    task: Task = "classification"


@dataclass(frozen=True, eq=False)
class Rows:
    """Features and what belongs to them.

    Attributes
    ----------
    X : (rows, features) float64
    y : (rows,) int64 codes into the classes, or float64 targets
    """

    X: NDArray[np.float64]
    y: NDArray[Any]

    def __len__(self) -> int:
        return len(self.y)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Checked rows: finite features, and codes of at least two classes or finite targets.

    Attributes
    ----------
    X : (rows, features) float64
    y : (rows,) int64 codes into `classes`, or float64 targets
    classes : labels in sorted order, all of one type that JSON knows; empty for regression
    features : names of the columns of `X`
    image_shape : (height, width) where a row is an image, else None
    """

    X: NDArray[np.float64]
    y: NDArray[Any]
    classes: tuple[Label, ...]
    features: tuple[str, ...]
    image_shape: tuple[int, int] | None = None

    @property
    def task(self) -> Task:
        """Return what the rows are for."""
        return "classification" if self.classes else "regression"

    def rows(self, index: NDArray[np.int64]) -> Rows:
        """Return the rows at `index`, in that order."""
        return Rows(self.X[index], self.y[index])


def dataset_from(raw: Raw, task: Task | None = None) -> Dataset:
    """Check raw rows and turn their labels into codes.

    Raises
    ------
    DataError
        No rows or no features, a feature that is not a finite number, a label that is missing, or one class only.
    """
    if len(raw.y) == 0:
        raise DataError("data: at least one row is needed, got an empty table")
    if not raw.features:
        raise DataError("data: at least one feature column is needed beside the label, got none")
    X = finite_features(raw.X, raw.features)
    if (task or raw.task) == "regression":
        return Dataset(X, target(raw.y), (), raw.features, raw.image_shape)
    y, classes = encode(raw.y)
    return Dataset(X, y, classes, raw.features, raw.image_shape)
