"""Where the time of a sweep went: training, bookkeeping, waiting.

Filled in by `driver`; read by the summary. Monotonic clocks only.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Clock:
    """Sums of seconds; `waiting` is worker time in which no trial was in a worker's hands."""

    training: float = 0.0
    study: float = 0.0
    waiting: float = 0.0
    worker_time: float = 0.0
    _since: float = field(default_factory=time.perf_counter)

    @contextmanager
    def bookkeeping(self) -> Iterator[None]:
        """Count the block as bookkeeping on the driver's own thread."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.study += time.perf_counter() - started

    def summed(self, total: float, recording: float, before: Mapping[str, float]) -> dict[str, float]:
        """Return where the time of this session and of those `before` it went, in seconds by name.

        Parameters
        ----------
        total : of this session
        recording : what the recorder spent on MLflow, behind the search
        """
        now = {
            "total": total,
            "training": self.training,
            "bookkeeping": self.study + recording,
            "waiting": self.waiting,
            "workers": self.worker_time,
        }
        return {name: round(value + before.get(name, 0.0), 3) for name, value in now.items()}

    def begin(self) -> None:
        """Count worker time from now on."""
        self._since = time.perf_counter()

    def pass_time(self, workers: int, busy: int) -> None:
        """Account for the time since the last call, in which `busy` of `workers` had a trial."""
        now = time.perf_counter()
        elapsed, self._since = now - self._since, now
        self.worker_time += elapsed * workers
        self.waiting += elapsed * max(0, workers - busy)
