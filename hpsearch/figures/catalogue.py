"""Every picture of a sweep by name, and what each needs of the material to apply.

A new picture is a file of its own and one entry here. `album` draws them all; each entry returns None where its
picture does not apply.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from hpsearch.figures.best_so_far import best_so_far
from hpsearch.figures.confusion import confusion
from hpsearch.figures.decision_boundary import decision_boundary
from hpsearch.figures.learning_curves import learning_curves
from hpsearch.figures.material import SweepPictures
from hpsearch.figures.search_space import search_space
from hpsearch.figures.update_ratios import update_ratios

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Picture = Callable[[SweepPictures], "Figure | None"]


def _learning_curves(sweep: SweepPictures) -> Figure | None:
    if sweep.curve is None:
        return None
    rates = (_number(sweep.params, "learning_rate"), _number(sweep.params, "l2"))
    return learning_curves(sweep.curve, *rates, epoch=sweep.epoch, title=sweep.heading("learning curves"))


def _update_ratios(sweep: SweepPictures) -> Figure | None:
    return None if sweep.curve is None else update_ratios(sweep.curve, sweep.heading("update ratios"))


def _search_space(sweep: SweepPictures) -> Figure | None:
    title = sweep.heading("search space", trial=False)
    return search_space(sweep.trials, sweep.metric, sweep.space, maximize=sweep.maximize, title=title)


def _best_so_far(sweep: SweepPictures) -> Figure | None:
    title = sweep.heading("best value so far", trial=False)
    return best_so_far(sweep.trials, sweep.metric, sweep.maximize, title=title)


def _decision_boundary(sweep: SweepPictures) -> Figure | None:
    X, y, predict = sweep.X_test, sweep.y_test, sweep.predict
    if X is None or y is None or predict is None or len(sweep.features) != 2 or not sweep.classes or not len(X):
        return None
    title = sweep.heading("decision boundary")
    return decision_boundary(predict, X, y, sweep.classes, sweep.features, title=title)


def _confusion(sweep: SweepPictures) -> Figure | None:
    if sweep.y_test is None or sweep.y_pred is None or not sweep.classes:
        return None
    return confusion(sweep.y_test, sweep.y_pred, sweep.classes, title=sweep.heading("confusion matrix"))


def _number(params: Mapping[str, Any], name: str) -> float | None:
    value = params.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


PICTURES: dict[str, Picture] = {
    "learning_curves": _learning_curves,
    "update_ratios": _update_ratios,
    "search_space": _search_space,
    "best_so_far": _best_so_far,
    "decision_boundary": _decision_boundary,
    "confusion": _confusion,
}
