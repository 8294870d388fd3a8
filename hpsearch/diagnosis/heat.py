"""Finds learning rates that ran hot or cold: how large the steps were against the parameters they moved.

A ratio sum|delta| / sum|p| of about 1e-3 is healthy (articles A); the band is that of the picture `update_ratios`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from typing import TypeGuard

from hpsearch.diagnosis.border import Border, border_above, border_below
from hpsearch.diagnosis.curve_stats import FALLING, RATIO
from hpsearch.diagnosis.evidence import RATE, Evidence
from hpsearch.diagnosis.wording import power, share
from hpsearch.trial import TrialRecord

HEALTHY = 1e-3
HOT, COLD = 10**-2.5, 10**-3.5
STILL_FALLING = 0.05  # a loss that falls evenly to the end has 0.1 of its decline in the last tenth of the epochs
MOST = 0.6  # of the trials, from which on the whole range is at fault where no border is found
Borders = Callable[[Sequence[float], Sequence[bool]], Border | None]


def hot(evidence: Evidence) -> list[str]:
    """Say from which learning rate on trials ran hot."""
    return _sentences(evidence, "hot", "above", border_above, lambda trial: trial.curve_stats[RATIO] > HOT)


def cold(evidence: Evidence) -> list[str]:
    """Say up to which learning rate trials ran cold: steps far too small, and the loss still falling at the end."""

    def is_cold(trial: TrialRecord) -> bool:
        return trial.curve_stats[RATIO] < COLD and trial.curve_stats.get(FALLING, 0.0) > STILL_FALLING

    sentences = _sentences(evidence, "cold", "below", border_below, is_cold)
    return [f"{sentence}; their losses were still falling when they stopped" for sentence in sentences]


def _sentences(
    evidence: Evidence, word: str, side: str, border: Borders, is_marked: Callable[[TrialRecord], bool]
) -> list[str]:
    measured = [t for t in evidence.trials if RATIO in t.curve_stats and (evidence.value(t, RATE) or 0.0) > 0]
    marks = [is_marked(trial) for trial in measured]
    marked = [trial for trial, mark in zip(measured, marks, strict=True) if mark]
    if not marked:
        return []
    rates = [evidence.value(trial, RATE) or 0.0 for trial in measured]
    limit = border(rates, marks)
    everywhere = limit.everywhere if limit else len(marked) >= MOST * len(measured)
    if limit is not None or everywhere:
        who = _range_of(rates) if limit is None or everywhere else f"learning rates {side} {power(limit.at)}"
        count = share(len(marked), len(measured), "trials")
        winner = ", the winner among them" if evidence.best in marked else ""
        advice = _advice(evidence, marked) if everywhere else ""
        return [f"{who} ran {word}: {_level(marked)} ({count}{winner}){advice}"]
    if evidence.best in marked and _far_off(evidence.best):
        return [f"the winner ran {word}: {_level([evidence.best])}"]
    return []


def _far_off(trial: TrialRecord | None) -> TypeGuard[TrialRecord]:
    """Tell whether a trial is so far out of the band that it is worth a sentence alone."""
    return trial is not None and not COLD / 2 <= trial.curve_stats[RATIO] <= 2 * HOT


def _range_of(rates: Sequence[float]) -> str:
    low, high = power(min(rates)), power(max(rates))
    return f"the learning rate {low}" if low == high else f"learning rates over the whole range, {low} to {high},"


def _level(marked: Sequence[TrialRecord]) -> str:
    return (
        f"update ratios about {median(trial.curve_stats[RATIO] for trial in marked):.1g} against a healthy {HEALTHY:g}"
    )


def _advice(evidence: Evidence, marked: Sequence[TrialRecord]) -> str:
    """Say which rates to try: the ratio grows about as the rate does."""
    healthy = median((evidence.value(t, RATE) or 0.0) * HEALTHY / max(t.curve_stats[RATIO], 1e-12) for t in marked)
    return f"; try rates around {power(healthy)}"
