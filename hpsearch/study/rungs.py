"""When a pruner looks at a trial, and the settings it gets where the spec leaves them open.

Pure arithmetic over a trial's number of epochs; `study` builds Optuna's pruners with the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hpsearch.spec import Algorithm

LOOKS = 20  # how often a pruner with even intervals looks at a trial, unless interval_steps says so
REDUCTION = 3
UNKNOWN_EPOCHS = 81  # what is assumed where a trainer does not say how long it trains
# The part of the epochs after which the first rung lies. Measured on `oscillating`, 60 of 90 random trials in any
# order: a twelfth takes 23 % of the epochs and misses the best value by 0.005 on average; with TPE, which repeats what
# is good, 24 to 33 %. A ninth takes 28 % and misses it by 0.004 (TPE: 36 %), an 81st 8 % and 0.03.
FIRST = {"asha": 12, "hyperband": 27}


@dataclass(frozen=True)
class Rungs:
    """Epochs at which a pruner is asked: ``first * factor**i``, or every `first` epochs where `factor` is 1."""

    first: int
    factor: int = 1

    def after(self, epoch: int) -> int:
        """Return the first rung behind `epoch`."""
        if self.factor == 1:
            return (epoch // self.first + 1) * self.first
        rung = self.first
        while rung <= epoch:
            rung *= self.factor
        return rung


def rungs(pruner: Algorithm, epochs: int | None) -> Rungs | None:
    """Return when `pruner` looks at trials of `epochs`; None where it never does."""
    settings = settled(pruner, epochs)
    if pruner.name == "none":
        return None
    if pruner.name in FIRST:
        skipped = settings.get("min_early_stopping_rate", 0)
        factor = settings["reduction_factor"]
        return Rungs(settings["min_resource"] * factor**skipped, factor)
    if pruner.name == "patience":
        return Rungs(1)  # its patience is counted in epochs
    return Rungs(pruner.settings.get("interval_steps", max(1, (epochs or 0) // LOOKS)))


def settled(pruner: Algorithm, epochs: int | None) -> dict[str, Any]:
    """Return the settings of `pruner` for trials of `epochs`, defaults filled in."""
    own = pruner.settings
    if pruner.name in FIRST:
        factor = own.get("reduction_factor", REDUCTION)
        smallest = (epochs or UNKNOWN_EPOCHS) // FIRST[pruner.name] + 1
        defaults = {"min_resource": smallest, "reduction_factor": factor}
        if pruner.name == "hyperband":
            defaults["max_resource"] = max(epochs or UNKNOWN_EPOCHS, own.get("min_resource", smallest))
        return {**defaults, **own}
    if pruner.name == "patience":
        return {"patience": max(1, (epochs or UNKNOWN_EPOCHS) // 10), **own}
    return own
