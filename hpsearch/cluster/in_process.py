"""A cluster in the calling thread: the same seam without processes, for debugging and for fast tests.

It answers like several workers, in turn; a breakpoint in a trainer just works.
"""

from __future__ import annotations

from collections import deque

from threadpoolctl import threadpool_limits

from hpsearch.cluster.interface import Event
from hpsearch.trial import Proposal
from hpsearch.worker import Assignment, Pull, Worker


class InProcess:
    """Implements `Cluster` with `workers` workers that take turns."""

    def __init__(self, assignment: Assignment, workers: int) -> None:
        self._idle = [Worker(assignment) for _ in range(workers)]
        self._busy: dict[int, tuple[Worker, Proposal]] = {}
        self._asked: deque[tuple[int, Pull, bool]] = deque()

    def free(self) -> int:
        """Count the workers that could begin a trial now."""
        return len(self._idle)

    def run(self, proposal: Proposal, pull: Pull) -> None:
        """Begin a trial on a free worker."""
        self._busy[proposal.number] = (self._idle.pop(), proposal)
        self._asked.append((proposal.number, pull, True))

    def proceed(self, number: int, pull: Pull) -> None:
        """Ask for more of a trial."""
        self._asked.append((number, pull, False))

    def drop(self, number: int) -> None:
        """Close a trial and free its worker."""
        worker, _ = self._busy.pop(number)
        worker.close()
        self._idle.append(worker)

    def wait(self, seconds: float) -> list[Event]:
        """Do the oldest piece of work that was asked for and return its answer."""
        if not self._asked:
            return []
        number, pull, first = self._asked.popleft()
        worker, proposal = self._busy[number]
        with threadpool_limits(1):
            chunk = worker.run(proposal, pull) if first else worker.pull(pull)
        if chunk.finished:
            self.drop(number)
        return [chunk]

    def close(self) -> None:
        """Close what is open."""
        for number in list(self._busy):
            self.drop(number)
        self._asked.clear()
