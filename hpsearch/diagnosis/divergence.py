"""Finds many diverged trials, and the value of a setting from which on they diverged."""

from __future__ import annotations

from statistics import median

from hpsearch.diagnosis.border import Border, border_above, border_below
from hpsearch.diagnosis.evidence import RATE, Evidence
from hpsearch.diagnosis.wording import magnitude, number, power, share, values_of
from hpsearch.trial import State, TrialRecord

MANY = 0.1  # of all trials


def divergence(evidence: Evidence) -> list[str]:
    """Say how many trials diverged and from which rate on (or, if the rate does not explain it, which setting's)."""
    diverged = [trial for trial in evidence.trials if is_diverged(trial)]
    if len(diverged) < 2 or len(diverged) < MANY * len(evidence.trials):
        return []
    sentence = f"{share(len(diverged), len(evidence.trials), 'trials')} diverged"
    for name in evidence.searched_numbers():
        where = _where(evidence, name)
        if where is not None:
            return [sentence + where]
    return [f"{sentence}{_from(evidence, diverged)}"]


def is_diverged(trial: TrialRecord) -> bool:
    """Tell whether a trial failed because a metric was no longer finite."""
    return trial.state is State.FAILED and trial.reason.startswith("diverged")


def _from(evidence: Evidence, diverged: list[TrialRecord]) -> str:
    """Name the smallest rate that diverged where greater ones did not always: a network may also die of them."""
    rates = {trial.number: rate for trial in evidence.trials if (rate := evidence.value(trial, RATE) or 0.0) > 0}
    bad = [rates.pop(trial.number) for trial in diverged if trial.number in rates]
    if bad and rates and min(bad) > median(rates.values()):
        return f", the smallest of their learning rates was {power(min(bad))} ({number(min(bad))})"
    return "; no single searched setting tells which"


def _where(evidence: Evidence, name: str) -> str | None:
    pairs = [(value, is_diverged(t)) for t in evidence.trials if (value := evidence.value(t, name)) is not None]
    values, marks = [value for value, _ in pairs], [mark for _, mark in pairs]
    log = bool(getattr(evidence.space[name], "log", False))
    for side, end, border in (
        ("above", "high", border_above(values, marks)),
        ("below", "low", border_below(values, marks)),
    ):
        if border is not None:
            return _range_in_words(name, side, end, border, log, marks)
    return None


def _range_in_words(name: str, side: str, end: str, border: Border, log: bool, marks: list[bool]) -> str:
    if border.everywhere:
        return f", over the whole range of {name}: move it {'down' if side == 'above' else 'up'}"
    at = magnitude(border.at, log)
    who = "all" if border.marked == sum(marks) else f"{border.marked} of them"
    return f", {who} with {values_of(name)} {side} {at}: end the range there ({end}: {border.at:.2g})"
