"""The few numbers of a trial's curve that a diagnosis needs, so that 5,000 trials stay cheap to look over.

Taken by the driver when a trial ends, and kept by the study beside the trial's outcome.
"""

from __future__ import annotations

import math

import numpy as np

from hpsearch.trial import Curve

RATIO, FALLING, DEAD = "ratio", "falling", "dead_units/"
_RATIOS = "update_ratio/"
_MOST_LAYERS = 20


def curve_stats(curve: Curve) -> dict[str, float]:
    """Return a curve's curve_stats by name; what the trainer does not report is left out.

    Returns
    -------
    - ``ratio``: median update ratio of all layers' weights over all epochs
    - ``falling``: the part of the training loss's whole decline that fell into the last tenth of the epochs
    - ``dead_units/<layer>``: share of the layer's units that were dead after the last epoch
    """
    if not curve.epochs:
        return {}
    stats = {RATIO: _ratio(curve), FALLING: falling(curve)}
    dead = [(name, column) for column, name in enumerate(curve.names) if name.startswith(DEAD)]
    stats |= {name: float(curve.values[-1, column]) for name, column in dead[:_MOST_LAYERS]}
    return {name: value for name, value in stats.items() if value is not None and math.isfinite(value)}


def _ratio(curve: Curve) -> float | None:
    reported = [column for column, name in enumerate(curve.names) if name.startswith(_RATIOS)]
    weights = [column for column in reported if curve.names[column].endswith("/weights")]
    columns = weights or reported
    return float(np.median(curve.values[:, columns])) if columns else None


def falling(curve: Curve) -> float | None:
    """Return which part of the training loss's decline fell into the last tenth of the epochs; None without one."""
    if "train_loss" not in curve.names or curve.epochs < 10:
        return None
    loss = curve.values[:, curve.names.index("train_loss")]
    tenth = max(1, len(loss) // 10)
    whole = float(loss[0] - loss[-1])
    return float(loss[-1 - tenth] - loss[-1]) / whole if whole > 0 else None
