"""The picture of how a linear model's parameters walk to their goal: each over the epochs, and two against each other.

Reads the curve's ``parameter/<name>``, which the trainer `linear` records; `registry` feeds it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.figures import style
from hpsearch.figures.curves import series

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from hpsearch.trial import Curve

PREFIX = "parameter/"
INTERCEPTS = ("bias", "intercept")  # not part of the plane where there are two weights
MOST_LINES = 8

Path = dict[str, NDArray[np.float64]]


def parameter_path(
    curve: Curve, *, goal: Mapping[str, float] | None = None, title: str = "Path of the parameters"
) -> Figure | None:
    """Draw every parameter over the epochs and, where there are two or more, the path of two in their plane.

    Parameters
    ----------
    curve : metrics of every epoch, parameters among them as ``parameter/<name>``
    goal : where the parameters should end, for example by least squares; marked where given

    Returns
    -------
    Figure, or None where the curve has no parameters; of more than 8 the first 8 are drawn
    """
    every = {name.removeprefix(PREFIX): series.series(curve, name) for name in curve.names if name.startswith(PREFIX)}
    path = {name: values for name, values in every.items() if values is not None}
    if not path:
        return None
    first = dict(list(path.items())[:MOST_LINES])
    rest = f", the first {len(first)} of {len(path)} parameters" if len(first) < len(path) else ""
    columns = min(len(path), 2)
    figure, axes = style.panels(f"{title}\n{curve.epochs} epochs, in the model's own units{rest}", columns, columns)
    _over_epochs(axes[0], first, goal or {})
    if len(axes) == 2:
        _in_plane(axes[1], path, goal or {})
    return figure


def _over_epochs(ax: Axes, path: Path, goal: Mapping[str, float]) -> None:
    for place, (name, values) in enumerate(path.items()):
        colour = style.PALETTE[place]
        end = values[np.isfinite(values)][-1]
        series.line(ax, values, f"{style.plain(name)} (last {end:.4g})", colour)
        if name in goal:
            ax.axhline(goal[name], color=colour, linestyle=":", linewidth=1)
    style.dress(ax, "epoch", "value of the parameter", "Each parameter" + (" (dotted: goal)" if goal else ""))
    style.legend(ax)


def _in_plane(ax: Axes, path: Path, goal: Mapping[str, float]) -> None:
    """Draw two weights against each other, from the first epoch to the last."""
    weights = [name for name in path if name.lower() not in INTERCEPTS]
    first, second = (weights if len(weights) >= 2 else list(path))[:2]
    x, y = path[first], path[second]
    known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    ax.plot(x, y, color=style.FAINT, linewidth=1, zorder=1)
    if len(known):
        # Dots at evenly spaced logarithms of the epoch: the first steps are the long ones.
        some = np.unique(np.geomspace(1, len(known), 60).astype(int)) - 1
        dots = ax.scatter(x[known][some], y[known][some], c=np.log10(known[some] + 1), cmap="viridis", s=20, zorder=2)
        ax.figure.colorbar(dots, ax=ax, label="log10(epoch)", location="bottom", shrink=0.8)
        _mark(ax, x[known[0]], y[known[0]], "s", style.DONE, f"epoch {known[0] + 1}")
        _mark(ax, x[known[-1]], y[known[-1]], "*", style.BEST, f"epoch {known[-1] + 1}")
    if first in goal and second in goal:
        _mark(ax, goal[first], goal[second], "X", style.FAILED, "goal")
    style.dress(ax, style.plain(first), style.plain(second), "Path in the plane of two")
    style.legend(ax)


def _mark(ax: Axes, x: float, y: float, marker: str, colour: str, label: str) -> None:
    options: dict[str, Any] = {"edgecolors": style.INK, "linewidths": 0.8, "zorder": 4}
    ax.scatter([x], [y], s=170 if marker == "*" else 70, marker=marker, color=colour, label=label, **options)
