"""Divides rows into training, validation and test rows: shuffled, stratified, and the same for the same seed.

Works on codes alone, so that `prepare` can make the split before anything else looks at the rows. Knows nothing
of files or transforms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.errors import DataError

PARTS = ("train", "validation", "test")


@dataclass(frozen=True, eq=False)
class Split:
    """Row numbers of the three parts, each (rows of that part,) int64; together every row once."""

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]


def split_rows(
    y: NDArray[Any], classes: Sequence[Any], ratios: tuple[float, float, float] = (2, 1, 1), seed: int = 0
) -> Split:
    """Split rows so that every part has its share of every class, and at least one row of it.

    In each part the count of each class is within one row of its exact share, unless the class is so small that
    the share would be zero. What rounding takes from a part for one class it gets back for the next, so that the
    sizes of the parts stay close to the ratios however many classes there are.

    Parameters
    ----------
    y : (rows,) int64 codes, or float64 targets where `classes` is empty
    classes : labels the codes point to, for messages; empty for regression, which is split without strata
    ratios : sizes of train, validation and test relative to each other
    seed : of the shuffle

    Raises
    ------
    DataError
        A ratio is not above zero, or a class (or the whole data, for regression) has fewer rows than parts.
    """
    shares = _shares(ratios)
    rng = np.random.default_rng(seed)
    strata = [np.flatnonzero(y == code) for code in range(len(classes))] if classes else [np.arange(len(y))]
    _refuse_small(strata, classes, len(y))
    parts: list[list[NDArray[np.int64]]] = [[], [], []]
    owed = np.zeros(3)
    for stratum in strata:
        counts = _allot(len(stratum), shares, owed)
        owed += len(stratum) * shares - counts
        pieces = np.split(rng.permutation(stratum), np.cumsum(counts)[:-1])
        for part, piece in zip(parts, pieces, strict=True):
            part.append(piece)
    return Split(*(rng.permutation(np.concatenate(part)).astype(np.int64) for part in parts))


def _shares(ratios: tuple[float, float, float]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = np.array(ratios, dtype=np.float64)
    if shares.shape != (3,) or not np.all(np.isfinite(shares)) or not np.all(shares > 0):
        raise DataError(f"data.split: three numbers above zero (train, validation, test) are needed, got {ratios}")
    shares /= shares.sum()
    return shares


def _refuse_small(strata: list[NDArray[np.int64]], classes: Sequence[Any], rows: int) -> None:
    needed = len(PARTS)
    if not classes and rows < needed:
        raise DataError(f"data: at least {needed} rows are needed to split (one a part), got {rows}")
    small = [(label, len(s)) for label, s in zip(classes, strata, strict=False) if len(s) < needed]
    if not small:
        return
    shown = ", ".join(f"{label!r} has {count}" for label, count in small[:5]) + (", …" if len(small) > 5 else "")
    hint = "; for numbers to be predicted set data.task: regression" if len(small) > rows / 10 else ""
    raise DataError(
        f"data: every class needs at least {needed} rows, one each for {', '.join(PARTS)}; "
        f"{len(small)} of {len(classes)} classes in {rows} rows have fewer: {shown}{hint}"
    )


def _allot(rows: int, shares: NDArray[np.float64], owed: NDArray[np.float64]) -> NDArray[np.int64]:
    """Divide `rows` by the largest remainder, counting what earlier classes still owe each part."""
    exact = rows * shares
    counts = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact + owed - counts), kind="stable")
    counts[order[: rows - counts.sum()]] += 1
    while counts.min() == 0:
        counts[counts.argmax()] -= 1
        counts[counts.argmin()] += 1
    return counts
