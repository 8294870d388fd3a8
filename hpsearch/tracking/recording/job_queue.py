"""The jobs of the recorder's thread, in order; of a stopped sweep, what was interrupted comes first.

The search's thread puts, `writer` takes.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Job:
    """One step, which may be repeated; `number` is its trial's, None for the sweep's own curve.

    Attributes
    ----------
    delivers : whether it brings a finished trial
    interrupts : whether it says that a trial was interrupted
    best : best value and the number of finished trials it is of, to be shown with the sweep
    """

    work: Callable[[], None]
    number: int | None = None
    delivers: bool = False
    interrupts: bool = False
    best: tuple[float, int] | None = None


class JobQueue:
    """A queue that ends; `stopped` says whether its rest is short of time."""

    def __init__(self, stopped: Callable[[], bool]) -> None:
        self._stopped = stopped
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._closed = threading.Event()
        self._rest: deque[Job] | None = None  # taken out of the queue to be put in order

    def put(self, job: Job) -> None:
        """Add a job."""
        self._jobs.put(job)

    def close(self) -> None:
        """Say that no job follows; may be repeated."""
        self._closed.set()
        self._jobs.put(None)

    def take(self) -> Job | None:
        """Wait for the next job and return it; None at the end."""
        if self._rest is None and self._closed.is_set() and self._stopped():
            self._rest = deque(interrupted_first(self._drained()))
        if self._rest is not None:
            return self._rest.popleft() if self._rest else None
        return self._jobs.get()

    @property
    def size(self) -> int:
        """How many jobs wait."""
        return self._jobs.qsize() + len(self._rest or ())

    def _drained(self) -> Iterator[Job]:
        while True:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return
            if job is not None:
                yield job


def interrupted_first(jobs: Iterable[Job]) -> list[Job]:
    """Put all jobs of interrupted trials before the others: what has finished is safe in the spool."""
    ordered = list(jobs)
    numbers = {job.number for job in ordered if job.interrupts}
    return sorted(ordered, key=lambda job: job.number not in numbers)
