"""Finds the value from which (or up to which) trials show something, such as the rate from which they diverge.

Used by `heat`, `divergence` and `dead_units`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_WRONG_SHARE = 0.25  # of the marked trials, how many a border may put on the wrong side


@dataclass(frozen=True)
class Border:
    """Trials beyond `at` are marked; `everywhere` where all of them are, from the smallest value to the largest."""

    at: float
    marked: int
    everywhere: bool = False


def border_above(values: Sequence[float], marks: Sequence[bool]) -> Border | None:
    """Return the value above which trials are marked; None where no value divides them well enough.

    Parameters
    ----------
    values : of one setting, one a trial
    marks : whether the trial shows what is looked for
    """
    pairs = sorted(zip(values, marks, strict=True))
    total = sum(marks)
    if total < 2:
        return None
    missed, clean = 0, len(pairs) - total
    wrong = []  # for a border below each place: marked ones below it and unmarked ones above it
    for place, (value, mark) in enumerate(pairs):
        if place == 0 or value != pairs[place - 1][0]:
            wrong.append((missed + clean, place))
        missed, clean = missed + mark, clean - (not mark)
    fewest, place = min(wrong)
    if fewest > _WRONG_SHARE * total:
        return None
    marked = sum(mark for _, mark in pairs[place:])
    if place == 0:
        return Border(pairs[0][0], marked, everywhere=True)
    return Border(_between(pairs[place - 1][0], pairs[place][0]), marked)


def border_below(values: Sequence[float], marks: Sequence[bool]) -> Border | None:
    """Return the value below which trials are marked, as `border_above`."""
    border = border_above([-value for value in values], marks)
    return border and Border(-border.at, border.marked, border.everywhere)


def _between(low: float, high: float) -> float:
    product = low * high
    middle = math.sqrt(product) if product > 0 else (low + high) / 2
    return -middle if product > 0 and low < 0 else middle
