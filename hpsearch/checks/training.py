"""Checks of a network by a short training: it learns a handful of points by heart, and no layer of it dies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.checks.handful import handful, known, middle
from hpsearch.errors import TrainerError
from hpsearch.sweep.prepared import PreparedSweep
from hpsearch.training.messages import Pull
from hpsearch.training.worker import Worker
from hpsearch.trial import Curve, Suggestion

OVERFIT_EPOCHS = 100
RATES = (0.1, 0.01, 0.001)  # one of them suits any network that can learn; the article's own 1 diverges for half
DEAD_EPOCHS = 10
_DEAD = "dead_units/"
_MOST_ROWS = 2000
_SECONDS = 60.0
# Settings under which overfitting is easy; a trainer gets those of them that it knows.
_EASY = {
    "l2": 0.0,
    "momentum": 0.9,
    "optimizer": "nesterov",
    "epochs": OVERFIT_EPOCHS,
    "batch_size": None,
    "schedule": "constant",
    "decay": 1.0,
    "warm_up": 0,
    "patience": None,
    "dropout": 0.0,
    "shift": 0,
    "rotate": 0.0,
}


def overfit(ready: PreparedSweep) -> str:
    """Train on a handful of points without regularization: a network that cannot learn those by heart is broken."""
    if not ready.data.classes:
        return "skipped: for classes only"
    reached, rows = 0.0, handful(ready)
    rates = RATES if "learning_rate" in known(ready, {"learning_rate": 0.1}) else (None,)
    for rate in rates:
        settings = known(ready, {**_EASY, "learning_rate": rate} if rate else _EASY)
        curve, failure = _train(ready, rows, settings, OVERFIT_EPOCHS, "val_accuracy")
        if failure and rate is None:
            raise TrainerError(failure)
        accuracy = _column(curve, "val_accuracy")
        perfect = np.flatnonzero(accuracy == 1.0)
        if len(perfect):
            return f"{len(rows)} points learned by heart after {perfect[0] + 1} epochs"
        reached = max(reached, accuracy.max(initial=0.0))
    raise TrainerError(f"{len(rows)} points must be learned by heart in {OVERFIT_EPOCHS} epochs, got {reached:.3f}")


def dead_layers(ready: PreparedSweep) -> str:
    """Train ten epochs in the middle of the space and see whether a layer's units all went silent."""
    rows = np.arange(min(_MOST_ROWS, len(ready.data.train)))
    curve, failure = _train(ready, rows, {}, DEAD_EPOCHS, ready.spec.search.metric or "val_accuracy")
    if failure:
        raise TrainerError(f"in the middle of the space: {failure}")
    shares = {name.removeprefix(_DEAD): _column(curve, name)[-1] for name in curve.names if name.startswith(_DEAD)}
    if not shares:
        return "skipped: no layer with relu reports its dead units"
    worst = max(shares, key=lambda name: shares[name])
    if shares[worst] >= 1.0:
        raise TrainerError(
            f"{worst}: some units must be alive after {DEAD_EPOCHS} epochs, all are dead: "
            "smaller learning rates or smaller weights at the start"
        )
    return f"no layer is dead after {curve.epochs} epochs; at most {shares[worst]:.0%} of the units ({worst})"


def _train(
    ready: PreparedSweep, rows: NDArray[np.intp], changed: dict[str, Any], epochs: int, metric: str
) -> tuple[Curve, str]:
    """Return the curve of some epochs on some training rows, which validate too, and why it failed."""
    X, y = ready.data.train.X[rows], ready.data.train.y[rows]
    assignment = replace(ready.assignment(), X=X, y=y, X_validation=X, y_validation=y, metric=metric)
    settings = {**middle(ready), **changed}
    with np.errstate(all="ignore"):
        chunk = Worker(assignment).run(Suggestion(0, {}, settings, seed=0), Pull(epochs, _SECONDS))
    return chunk.curve, chunk.failure.reason if chunk.failure else ""


def _column(curve: Curve, name: str) -> NDArray[np.float64]:
    return curve.values[:, curve.names.index(name)] if name in curve.names else np.empty(0)
