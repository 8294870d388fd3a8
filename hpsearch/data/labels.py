"""Turns labels into codes and targets into numbers, and keeps what the labels were.

Labels may be text, integers, booleans or floats; the classes keep that type in a form JSON knows, because
`hpsearch.model` writes them into a model's config and gives them back as predictions. Read by `dataset`.
"""

from __future__ import annotations

from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.data.features import is_missing
from hpsearch.errors import DataError

Label = str | int | float | bool

_WHERE = "data.label"


def encode(y: NDArray[Any]) -> tuple[NDArray[np.int64], tuple[Label, ...]]:
    """Return codes and the sorted classes they point to.

    Floats that are all whole numbers become integers, as in a column whose gaps were dropped elsewhere.

    Parameters
    ----------
    y : (rows,) labels of one type

    Returns
    -------
    codes : (rows,) int64
    classes : one label a code, sorted

    Raises
    ------
    DataError
        A label is missing or not finite, the types are mixed, or there are fewer than two classes, or fewer rows
        than classes need.
    """
    labels, codes = _factorize(_uniform(y))
    if len(labels) == 1:
        raise DataError(f"{_WHERE}: at least two classes are needed, got only {labels[0]!r} in {len(y)} rows")
    return codes, labels


def target(y: NDArray[Any]) -> NDArray[np.float64]:
    """Return regression targets as finite float64 of shape (rows,).

    Raises
    ------
    DataError
        A target is text, missing or infinite; the message names its row.
    """
    for row, value in enumerate(y if y.dtype.kind not in "biuf" else ()):
        if not isinstance(value, (bool, int, float, np.number)):
            raise DataError(f"{_WHERE}: targets of a regression must be numbers, got {_shown(value)} in row {row + 1}")
    values = y.astype(np.float64)
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        raise DataError(f"{_WHERE}: targets must be finite, got {values[bad[0]]} in row {bad[0] + 1}")
    return values


def _factorize(y: NDArray[Any]) -> tuple[tuple[Label, ...], NDArray[np.int64]]:
    if y.dtype.kind != "O":
        classes, codes = np.unique(y, return_inverse=True)
        return tuple(classes.tolist()), codes.astype(np.int64)
    # Text stays as objects: an array of text takes the length of its longest entry for every row.
    labels = tuple(sorted(set(y.tolist())))
    code = {label: i for i, label in enumerate(labels)}
    return labels, np.array([code[label] for label in y], dtype=np.int64)


def _uniform(y: NDArray[Any]) -> NDArray[Any]:
    """Return the labels as booleans, integers, float64 or text; text of a table stays as objects."""
    _refuse_missing(y)
    if y.dtype.kind == "O":
        y = _from_objects(y)
    if y.dtype.kind == "f":
        y = y.astype(np.float64)
        return y.astype(np.int64) if np.all(np.abs(y) < 2**53) and np.all(y == np.round(y)) else y
    if y.dtype.kind not in "biuUO":
        raise DataError(f"{_WHERE}: labels must be text, integers, booleans or floats, got {y.dtype}")
    return y


def _from_objects(y: NDArray[Any]) -> NDArray[Any]:
    kinds = {_kind(value, row) for row, value in enumerate(y)}
    if len(kinds) > 1:
        raise DataError(f"{_WHERE}: labels must all be of one type, got {' and '.join(sorted(kinds))}")
    return y if kinds == {"text"} else np.array(y.tolist())


def _kind(value: Any, row: int) -> str:
    for kind, types in (("bool", (bool, np.bool_)), ("text", str), ("int", (int, np.integer)), ("float", float)):
        if isinstance(value, types):
            return kind
    name = type(value).__name__
    raise DataError(f"{_WHERE}: labels must be text, integers, booleans or floats, got a {name} in row {row + 1}")


def _refuse_missing(y: NDArray[Any]) -> None:
    if y.dtype.kind == "f":
        missing = ~np.isfinite(y)
    elif y.dtype.kind == "O":
        missing = np.array([is_missing(v) or (isinstance(v, float) and not isfinite(v)) for v in y], dtype=bool)
    else:
        return
    if missing.any():
        row = int(np.argmax(missing))
        raise DataError(
            f"{_WHERE}: every row needs a label, got {_shown(y[row])} in row {row + 1} "
            f"({int(missing.sum())} such rows); an empty cell, NA, null and None count as missing"
        )


def _shown(value: Any) -> str:
    return repr(value.item() if isinstance(value, np.generic) else value)[:60]
