"""The rules of our own pruners: a loss that ran away, a layer whose steps stay out of the healthy band.

Pure functions over a trial's curve so far. `study` wraps them as Optuna pruners; what they look at is put among the
trial's user attributes by `facts`, one list a metric.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from hpsearch.spec import Algorithm
from hpsearch.spec.algorithms import HIGHEST_RATIO, LOWEST_RATIO
from hpsearch.trial import Curve

LOSS, RATIO, WEIGHTS = "train_loss", "update_ratio/", "/weights"
FACTOR = 10.0
EPOCHS = 5
Facts = Mapping[str, Sequence[float]]


def facts(pruner: Algorithm, curve: Curve) -> dict[str, list[float]]:
    """Return the metrics of `curve` that `pruner` looks at, every epoch so far."""
    if pruner.name == "divergence":
        names = [name for name in curve.names if name == pruner.settings.get("loss", LOSS)]
    elif pruner.name == "update_ratio":
        reported = [name for name in curve.names if name.startswith(RATIO)]
        names = [name for name in reported if name.endswith(WEIGHTS)] or reported
    else:
        names = []
    return {name: curve.values[:, curve.names.index(name)].tolist() for name in names}


def pruning_reason(pruner: Algorithm, facts_so_far: Mapping[str, Any]) -> str:
    """Return why a trial with these facts should stop, or nothing."""
    settings = pruner.settings
    warmup = settings.get("n_warmup_steps", 0)
    if pruner.name == "divergence":
        name = settings.get("loss", LOSS)
        return divergence(name, facts_so_far.get(name, ()), settings.get("factor", FACTOR), warmup)
    ratios = {name: values for name, values in facts_so_far.items() if name.startswith(RATIO)}
    low, high = settings.get("low", LOWEST_RATIO), settings.get("high", HIGHEST_RATIO)
    return update_ratio(ratios, low, high, settings.get("epochs", EPOCHS), warmup)


def divergence(name: str, losses: Sequence[float], factor: float, warmup: int) -> str:
    """Complain of a loss that is not finite, or above `factor` times what it was after the first epoch."""
    if not losses or len(losses) <= warmup:
        return ""
    start, last = losses[0], losses[-1]
    if not all(map(math.isfinite, losses)):
        return f"{name} is not finite"
    if last > factor * max(start, 0.0) and last > start:
        return f"{name}={last:.4g} is above {factor:g} times its start {start:.4g}"
    return ""


def update_ratio(ratios: Facts, low: float, high: float, epochs: int, warmup: int) -> str:
    """Complain of the first layer whose ratio lay outside of low to high, on one side, for the last `epochs` epochs."""
    for name, values in ratios.items():
        last = values[max(warmup, len(values) - epochs) :]
        if len(last) < epochs:
            continue
        if all(value < low for value in last):
            return f"{name} below {low:g} for {epochs} epochs, at last {last[-1]:.2g}"
        if all(value > high or not math.isfinite(value) for value in last):
            return f"{name} above {high:g} for {epochs} epochs, at last {last[-1]:.2g}"
    return ""
