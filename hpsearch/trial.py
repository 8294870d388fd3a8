"""The words that rooms exchange about a trial: suggestion, curve, outcome, record.

Frozen values without behaviour of their own, and the one curve that grows while its trial runs; imported by `study`,
`execution`, `training`, `tracking` and `sweep`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray


class State(StrEnum):
    """How a finished trial ended."""

    COMPLETE = "complete"
    PRUNED = "pruned"
    FAILED = "failed"


@dataclass(frozen=True)
class Suggestion:
    """One point of the space to be tried: what a worker needs besides the data."""

    number: int
    params: dict[str, Any]
    settings: dict[str, Any]
    seed: int
    attempt: int = 1


@dataclass(frozen=True)
class Curve:
    """Every epoch's metrics: ``values : (epochs, len(names)) float64``, row ``e`` holds epoch ``e + 1``."""

    names: tuple[str, ...] = ()
    values: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)))

    @property
    def epochs(self) -> int:
        """Number of epochs recorded."""
        return len(self.values)

    def at(self, name: str, epoch: int) -> float:
        """Return metric `name` after `epoch` (counted from 1)."""
        return float(self.values[epoch - 1, self.names.index(name)])

    @staticmethod
    def join(pieces: Sequence[Curve]) -> Curve:
        """Put pieces of one trial's curve together in order."""
        full = [piece for piece in pieces if piece.epochs]
        if not full:
            return pieces[0] if pieces else Curve()
        return full[0] if len(full) == 1 else Curve(full[0].names, np.concatenate([piece.values for piece in full]))


class GrowingCurve:
    """The curve of a running trial: pieces are appended, and it can be read at any time without copying its rows.

    The rows lie in one array that doubles when it is full, so an epoch is copied a bounded number of times however
    many pieces come. A `curve` once taken never changes: rows are only added behind it.
    """

    def __init__(self) -> None:
        self._names: tuple[str, ...] = ()
        self._rows: NDArray[np.float64] = np.empty((0, 0))
        self._epochs = 0

    @property
    def epochs(self) -> int:
        """Number of epochs appended so far."""
        return self._epochs

    @property
    def curve(self) -> Curve:
        """All epochs so far, as a read-only view."""
        rows = self._rows[: self._epochs]
        rows.flags.writeable = False
        return Curve(self._names, rows)

    def append(self, piece: Curve) -> None:
        """Add the epochs that follow.

        Raises
        ------
        ValueError
            If `piece` has other metrics than the epochs before it.
        """
        if not self._epochs and (piece.epochs or not self._names):
            self._names, self._rows = piece.names, np.empty((piece.epochs, len(piece.names)))
        if not piece.epochs:
            return
        if piece.names != self._names:
            raise ValueError(f"curve: every piece must have the metrics {self._names}, got {piece.names}")
        end = self._epochs + piece.epochs
        if end > len(self._rows):
            grown = np.empty((max(end, 2 * len(self._rows)), len(self._names)))
            grown[: self._epochs] = self._rows[: self._epochs]
            self._rows = grown
        self._rows[self._epochs : end] = piece.values
        self._epochs = end


@dataclass(frozen=True)
class Failure:
    """Why a trial cannot go on: `kind` is diverged or error."""

    kind: str
    reason: str
    epoch: int
    detail: str = ""


@dataclass(frozen=True)
class ModelState:
    """A trained model as its trainer describes it, the epoch its weights belong to, and the trainer's name."""

    config: dict[str, Any]
    arrays: dict[str, NDArray[Any]]
    epoch: int
    trainer: str = ""


@dataclass(frozen=True)
class Outcome:
    """How a trial ended: its state, its value (of `epoch`), how many epochs it ran and, if it did not, why.

    `curve_stats` are the few numbers of its curve that a diagnosis needs (`hpsearch.diagnosis.curve_stats`), `clock`
    the seconds that the search had taken by then, earlier sessions included. `values` holds every objective's by its
    name where there are several; `value` is then the first of them. `worker` names the process that trained it.
    """

    state: State
    value: float | None
    epoch: int
    epochs: int
    reason: str = ""
    detail: str = ""
    curve_stats: Mapping[str, float] = field(default_factory=dict)
    clock: float = 0.0
    values: Mapping[str, float] = field(default_factory=dict)
    worker: str = ""

    def __post_init__(self) -> None:
        """Make of what a trainer said a text that every store takes."""
        for name in ("reason", "detail"):
            object.__setattr__(self, name, _storable(getattr(self, name)))


def _storable(text: str) -> str:
    """Write what no UTF-8 file and no database takes, half a surrogate pair or a NUL, as its escape."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


@dataclass(frozen=True)
class TrialRecord:
    """A trial as the study knows it; `state` is None while it runs or waits."""

    number: int
    state: State | None
    value: float | None
    params: dict[str, Any]
    epoch: int | None
    reason: str
    started_ms: int | None
    ended_ms: int | None
    epochs: int | None = None
    curve_stats: Mapping[str, float] = field(default_factory=dict)
    clock: float = 0.0
    values: Mapping[str, float] = field(default_factory=dict)
    worker: str = ""


@dataclass(frozen=True)
class Counts:
    """How many trials ended in which way."""

    complete: int = 0
    pruned: int = 0
    failed: int = 0

    @property
    def finished(self) -> int:
        """All that ended, however."""
        return self.complete + self.pruned + self.failed
