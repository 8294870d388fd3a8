"""What goes to a worker and comes back: the assignment that it holds, how far to pull, a chunk of epochs.

Frozen values; `worker` answers them, `execution` carries them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.trial import Curve, Failure, ModelState


@dataclass(frozen=True)
class Assignment:
    """What a worker trains on: a trainer's name, training and validation rows, and how a value is read.

    ``X, X_validation : (rows, features) float64``; ``y, y_validation : (rows,)`` codes or targets.
    """

    trainer: str
    X: NDArray[np.float64]
    y: NDArray[Any]
    X_validation: NDArray[np.float64]
    y_validation: NDArray[Any]
    classes: int
    metric: str
    maximize: bool
    search_path: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)  # the trainer's, for a machine without that path
    memory_gib: float | None = None
    trainers: tuple[str, ...] = ()  # where several are searched
    image_shape: tuple[int, int] | None = None


@dataclass(frozen=True)
class Pull:
    """How far to go before answering: to the end, to an epoch, or until the time is up, whichever comes first."""

    until_epoch: int | None
    seconds: float
    best: float | None = None  # a finished model is sent along only if it is at least as good as this


@dataclass(frozen=True)
class Chunk:
    """A worker's answer: the epochs since the last one, and whether the trial ended."""

    number: int
    attempt: int
    curve: Curve
    finished: bool
    seconds: float
    value: float | None = None
    epoch: int = 0
    model: ModelState | None = None
    failure: Failure | None = None
