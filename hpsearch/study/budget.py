"""What a search may use, and what it has used: trials are counted by the driver, all else here.

`admission` asks whether another trial may begin. Epochs are granted before they are trained, so that their total is
exact however many workers train at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter

from hpsearch.spec import SearchSpec
from hpsearch.trial import State


@dataclass
class Progress:
    """How far a search came, trial by trial in the order in which they are noted."""

    limits: SearchSpec
    best: float | None = None
    without_improvement: int = 0
    epochs: int = 0

    def note(self, state: State, value: float | None, epochs: int) -> None:
        """Count a trial that ended."""
        self.epochs += epochs
        self.without_improvement += 1
        if state is State.COMPLETE and value is not None and self._better(value):
            self.best, self.without_improvement = value, 0

    def ended(self) -> str:
        """Return which limit was reached, empty where none was."""
        limits = self.limits
        if limits.target is not None and self.best is not None and not self._beats(limits.target, self.best):
            return f"search.target={limits.target:g} was reached"
        if limits.patience is not None and self.without_improvement >= limits.patience:
            return f"search.patience={limits.patience} trials brought no improvement"
        if limits.epochs is not None and self.epochs >= limits.epochs:
            return f"search.epochs={limits.epochs} were trained"
        return ""

    def _better(self, value: float) -> bool:
        return self.best is None or self._beats(value, self.best)

    def _beats(self, value: float, other: float) -> bool:
        return value > other if self.limits.maximize else value < other


@dataclass
class Stopwatch:
    """Seconds of search, those of earlier sessions included."""

    before: float = 0.0
    now: Callable[[], float] = perf_counter
    since: float | None = None

    def start(self) -> None:
        """Count from now on."""
        self.since = self.now()

    @property
    def seconds(self) -> float:
        """All seconds so far."""
        return self.before + (self.now() - self.since if self.since is not None else 0.0)


@dataclass
class EpochBudget:
    """Epochs, granted before they are trained; without a limit everything asked for is granted."""

    limit: int | None
    spent: int = 0
    granted: dict[int, int] = field(default_factory=dict)

    @property
    def left(self) -> int | None:
        """Epochs that nobody has yet; None where there is no limit."""
        return None if self.limit is None else self.limit - self.spent - sum(self.granted.values())

    @property
    def empty(self) -> bool:
        """Whether there is nothing to begin a trial with."""
        return self.left is not None and self.left <= 0

    def grant(self, number: int, wanted: int | None, workers: int) -> int | None:
        """Return how many of the `wanted` epochs trial `number` may train; a fair share where it cannot say."""
        left = self.left
        if left is None:
            return wanted
        share = -(-left // workers) if wanted is None else wanted
        self.granted[number] = max(0, min(share, left))
        return self.granted[number]

    def settle(self, number: int, trained: int) -> None:
        """Take back what a trial was granted and count what it trained."""
        self.granted.pop(number, None)
        self.spent += trained
