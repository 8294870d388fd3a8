"""The picture of what was searched: the metric over each parameter, one panel a parameter, one mark a trial.

Shows where good values lie, and whether the best one sits at the edge of its range. Reads the trials' table and
the space of `hpsearch.spec`; `registry` feeds it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.figures import labels, style
from hpsearch.figures.curves import series
from hpsearch.figures.trials.trial_marks import best_place, completed, draw_complete, draw_without_value
from hpsearch.spec.space import Choices, Parameter, Range

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_PARAMETERS = 12
ENDED = ("complete", "pruned", "failed")
_GOLDEN = 0.6180339887


def search_space(
    trials: pd.DataFrame,
    metric: str,
    space: Mapping[str, Parameter],
    *,
    maximize: bool = True,
    title: str = "Search space",
) -> Figure | None:
    """Draw the value of every trial over each searched parameter.

    Parameters
    ----------
    trials : columns number, state, value and ``params.<name>``
    metric : what the values are
    space : what was searched; ranges with ``log`` get log10 of the parameter, choices a strip each

    Returns
    -------
    Figure, or None where no trial has ended or no parameter has a column; of more than 12 parameters the first 12
    """
    ended = trials[trials["state"].isin(ENDED)]
    names = [name for name in space if f"params.{name}" in trials.columns][:MOST_PARAMETERS]
    if not len(ended) or not names:
        return None
    rest = f", the first {len(names)} of {len(space)} parameters" if len(names) < len(space) else ""
    value = style.plain(metric) or "value"
    heading = f"{title}\n{value} over each parameter{rest}"
    figure, axes = style.panels(heading, len(names), columns=_columns(len(names)))
    for ax, name in zip(axes, names, strict=True):
        _panel(ax, name, space[name], ended, maximize)
        style.dress(ax, _axis(ax, name, space[name]), value)
    style.legend_below(figure, axes[0])
    return figure


def _columns(panels: int) -> int:
    return 1 if panels == 1 else 2 if panels <= 6 else 3


def _panel(ax: Axes, name: str, parameter: Parameter, ended: pd.DataFrame, maximize: bool) -> None:
    done = completed(ended)
    draw_complete(ax, _positions(done, name, parameter), done, best_place(done, maximize=maximize))
    if isinstance(parameter, Choices):
        places = labels.codes(done[f"params.{name}"], parameter.choices)
        _medians(ax, places, done["value"].to_numpy(dtype="float64"))
    draw_without_value(ax, _positions(ended, name, parameter), ended)


def _positions(trials: pd.DataFrame, name: str, parameter: Parameter) -> NDArray[np.float64]:
    """Return where on the x axis each trial stands, NaN where it has no such parameter."""
    cells = trials[f"params.{name}"]
    if isinstance(parameter, Range):
        numbers = np.array([_number(cell) for cell in cells], dtype=np.float64)
        return series.log10(numbers) if parameter.log else numbers
    places = labels.codes(cells, parameter.choices)
    # A trial's number spreads the dots of one strip evenly and the same way each time.
    spread = (trials["number"].to_numpy(dtype="float64") * _GOLDEN % 1 - 0.5) * 0.4
    return np.where(places >= 0, places + spread, np.nan)


def _number(cell: Any) -> float:
    return float(cell) if isinstance(cell, int | float | np.number) else float("nan")


def _axis(ax: Axes, name: str, parameter: Parameter) -> str:
    """Let the x axis span the parameter's whole range or all its choices, and return its label."""
    if isinstance(parameter, Range):
        ends = np.array([parameter.low, parameter.high], dtype=np.float64)
        low, high = series.log10(ends) if parameter.log else ends
        margin = 0.04 * (high - low)
        ax.set_xlim(low - margin, high + margin)
        return f"log10({style.plain(name)})" if parameter.log else style.plain(name)
    longest = max(4, 60 // len(parameter.choices))
    names = [style.plain(labels.text(choice), longest) for choice in parameter.choices]
    ax.set_xticks(range(len(names)), names, rotation=90 if len(names) > 12 else 0)
    ax.set_xlim(-0.5, len(names) - 0.5)
    return style.plain(name)


def _medians(ax: Axes, places: NDArray[np.int64], values: NDArray[np.float64]) -> None:
    """Draw a short line at the median of every choice that was tried."""
    for place in sorted(set(places[places >= 0].tolist())):
        middle = float(np.median(values[places == place]))
        ax.plot([place - 0.3, place + 0.3], [middle, middle], color=style.INK, linewidth=1.6)
