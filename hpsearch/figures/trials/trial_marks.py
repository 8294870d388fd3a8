"""How trials are marked in a picture: complete ones as dots, the best as a star, the others along the lower edge.

Shared by the two pictures of all trials, `search_space` and `best_so_far`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.figures import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

BOTTOM = 0.02  # height, in shares of the panel, at which trials without a value stand
WIDE = 1000.0  # values that span more than this are drawn on a logarithmic axis
WITHOUT_VALUE = (("pruned", "v", style.PRUNED), ("failed", "x", style.FAILED))


def completed(trials: pd.DataFrame) -> pd.DataFrame:
    """Return the trials that are complete with a finite value, in order of their numbers."""
    kept = trials[(trials["state"] == "complete") & np.isfinite(trials["value"].astype("float64"))]
    return kept.sort_values("number")


def best_place(done: pd.DataFrame, *, maximize: bool) -> int | None:
    """Return the row of `done` that holds the first best value, None where there is no row."""
    if not len(done):
        return None
    values = done["value"].to_numpy(dtype="float64")
    return int(np.argmax(values) if maximize else np.argmin(values))


def draw_complete(ax: Axes, x: NDArray[Any], done: pd.DataFrame, best: int | None) -> None:
    """Draw the value of each complete trial at its `x`, and mark row `best`."""
    values = done["value"].to_numpy(dtype="float64")
    ax.scatter(x, values, s=34, color=style.DONE, alpha=0.75, linewidths=0, label=f"complete ({len(done)})")
    if best is not None:
        label = f"best: trial {done['number'].iloc[best]}, {values[best]:.4g}"
        options: dict[str, Any] = {"s": 200, "marker": "*", "edgecolors": style.INK, "linewidths": 0.8, "zorder": 5}
        ax.scatter(x[[best]], values[[best]], color=style.BEST, label=label, **options)
    ax.margins(y=0.09)  # room for the marks along the lower edge
    _scale(ax, values)


def draw_without_value(ax: Axes, x: NDArray[Any], trials: pd.DataFrame) -> None:
    """Mark the pruned and failed among `trials`, each at its `x`, along the lower edge."""
    for state, marker, colour in WITHOUT_VALUE:
        some = (trials["state"] == state).to_numpy(dtype=bool)
        if some.any():
            heights = np.full(some.sum(), BOTTOM)
            options: dict[str, Any] = {"s": 36, "clip_on": False, "zorder": 4, "label": f"{state} ({some.sum()})"}
            ax.scatter(x[some], heights, marker=marker, color=colour, transform=ax.get_xaxis_transform(), **options)


def _scale(ax: Axes, values: NDArray[np.float64]) -> None:
    """Keep one diverging trial from flattening all others."""
    if not len(values):
        return
    if values.min() > 0:
        if values.max() > WIDE * values.min():
            ax.set_yscale("log")
    elif np.abs(values).max() > WIDE * (middle := float(np.median(np.abs(values)))) > 0:
        ax.set_yscale("symlog", linthresh=middle)
