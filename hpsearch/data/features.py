"""Turns columns of any origin into a float64 matrix, or says which cell cannot be a number.

Read by `dataset` for training rows and by `hpsearch.model.predictor` for rows to predict, so that both refuse the
same cells with the same words. Accepts arrays and DataFrames alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.errors import DataError


def finite_features(X: Any, features: Sequence[str], where: str = "data") -> NDArray[np.float64]:
    """Return `X` as a matrix of finite numbers.

    Parameters
    ----------
    X : (rows, features) array or DataFrame of numbers or booleans
    features : names of the columns, for messages
    where : what the messages begin with

    Returns
    -------
    (rows, features) float64, C-contiguous

    Raises
    ------
    DataError
        A cell holds text, NaN or infinity; the message names its column and its row, counted from 1.
    """
    matrix = _matrix(X, features, where)
    bad = ~np.isfinite(matrix)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise _bad_cell(where, features[column], int(row), matrix[row, column], int(bad.sum()))
    return matrix


def _matrix(X: Any, features: Sequence[str], where: str) -> NDArray[np.float64]:
    if not hasattr(X, "iloc"):
        array = np.asarray(X)
        if array.dtype.kind in "biuf":
            return np.ascontiguousarray(array, dtype=np.float64)
        columns: list[Any] = [array[:, i] for i in range(array.shape[1])]
    else:
        columns = [X.iloc[:, i] for i in range(X.shape[1])]
    matrix = np.empty((len(X), len(columns)), dtype=np.float64)
    for i, column in enumerate(columns):
        matrix[:, i] = _numbers(column, features[i], where)
    return matrix


def _numbers(column: Any, name: str, where: str) -> NDArray[np.float64]:
    kind = getattr(column.dtype, "kind", "O")
    if kind in "biuf":
        # An extension dtype (Int64, boolean) has gaps, which become NaN and are named as such.
        gaps = {"na_value": np.nan} if hasattr(column, "iloc") else None
        return np.asarray(column.to_numpy(dtype=np.float64, **gaps) if gaps else column, dtype=np.float64)
    if kind in "mMc":
        raise DataError(f"{where}: column {name!r} must hold numbers, got {column.dtype}; leave it out or convert it")
    values = np.full(len(column), np.nan)
    for row, cell in enumerate(column):
        values[row] = _number(cell, name, row, where)
    return values


def _number(cell: Any, name: str, row: int, where: str) -> float:
    """Return a cell of an object column as a number; text never counts as one, not even "1"."""
    if isinstance(cell, (bool, int, float, np.number, np.bool_)) and not isinstance(cell, np.complexfloating):
        return float(cell)
    if cell is None or type(cell).__name__ in ("NAType", "NaTType"):
        return float("nan")
    raise _bad_cell(where, name, row, cell, 1)


def _bad_cell(where: str, name: str, row: int, cell: Any, count: int) -> DataError:
    more = f" and {count - 1} more" if count > 1 else ""
    got = repr(str(cell)[:40]) if isinstance(cell, (str, bytes)) else str(cell)[:40]
    if got == "nan":
        got = "nan (an empty or missing cell)"
    return DataError(
        f"{where}: features must be finite numbers, got {got} in column {name!r}, row {row + 1}{more}; "
        "rows are counted from 1 below the header"
    )
