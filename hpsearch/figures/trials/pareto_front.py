"""The picture of several objectives: every complete trial, and the front of those that no other beats in all of them.

Reads the trials' table and the numbers of the front; one panel a pair of objectives. `registry` feeds it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from hpsearch.figures import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_PANELS = 6
_WIDE = 30.0  # of an objective's largest to its smallest value, from where on its axis is logarithmic


def front(
    trials: pd.DataFrame,
    objectives: Mapping[str, bool],
    numbers: Sequence[int],
    best: int | None = None,
    *,
    title: str = "Front",
) -> Figure | None:
    """Draw the trials over each pair of objectives.

    Parameters
    ----------
    trials : columns number, state and ``values.<objective>``
    objectives : by name, whether larger values are better
    numbers : of the trials on the front
    best : number of the trial on it that is the default best

    Returns
    -------
    Figure, or None where there is one objective alone or no trial on the front
    """
    if len(objectives) < 2 or not len(numbers):
        return None
    done = trials[trials["state"] == "complete"]
    pairs = list(combinations(objectives, 2))[:_MOST_PANELS]
    summary = f"{len(numbers)} of {len(done)} trials are beaten by no other in every objective"
    figure, axes = style.panels(f"{title}\n{summary}", len(pairs), columns=1 if len(pairs) == 1 else 2)
    for ax, (x, y) in zip(axes, pairs, strict=True):
        _panel(ax, done, x, y, numbers, best)
        _logarithmic(ax, done, x, y)
        style.dress(ax, *(f"{style.plain(n)} ({'larger' if objectives[n] else 'smaller'} is better)" for n in (x, y)))
    style.legend_below(figure, *axes)
    return figure


def _panel(ax: Axes, done: pd.DataFrame, x: str, y: str, numbers: Sequence[int], best: int | None) -> None:
    on_it = done["number"].isin(list(numbers)).to_numpy(dtype=bool)
    across, up = (done[f"values.{name}"].to_numpy(dtype="float64") for name in (x, y))
    ax.scatter(across[~on_it], up[~on_it], s=30, color=style.FAINT, label=f"beaten ({(~on_it).sum()})")
    order = np.argsort(across[on_it], kind="stable")
    line: dict[str, Any] = {"color": style.DONE, "linewidth": 1.2, "marker": "o", "markersize": 7}
    ax.plot(across[on_it][order], up[on_it][order], label=f"front ({on_it.sum()})", **line)
    knee = (done["number"] == best).to_numpy(dtype=bool)
    if best is not None and knee.any():
        look: dict[str, Any] = {
            "s": 220,
            "marker": "*",
            "color": style.BEST,
            "edgecolors": style.INK,
            "linewidths": 0.8,
            "zorder": 5,
        }
        ax.scatter(across[knee], up[knee], label=f"the knee: trial {best}", **look)


def _logarithmic(ax: Axes, done: pd.DataFrame, x: str, y: str) -> None:
    """Spread an objective such as a number of parameters, whose values differ by orders of magnitude."""
    for name, scale in ((x, ax.set_xscale), (y, ax.set_yscale)):
        values = done[f"values.{name}"]
        if values.min() > 0 and values.max() > _WIDE * values.min():
            scale("log")
