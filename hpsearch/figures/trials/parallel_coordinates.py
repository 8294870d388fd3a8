"""The picture of all parameters at once: one line a trial through one axis a parameter, coloured by its value.

Shows which combinations are good, which the single panels of `search_space` cannot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.figures import style
from hpsearch.figures.trials.scales import Scale
from hpsearch.figures.trials.trial_marks import best_place, completed
from hpsearch.spec.space import Parameter

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_PARAMETERS = 9
_BAD = 0.1  # the worst tenth shares one end of the scale
_NONE = -0.1  # the height at which a line passes an axis that its trial has not


def parallel_coordinates(
    trials: pd.DataFrame,
    metric: str,
    space: Mapping[str, Parameter],
    *,
    ranking: Sequence[str] = (),
    maximize: bool = True,
    title: str = "Parallel coordinates",
) -> Figure | None:
    """Draw one line a trial; pruned and failed ones are grey and have no value.

    Parameters
    ----------
    trials : columns number, state, value and ``params.<name>``
    ranking : names of the parameters, the most important first; of more than 9 the first 9 are drawn

    Returns
    -------
    Figure, or None where no trial is complete
    """
    done = completed(trials)
    names = [n for n in dict.fromkeys([*ranking, *space]) if n in space and f"params.{n}" in trials.columns]
    best = best_place(done, maximize=maximize)
    if best is None or not names:
        return None
    rest = f", the first {MOST_PARAMETERS} of {len(names)} parameters" if len(names) > MOST_PARAMETERS else ""
    names = names[:MOST_PARAMETERS]
    value = style.plain(metric) or "value"
    figure, (ax,) = style.panels(f"{title}\none line a trial, darker is better, the best in orange{rest}")
    scales = [Scale.of(name, space[name]) for name in names]
    values = _without_the_worst(done["value"].to_numpy(dtype="float64"), maximize=maximize)
    heights = _heights(values)
    others = trials[trials["state"].isin(["pruned", "failed"])]
    _lines(ax, _shares(others, names, scales), style.PRUNED, 0.25, f"pruned or failed ({len(others)})")
    _complete(ax, np.column_stack([_shares(done, names, scales), heights]), heights, best, done, maximize=maximize)
    clipped = len(values) > 0 and not np.array_equal(values, done["value"].to_numpy(dtype="float64"))
    ends = _ends(values, clipped=clipped, maximize=maximize)
    marks = [
        [*scale.marks(), *([(_NONE, "none")] if done[f"params.{name}"].isna().any() else [])]
        for name, scale in zip(names, scales, strict=True)
    ]
    _axes(ax, [*(style.plain(name, 16) for name in names), value], [*marks, ends])
    style.legend_below(figure, ax)
    return figure


def _shares(trials: pd.DataFrame, names: Sequence[str], scales: Sequence[Scale]) -> NDArray[np.float64]:
    """Return where each trial crosses each axis; below it where the trial has no such parameter."""
    columns = [scale.shares(trials[f"params.{name}"]) for name, scale in zip(names, scales, strict=True)]
    return np.nan_to_num(np.column_stack(columns), nan=_NONE)


def _without_the_worst(values: NDArray[np.float64], *, maximize: bool) -> NDArray[np.float64]:
    """Return the values, the worst tenth as good as the best of it: a few bad trials take no room from the others."""
    worst = np.quantile(values, _BAD if maximize else 1 - _BAD)
    return np.maximum(values, worst) if maximize else np.minimum(values, worst)


def _heights(values: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = np.ptp(values)
    return (values - values.min()) / spread if spread > 0 else np.full(len(values), 0.5)


def _ends(values: NDArray[np.float64], *, clipped: bool, maximize: bool) -> list[tuple[float, str]]:
    low, high = f"{values.min():.4g}", f"{values.max():.4g}"
    if clipped:
        low, high = (f"≤ {low}", high) if maximize else (low, f"≥ {high}")
    return [(0.0, low), (1.0, high)] if values.max() > values.min() else [(0.5, low)]


def _lines(ax: Axes, rows: NDArray[np.float64], colour: str, alpha: float, label: str) -> None:
    for place, row in enumerate(rows):
        look: dict[str, Any] = {"color": colour, "alpha": alpha, "linewidth": 0.9, "zorder": 1}
        ax.plot(range(len(row)), row, label=label if place == 0 else None, **look)


def _complete(
    ax: Axes,
    rows: NDArray[np.float64],
    heights: NDArray[np.float64],
    best: int,
    done: pd.DataFrame,
    *,
    maximize: bool,
) -> None:
    good = heights if maximize else 1 - heights
    order = np.argsort(good, kind="stable")  # better lines lie above worse ones
    paths = [np.column_stack([np.arange(rows.shape[1]), rows[place]]) for place in order]
    style.lines(ax, paths, style.shades(good[order]), linewidths=1.3, alpha=0.8, zorder=2)
    ax.plot([], [], color=style.DONE, label=f"complete ({len(done)})")
    label = f"best: trial {done['number'].iloc[best]}"
    ax.plot(range(rows.shape[1]), rows[best], color=style.BEST, linewidth=3, label=label, zorder=4)


def _axes(ax: Axes, names: Sequence[str], marks_of: Sequence[Sequence[tuple[float, str]]]) -> None:
    """Draw an upright axis a parameter and one for the value, each with its own numbers."""
    for place, marks in enumerate(marks_of):
        ax.axvline(place, color=style.FAINT, linewidth=1, zorder=0)
        for share, text in marks:
            look: dict[str, Any] = {"fontsize": 9, "color": style.INK, "va": "center", "zorder": 6}
            box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1}
            ax.text(place + 0.02, share, text, bbox=box, **look)
    ax.set_xticks(range(len(names)), names, fontsize=10)
    ax.set_xlim(-0.1, len(names) - 0.75)
    ax.set_ylim(min(share for marks in marks_of for share, _ in marks) - 0.05, 1.05)
    ax.set_yticks([])
    ax.tick_params(length=0, colors=style.INK)
    ax.spines[:].set_visible(False)
