"""The picture of the search's progress: the value of each trial, and the best value up to it.

Reads the trials' table; `registry` feeds it. Its neighbour `search_space` shows the same values over the parameters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hpsearch.figures import style
from hpsearch.figures.trials.trial_marks import best_place, completed, draw_complete, draw_without_value

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def best_so_far(
    trials: pd.DataFrame, metric: str, maximize: bool = True, *, title: str = "Best value so far"
) -> Figure | None:
    """Draw the value of each complete trial and the running best.

    Parameters
    ----------
    trials : columns number, state and value
    metric : what the values are
    maximize : whether larger is better

    Returns
    -------
    Figure, or None where no trial is complete
    """
    done = completed(trials)
    best = best_place(done, maximize=maximize)
    if best is None:
        return None
    name = style.plain(metric) or "value"
    figure, (ax,) = style.panels(f"{title}\n{name}, {'larger' if maximize else 'smaller'} is better")
    numbers = done["number"].to_numpy(dtype="int64")
    running = (np.maximum if maximize else np.minimum).accumulate(done["value"].to_numpy(dtype="float64"))
    # The line goes on to the last trial of all, which need not be complete.
    until, line = np.append(numbers, trials["number"].max()), np.append(running, running[-1])
    ax.step(until, line, where="post", color=style.INK, label="best so far")
    draw_complete(ax, numbers, done, best)
    draw_without_value(ax, trials["number"].to_numpy(dtype="int64"), trials)
    style.whole_numbers(ax)
    style.dress(ax, "trial", name)
    style.legend_below(figure, ax)
    return figure
