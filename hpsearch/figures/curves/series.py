"""Reads one metric out of a trial's curve, as a picture wants it: by name, in log10, or not at all.

Trainers of a user's own may record anything; what is missing or never finite is None here, and is then not drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hpsearch.trial import Curve

FEW_EPOCHS = 30  # up to here each epoch gets a dot of its own


def series(curve: Curve, name: str) -> NDArray[np.float64] | None:
    """Return metric `name`, ``(epochs,) float64`` with NaN where it is not finite; None if no epoch has it."""
    if name not in curve.names or not curve.epochs:
        return None
    values = np.asarray(curve.values[:, curve.names.index(name)], dtype=np.float64)
    finite = np.isfinite(values)
    return np.where(finite, values, np.nan) if finite.any() else None


def log10_series(curve: Curve, name: str) -> NDArray[np.float64] | None:
    """Return log10 of metric `name`, NaN where it is not above zero; None if it never is."""
    values = series(curve, name)
    if values is None or not (values > 0).any():
        return None
    return log10(values)


def log10(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log10 of the values above zero, NaN for the others."""
    return np.log10(values, out=np.full(values.shape, np.nan), where=values > 0)


def line(ax: Axes, values: NDArray[np.float64], label: str, colour: str, **options: Any) -> None:
    """Draw one value an epoch, counted from 1."""
    epochs = np.arange(1, len(values) + 1)
    marker = "." if len(values) <= FEW_EPOCHS else ""
    ax.plot(epochs, values, label=label, color=colour, marker=marker, **{"linewidth": 1.5} | options)
