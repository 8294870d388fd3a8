"""The picture of the two main parameters together: the metric as a landscape over both, with the trials on it.

Between the trials the landscape is linear over triangles; beyond them nothing is drawn, because nothing is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.figures import style
from hpsearch.figures.trials.scales import Scale
from hpsearch.figures.trials.trial_marks import best_place, completed
from hpsearch.spec.space import Parameter, Range

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FEWEST = 5  # trials below which a landscape would be guesswork
_LEVELS = 14
_SMALLEST_SHARE = 0.1  # of the value's colours: how much of the bad end is drawn alike


def contour(
    trials: pd.DataFrame,
    metric: str,
    space: Mapping[str, Parameter],
    *,
    ranking: Sequence[str] = (),
    maximize: bool = True,
    title: str = "Contour",
) -> Figure | None:
    """Draw the value over the two most important numeric parameters.

    Parameters
    ----------
    trials : columns number, state, value and ``params.<name>``
    ranking : names of the parameters, the most important first; then those of `space` in their order

    Returns
    -------
    Figure, or None where there are fewer than two ranges or fewer than five complete trials that span a plane
    """
    names = [
        name
        for name in dict.fromkeys([*ranking, *space])
        if isinstance(space.get(name), Range) and f"params.{name}" in trials.columns
    ][:2]
    if len(names) < 2:
        return None
    scales = [Scale.of(name, space[name]) for name in names]
    done = completed(trials)
    x, y = (scale.places(done[f"params.{name}"]) for scale, name in zip(scales, names, strict=True))
    there = np.isfinite(x) & np.isfinite(y)
    done, x, y = done[there], x[there], y[there]
    if not _spans_a_plane(x, y):
        return None
    value = style.plain(metric) or "value"
    figure, (ax,) = style.panels(f"{title}\n{value} over the two main parameters, one dot a complete trial")
    _landscape(figure, ax, x, y, done["value"].to_numpy(dtype="float64"), value, maximize=maximize)
    best = best_place(done, maximize=maximize)
    if best is not None:
        label = f"best: trial {done['number'].iloc[best]}"
        look: dict[str, Any] = {"s": 220, "marker": "*", "edgecolors": style.INK, "linewidths": 0.8, "zorder": 5}
        ax.scatter(x[[best]], y[[best]], color=style.BEST, label=label, **look)
    style.dress(ax, scales[0].label, scales[1].label)
    ax.set_xlim(scales[0].low, scales[0].high)
    ax.set_ylim(scales[1].low, scales[1].high)
    style.legend_below(figure, ax)
    return figure


def _spans_a_plane(x: NDArray[np.float64], y: NDArray[np.float64]) -> bool:
    points = np.unique(np.column_stack([x, y]), axis=0)
    return len(points) >= FEWEST and int(np.linalg.matrix_rank(points - points.mean(axis=0), tol=1e-9)) == 2


def _landscape(
    figure: Figure,
    ax: Axes,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    values: NDArray[np.float64],
    name: str,
    *,
    maximize: bool,
) -> None:
    """Draw the surface; the worst values share one colour, so that a few of them leave some for the others."""
    low, high = values.min(), values.max()
    worst = np.quantile(values, _SMALLEST_SHARE if maximize else 1 - _SMALLEST_SHARE)
    clipped = np.maximum(values, worst) if maximize else np.minimum(values, worst)
    cmap = style.SEQUENTIAL if maximize else f"{style.SEQUENTIAL}_r"
    if high > low and clipped.max() > clipped.min():
        surface = ax.tricontourf(style.triangulation(x, y), clipped, levels=_LEVELS, cmap=cmap, alpha=0.85)
        bar = figure.colorbar(surface, ax=ax, pad=0.02)
        bar.set_label(name, fontsize=10, color=style.INK)
        bar.ax.tick_params(labelsize=9, colors=style.INK)
    ax.scatter(x, y, s=18, color=style.INK, alpha=0.7, linewidths=0, zorder=4)
