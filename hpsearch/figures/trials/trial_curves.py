"""The picture of the best trials' curves of the metric that was searched by, over those that were pruned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class TrialCurve:
    """The metric of one trial: ``epochs, values : (points,) float64``, in order; `pruned` ones are drawn faintly."""

    number: int
    epochs: NDArray[np.float64]
    values: NDArray[np.float64]
    pruned: bool = False


def trial_curves(
    curves: Sequence[TrialCurve], metric: str, *, best: int | None = None, title: str = "Curves of the best trials"
) -> Figure | None:
    """Draw the curves; the first complete ones come first in the legend, number `best` is the widest line.

    Returns
    -------
    Figure, or None where there is no curve
    """
    drawn = [curve for curve in curves if len(curve.epochs)]
    complete = [curve for curve in drawn if not curve.pruned]
    if not complete:
        return None
    value = style.plain(metric) or "value"
    figure, (ax,) = style.panels(f"{title}\n{value} after each epoch")
    named = False
    for curve in (curve for curve in drawn if curve.pruned):
        label = None if named else f"pruned ({len(drawn) - len(complete)})"
        ax.plot(curve.epochs, curve.values, color=style.FAINT, linewidth=0.9, alpha=0.6, label=label)
        named = True
    for curve, colour in zip(complete, style.colours(len(complete)), strict=True):
        first = curve.number == best
        look: dict[str, Any] = {"linewidth": 2.6 if first else 1.3, "zorder": 4 if first else 3}
        marker = "." if len(curve.epochs) <= 2 else ""
        ax.plot(curve.epochs, curve.values, color=colour, marker=marker, label=_label(curve, first), **look)
    style.whole_numbers(ax)
    style.dress(ax, "epoch", value)
    style.legend_below(figure, ax)
    return figure


def _label(curve: TrialCurve, first: bool) -> str:
    return f"trial {curve.number}" + (" (winner)" if first else "")
