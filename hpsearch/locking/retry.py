"""Tries again what is unavailable, for as long as it may: servers restart, networks hiccup.

Used by `tracking` for every job behind the search, by `sweep` for the few calls at its beginning and end, and by
`study` while its database does not answer. What is tried must be harmless to repeat. What was refused is never tried
again: the room that called the engine has told the two apart, by the class of the error.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from hpsearch.errors import StoreUnavailable

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.2, 10.0
_GLANCE_SECONDS = 0.1  # how often a wait with two ends looks whether the other one has come
_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class Timer:
    """Time as a wait sees it, cut short once `stop` is set; tests inject one that moves by itself."""

    def __init__(self, stop: threading.Event | None = None) -> None:
        self._stop = stop or threading.Event()

    @property
    def stopped(self) -> bool:
        """Whether nothing is to be waited for any more."""
        return self._stop.is_set()

    def now(self) -> float:
        """Return seconds on a clock that never goes back."""
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        """Let `seconds` pass, or less if `stop` is set meanwhile."""
        self._stop.wait(seconds)

    def stopped_by(self, stop: threading.Event) -> Timer:
        """Return the same time for a wait that one more event ends."""
        return _StoppedBy(self, stop)


class _StoppedBy(Timer):
    """Another timer's time, which one more event stops."""

    def __init__(self, timer: Timer, stop: threading.Event) -> None:
        super().__init__(stop)
        self._timer = timer

    @property
    def stopped(self) -> bool:
        return self._stop.is_set() or self._timer.stopped

    def now(self) -> float:
        return self._timer.now()

    def wait(self, seconds: float) -> None:
        deadline = self.now() + seconds
        while (left := deadline - self.now()) > 0 and not self.stopped:
            self._timer.wait(min(left, _GLANCE_SECONDS))


def with_retry(
    work: Callable[[], _T],
    seconds: float,
    before_again: Callable[[], object] | None = None,
    timer: Timer | None = None,
) -> _T:
    """Return what `work` returns, calling it again while it raises StoreUnavailable and `seconds` are not over.

    Parameters
    ----------
    seconds : counted from the first failure
    before_again : called before every further try, to look what the one before may have done after all
    timer : once it is stopped, the try under way is the last

    Raises
    ------
    StoreUnavailable
        The last one, when the time is over or the timer was stopped.
    """
    timer = timer or Timer()
    deadline, pause = float("inf"), _FIRST_PAUSE_SECONDS
    while True:
        try:
            return work()
        except StoreUnavailable as error:
            deadline = min(deadline, timer.now() + seconds)
            if timer.stopped or timer.now() + pause > deadline:
                raise
            _log.info("trying again in %.1f s: %s", pause, error)
            timer.wait(pause)
            if timer.stopped:
                raise
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
        if before_again is not None:
            before_again()
