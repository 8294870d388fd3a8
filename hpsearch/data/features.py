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
    cells = list(column)
    _refuse_text(cells, name, where)
    return np.array([_number(cell, name, row, where) for row, cell in enumerate(cells)], dtype=np.float64)


def _refuse_text(cells: list[Any], name: str, where: str) -> None:
    """Name the first cell that is no number: one word in a CSV column turns its numbers into text as well."""
    text = [(row, cell) for row, cell in enumerate(cells) if isinstance(cell, (str, bytes))]
    if text:
        words = [(row, cell) for row, cell in text if not _reads_as_number(cell)] or text
        raise _bad_cell(where, name, *words[0], len(words))


def _reads_as_number(cell: str | bytes) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _number(cell: Any, name: str, row: int, where: str) -> float:
    if isinstance(cell, (bool, int, float, np.bool_, np.integer, np.floating)):
        return float(cell) if not isinstance(cell, int) or abs(cell) < 2**1023 else float("inf")
    if is_missing(cell):
        return float("nan")
    raise _bad_cell(where, name, row, cell, 1)


def is_missing(cell: Any) -> bool:
    """Return whether a cell is one of the marks for "nothing here": None, NaN, pandas' NA and NaT."""
    return cell is None or type(cell).__name__ in ("NAType", "NaTType") or (isinstance(cell, float) and cell != cell)


def _bad_cell(where: str, name: str, row: int, cell: Any, count: int) -> DataError:
    more = f" and {count - 1} more" if count > 1 else ""
    got = repr(str(cell)[:40]) if isinstance(cell, (str, bytes)) else str(cell)[:40]
    if got == "nan":
        got = "nan (an empty or missing cell)"
    return DataError(
        f"{where}: features must be finite numbers, got {got} in column {name!r}, row {row + 1}{more}; "
        "rows are counted from 1, a header is not"
    )
