"""Checks of a network before it is trained: its gradients, and its loss at the start.

Through what its trainer offers (``network`` and ``loss``); a trainer of somebody else's without them skips these.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hpsearch.checks.handful import handful, middle
from hpsearch.errors import TrainerError
from hpsearch.sweep.prepared import PreparedSweep
from hpsearch.training.loader import build

GRADIENT_TOLERANCE = 1e-6
FACTOR = 2.0  # a normalized output layer starts at about log(classes) + 0.5
_MOST_ROWS = 1000
_SKIPPED = "skipped: the trainer offers no network to check"


def gradients(ready: PreparedSweep) -> str:
    """Compare backpropagation with central differences, for every parameter array of the spec's own network."""
    from trainers import gradient_check

    trainer = build(ready.spec.trainer, middle(ready), 0, ready.data.image_shape)
    if not hasattr(trainer, "network"):
        return _SKIPPED
    rows = handful(ready)
    worst = gradient_check.check(trainer, ready.data.train.X[rows], ready.data.train.y[rows], len(ready.data.classes))
    for name in (name for name, error in worst.items() if math.isnan(error)):
        raise TrainerError(f"{name}: not compared: every step of it met a kink of relu or pooling")
    name = max(worst, key=lambda key: worst[key])
    detail = f"{len(worst)} arrays agree with central differences, worst {worst[name]:.1e} ({name})"
    if not worst[name] < GRADIENT_TOLERANCE:
        raise TrainerError(f"{name}: relative error must be below {GRADIENT_TOLERANCE:g}, got {worst[name]:.3g}")
    return detail


def initial_loss(ready: PreparedSweep) -> str:
    """Compare the loss of the untrained network with that of guessing, log(classes)."""
    classes = len(ready.data.classes)
    if not classes:
        return "skipped: for classes only"
    trainer: Any = build(ready.spec.trainer, middle(ready), 0, ready.data.image_shape)
    if not hasattr(trainer, "network") or not hasattr(trainer, "loss"):
        return _SKIPPED
    value, guessing = _loss(trainer, ready, classes), math.log(classes)
    if not guessing / FACTOR <= value <= guessing * FACTOR:
        raise TrainerError(
            f"the loss before training must lie near log({classes}) = {guessing:.3f}, at most a factor of {FACTOR:g} "
            f"away, got {value:.3f}: scale the features (data.transform: standardize) or begin with smaller weights"
        )
    return f"{value:.3f} before training, guessing has log({classes}) = {guessing:.3f}"


def _loss(trainer: Any, ready: PreparedSweep, classes: int) -> float:
    X, y = ready.data.train.X[:_MOST_ROWS], ready.data.train.y[:_MOST_ROWS]
    network, loss = trainer.network(X.shape[1], classes), trainer.loss(classes)
    with np.errstate(all="ignore"):
        scores = network.scores(np.ascontiguousarray(X.T, network.dtype), network.workspace(), len(y))
        return float(np.mean(loss.forward(scores, loss.encode(y, classes, network.dtype))))
