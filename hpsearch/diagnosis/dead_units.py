"""Finds layers whose units died: the same output for every row, so that nothing can be learned through them.

Reads the share of dead units of each layer, which a trainer reports as ``dead_units/<layer>``.
"""

from __future__ import annotations

from hpsearch.diagnosis.border import border_above
from hpsearch.diagnosis.curve_stats import DEAD
from hpsearch.diagnosis.evidence import RATE, Evidence
from hpsearch.diagnosis.wording import power, share
from hpsearch.trial import TrialRecord

MUCH = 0.4  # about half of a relu layer's units may be silent for any one row, but not for all of them
ADVICE = "try smaller learning rates, or smaller weights at the start"


def dead_units(evidence: Evidence) -> list[str]:
    """Say in which layers units died, in how many trials, and from which learning rate on."""
    marked = [trial for trial in evidence.trials if _worst(trial) > MUCH]
    if not marked or (len(marked) == 1 and evidence.best not in marked):
        return []
    layers = dict.fromkeys(name for trial in marked for name in trial.curve_stats if name.startswith(DEAD))
    layers_in_words = [text for layer in layers if (text := _of_layer(evidence, layer))]
    winner = ", the winner among them" if evidence.best in marked else ""
    count = share(len(marked), len(evidence.trials), "trials")
    return [f"units died in {count}{winner}: {', '.join(layers_in_words)}{_where(evidence)}"]


def _worst(trial: TrialRecord) -> float:
    return max((value for name, value in trial.curve_stats.items() if name.startswith(DEAD)), default=0.0)


def _of_layer(evidence: Evidence, layer: str) -> str:
    shares = [trial.curve_stats[layer] for trial in evidence.trials if layer in trial.curve_stats]
    return f"up to {max(shares):.0%} of {layer.removeprefix(DEAD)}" if max(shares) > MUCH else ""


def _where(evidence: Evidence) -> str:
    rated = [
        (rate, _worst(trial) > MUCH)
        for trial in evidence.trials
        if (rate := evidence.value(trial, RATE)) is not None and rate > 0
    ]
    border = border_above([rate for rate, _ in rated], [mark for _, mark in rated])
    if border is None or border.everywhere:
        return f"; {ADVICE}"
    return f", with learning rates above {power(border.at)}"
