"""The curves of a sweep's best trials and of some that were pruned, as MLflow has them.

For the picture that `finish` puts on the sweep's run and `report` on its page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from hpsearch.figures.trials.trial_curves import TrialCurve
from hpsearch.tracking.interface import TrackingStore
from hpsearch.trial import State, TrialRecord

BEST_CURVES, PRUNED_CURVES = 7, 25  # how many curves are drawn


def best_curves(
    store: TrackingStore,
    trials: Iterable[TrialRecord],
    run_of: Callable[[int], str | None],
    metric: str,
    best: int | None,
    *,
    maximize: bool,
) -> list[TrialCurve]:
    """Return the curves of the best trials, the winner's first, and of some that were pruned, evenly spaced.

    Parameters
    ----------
    run_of : from a trial's number to the id of its run, None where it has none
    best : number of the winner
    """
    records, sign = list(trials), -1 if maximize else 1
    complete = [record for record in records if record.state is State.COMPLETE and record.value is not None]
    complete.sort(key=lambda record: (record.number != best, sign * (record.value or 0.0), record.number))
    pruned = [record for record in records if record.state is State.PRUNED]
    places = {*np.linspace(0, len(pruned) - 1, PRUNED_CURVES).astype(int)} if pruned else set()
    drawn = []
    for record in (*complete[:BEST_CURVES], *(pruned[place] for place in sorted(places))):
        run = run_of(record.number)
        if run is not None:
            points = np.array(store.history(run, metric), dtype=np.float64).reshape(-1, 2)
            drawn.append(TrialCurve(record.number, points[:, 0], points[:, 1], record.state is State.PRUNED))
    return drawn
