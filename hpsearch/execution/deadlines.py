"""Attempts that take too long: the rule they broke, where their trainer was, and what time was not their own.

Used by `supervisor`, which holds every attempt to the time that it may take.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from hpsearch.execution.interface import Cluster
from hpsearch.locking.retry import Timer
from hpsearch.trial import Outcome, State

HELD_UP_SECONDS = 1.0  # a moment's work is shorter
_STACK_LINES = 49  # with the reason in front, the fifty lines that are kept of an error


def end_timed_out(cluster: Cluster, number: int, epochs: int, limit_seconds: float) -> Outcome:
    """Take a trial from its worker, also where that hangs within an epoch, and say how it failed."""
    stack = cluster.stack(number).splitlines()[-_STACK_LINES:]
    cluster.drop(number)
    reason = f"timeout: took longer than trial_timeout_seconds={limit_seconds:g}"
    return Outcome(State.FAILED, None, epochs, epochs, reason, "\n".join([reason, *stack]))


class _Begun(Protocol):
    begun_at: float


class Attention:
    """How long the supervisor itself was held up, by a database that was unreachable: no attempt pays for that."""

    def __init__(self, timer: Timer) -> None:
        self._timer = timer
        self._since = timer.now()

    def back(self) -> None:
        """Note that what the workers said was just listened to."""
        self._since = self._timer.now()

    def forgive(self, running: Iterable[_Begun]) -> None:
        """Take the time since then from every attempt's account, unless it was a moment's work, and count anew."""
        now = self._timer.now()
        seconds, self._since = now - self._since, now
        if seconds > HELD_UP_SECONDS:
            for each in running:
                each.begun_at = min(each.begun_at + seconds, now)  # one that began meanwhile has begun now
