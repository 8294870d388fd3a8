"""Finds layers whose units died: the same output for every row, so that nothing can be learned through them.

Reads the share of dead units of each layer, which a trainer reports as ``dead_units/<layer>``.
"""

from __future__ import annotations

from collections.abc import Sequence

from hpsearch.diagnosis.border import border_above
from hpsearch.diagnosis.evidence import RATE, Evidence
from hpsearch.diagnosis.signs import DEAD
from hpsearch.diagnosis.wording import power, share
from hpsearch.trial import TrialRecord

MUCH = 0.4  # about half of a relu layer's units may be silent for any one row, but not for all of them


def dead_units(evidence: Evidence) -> list[str]:
    """Say in which layer units died, in how many trials, and from which learning rate on."""
    told = []
    layers = dict.fromkeys(name for trial in evidence.trials for name in trial.signs if name.startswith(DEAD))
    for layer in layers:
        measured = [trial for trial in evidence.trials if layer in trial.signs]
        marked = [trial for trial in measured if trial.signs[layer] > MUCH]
        if marked and (len(marked) > 1 or evidence.best in marked):
            told.append(_told(evidence, layer.removeprefix(DEAD), layer, measured, marked))
    return told


def _told(
    evidence: Evidence, name: str, layer: str, measured: Sequence[TrialRecord], marked: Sequence[TrialRecord]
) -> str:
    worst = max(trial.signs[layer] for trial in marked)
    count = share(len(marked), len(measured), "trials")
    winner = ", the winner among them" if evidence.best in marked else ""
    text = f"{name}: units died in {count}{winner}, up to {worst:.0%} of them"
    numbers = {trial.number for trial in marked}
    rated = [
        (value, t.number in numbers) for t in measured if (value := evidence.value(t, RATE)) is not None and value > 0
    ]
    found = border_above([value for value, _ in rated], [mark for _, mark in rated])
    if found is None or found.everywhere:
        return f"{text}; try smaller learning rates or smaller weights at the start"
    return f"{text}, with learning rates above {power(found.at)}"
