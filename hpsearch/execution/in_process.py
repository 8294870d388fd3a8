"""A cluster in the calling thread: the same seam without processes, for debugging and for fast tests.

It answers like several workers, in turn; a breakpoint in a trainer just works.
"""

from __future__ import annotations

import time
from collections import deque

from threadpoolctl import threadpool_limits

from hpsearch.execution.interface import Event
from hpsearch.training.messages import Assignment, Pull
from hpsearch.training.worker import Worker
from hpsearch.trial import Suggestion

_PAUSE_SECONDS = 0.2


class InProcess:
    """Implements `Cluster` with `workers` workers that take turns."""

    def __init__(self, assignment: Assignment, workers: int) -> None:
        self._idle = [(f"in-process-{place}", Worker(assignment)) for place in range(workers)]
        self._busy: dict[int, tuple[tuple[str, Worker], Suggestion]] = {}
        self._asked: deque[tuple[int, Pull, bool]] = deque()

    def free(self) -> int:
        """Count the workers that could begin a trial now."""
        return len(self._idle)

    def run(self, suggestion: Suggestion, pull: Pull) -> str:
        """Begin a trial on a free worker and name that worker."""
        name, worker = self._idle.pop()
        self._busy[suggestion.number] = ((name, worker), suggestion)
        self._asked.append((suggestion.number, pull, True))
        return name

    def proceed(self, number: int, pull: Pull) -> None:
        """Ask for more of a trial."""
        self._asked.append((number, pull, False))

    def stack(self, number: int) -> str:
        """Return nothing: between two calls no trainer is anywhere."""
        return ""

    def drop(self, number: int) -> None:
        """Close a trial and free its worker."""
        named, _ = self._busy.pop(number)
        self._asked = deque(asked for asked in self._asked if asked[0] != number)
        named[1].close()
        self._idle.append(named)

    def wait(self, seconds: float) -> list[Event]:
        """Do the oldest piece of work that was asked for and return its answer."""
        if not self._asked:
            time.sleep(min(seconds, _PAUSE_SECONDS))
            return []
        number, pull, first = self._asked.popleft()
        (_, worker), suggestion = self._busy[number]
        with threadpool_limits(1):
            chunk = worker.run(suggestion, pull) if first else worker.pull(pull)
        if chunk.finished:
            self.drop(number)
        return [chunk]

    def close(self) -> None:
        """Close what is open."""
        for number in list(self._busy):
            self.drop(number)
        self._asked.clear()
