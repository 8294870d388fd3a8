"""Finds a best value at the edge of its range, where better ones may lie beyond, and the range to try next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from hpsearch.diagnosis.curve_stats import RATIO
from hpsearch.diagnosis.evidence import RATE, Evidence
from hpsearch.diagnosis.heat import HOT
from hpsearch.diagnosis.wording import number, range_text
from hpsearch.spec.space import Range
from hpsearch.trial import State

CLOSE = 0.1  # part of the range, or of its logarithm, that counts as its edge
NEAR = 0.5  # the half of the range that the next best trials must lie in too: a setting without influence wins anywhere
FEWEST = 5  # completed trials, and values that a range must have
REACH = (0.5, 0.25, 0.1)  # how far beyond the old end the next range goes, in parts of the old range


def edge(evidence: Evidence) -> list[str]:
    """Name the settings whose best value lies at the edge of their range, with the range to try next."""
    return [sentence for name in evidence.searched_numbers() if (sentence := _sentence(evidence, name))]


def _sentence(evidence: Evidence, name: str) -> str:
    space = evidence.space[name]
    if not isinstance(space, Range) or len(space.grid() or range(FEWEST)) < FEWEST:
        return ""
    addresses = [_place(space, value) for value in _leaders(evidence, name)]
    if not addresses:
        return ""
    upper = addresses[0] >= 1 - CLOSE and median(addresses) >= 1 - NEAR
    lower = addresses[0] <= CLOSE and median(addresses) <= NEAR
    if not (upper or lower):
        return ""
    best = number(_leaders(evidence, name)[0])
    sentence = f"the best {name}, {best}, lies at the {'upper' if upper else 'lower'} end of its range"
    further = _next(evidence, name, space, upper)
    if upper and name == RATE and evidence.best is not None and evidence.best.curve_stats.get(RATIO, 0.0) > HOT:
        further += ", although it runs hot already: more epochs or a schedule that decays may do more"
    return f"{sentence} ({number(space.low)} to {number(space.high)}): {further}"


def _leaders(evidence: Evidence, name: str) -> list[float]:
    """Return the setting's values of the best fifth of the trials, the best first; none of too few."""
    done = [trial for trial in evidence.trials if trial.state is State.COMPLETE and trial.value is not None]
    if len(done) < FEWEST:
        return []
    sign = -1 if evidence.maximize else 1
    done.sort(key=lambda trial: (sign * (trial.value or 0.0), trial.number))
    values = [evidence.value(trial, name) for trial in done[: max(3, len(done) // 5)]]
    return [value for value in values if value is not None]


def _place(space: Range, value: float) -> float:
    """Return where in its range a value lies, from 0 to 1."""
    low, high = _scaled(space, space.low), _scaled(space, space.high)
    return (_scaled(space, value) - low) / (high - low)


def _scaled(space: Range, value: float) -> float:
    return math.log10(value) if space.log else float(value)


def _next(evidence: Evidence, name: str, space: Range, upper: bool) -> str:
    """Return the next range: the better half of the old one, and as far beyond its end as the trainer goes along."""
    low, high = _scaled(space, space.low), _scaled(space, space.high)
    width = high - low
    for reach in REACH:
        end = high + reach * width if upper else low - reach * width
        value = _rounded(space, end)
        if space.low > 0 >= value:
            continue  # what was given as positive stays so
        if value not in (space.low, space.high) and evidence.accepts(name, value):
            middle = _rounded(space, (low + high) / 2)
            bounds: Sequence[float] = (middle, value) if upper else (value, middle)
            entries = {"low": bounds[0], "high": bounds[1], **({"log": True} if space.log else {})}
            return f"try {range_text(name, entries)} next"
    return "the setting goes no further"


def _rounded(space: Range, scaled: float) -> float:
    value = 10**scaled if space.log else round(scaled, 12)
    return round(value) if space.integer else float(f"{value:.2g}")
