"""The picture of when each trial ran on which worker: one lane a worker, one bar a trial, gaps where it waited.

Of trials whose workers were not recorded, each takes the first lane that is free when it begins.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.figures import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STATES = (("complete", style.DONE), ("pruned", style.PRUNED), ("failed", style.FAILED))
_NUMBERED, _NAMED = 80, 16  # trials up to which bars carry their numbers, workers up to which lanes carry names
_UNITS = ((7200.0, 3600.0, "hours"), (180.0, 60.0, "minutes"), (0.0, 1.0, "seconds"))


def timeline(trials: pd.DataFrame, best: int | None = None, *, title: str = "Timeline") -> Figure | None:
    """Draw one bar a trial from its beginning to its end.

    Parameters
    ----------
    trials : columns number, state, started, ended and, where it is known, worker
    best : number of the trial to be marked

    Returns
    -------
    Figure, or None where no trial has both times
    """
    if "started" not in trials.columns or "ended" not in trials.columns:
        return None
    ran = trials[trials["started"].notna() & trials["ended"].notna()].sort_values(["started", "number"])
    if not len(ran):
        return None
    first = ran["started"].min()
    started = (ran["started"] - first).dt.total_seconds().to_numpy(dtype="float64")
    ended = (ran["ended"] - first).dt.total_seconds().to_numpy(dtype="float64")
    free, whole = _lanes(started, ended), max(float(ended.max()), 1e-3)
    at_once, busy = int(free.max()) + 1, float((ended - started).sum()) / whole
    figure, (ax,) = style.panels(f"{title}\n{at_once} trials at once at most, busy {busy / at_once:.0%} of the time")
    lanes, names = _workers(ran) or (free, [str(lane + 1) for lane in range(at_once)])
    _, unit, name = next(row for row in _UNITS if whole >= row[0])
    _bars(ax, ran, started / unit, (ended - started) / unit, lanes)
    _numbers(ax, ran, started / unit, ended / unit, lanes, best, whole / unit)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    style.dress(ax, f"{name} since the first trial began", "worker")
    ax.grid(False, axis="y")
    style.legend_below(figure, ax)
    return figure


def _workers(ran: pd.DataFrame) -> tuple[NDArray[np.int64], list[str]] | None:
    """Return every trial's lane and the lanes' names, in the order in which workers began; None if one is not known."""
    if "worker" not in ran.columns or not (ran["worker"].fillna("") != "").all():
        return None
    lanes, names = ran["worker"].factorize()
    short = len(names) <= _NAMED
    return lanes, [str(name) if short else str(place + 1) for place, name in enumerate(names)]


def _lanes(started: NDArray[np.float64], ended: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the lowest lane that is free at each beginning; `started` must be in order."""
    free: list[int] = []
    busy: list[tuple[float, int]] = []
    lanes = np.zeros(len(started), dtype=np.int64)
    for place, (begin, end) in enumerate(zip(started, ended, strict=True)):
        while busy and busy[0][0] <= begin:
            heapq.heappush(free, heapq.heappop(busy)[1])
        lanes[place] = heapq.heappop(free) if free else len(busy)
        heapq.heappush(busy, (end, int(lanes[place])))
    return lanes


def _bars(
    ax: Axes, ran: pd.DataFrame, left: NDArray[np.float64], width: NDArray[np.float64], lanes: NDArray[np.int64]
) -> None:
    for state, colour in STATES:
        some = (ran["state"] == state).to_numpy(dtype=bool)
        if some.any():
            look: dict[str, Any] = {"height": 0.7, "color": colour, "edgecolor": "white", "linewidth": 0.6}
            ax.barh(lanes[some], width[some], left=left[some], label=f"{state} ({some.sum()})", **look)


def _numbers(
    ax: Axes,
    ran: pd.DataFrame,
    left: NDArray[np.float64],
    right: NDArray[np.float64],
    lanes: NDArray[np.int64],
    best: int | None,
    whole: float,
) -> None:
    """Write a trial's number on its bar where it fits, and a star on the best."""
    numbers = ran["number"].to_numpy(dtype="int64")
    for number, begin, end, lane in zip(numbers, left, right, lanes, strict=True):
        middle = (begin + end) / 2
        if number == best:
            look: dict[str, Any] = {"s": 200, "marker": "*", "edgecolors": style.INK, "linewidths": 0.8, "zorder": 5}
            ax.scatter([middle], [lane], color=style.BEST, label=f"best: trial {number}", **look)
        elif len(ran) <= _NUMBERED and end - begin > 0.018 * whole:
            ax.text(middle, lane, str(number), ha="center", va="center", fontsize=8, color="white")
