"""What the search's thread and the recorder's thread tell each other, behind one lock.

Everything else of a recorder belongs to one of the two threads. Used by `recorder` alone.
"""

from __future__ import annotations

import threading
import time

from hpsearch.errors import HpsearchError

# How many finished trials may wait on disk before the search waits, too: few where MLflow answers, so that its pages
# keep up and the end brings no long delivery; many where it is slow or unreachable, so that training goes on.
LARGEST_LAG, LARGEST_SPOOL = 200, 2000
SLOW_SECONDS = 1.0  # that a job takes while MLflow struggles


class Handover:
    """The state of a recorder that both threads change or read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting = 0  # finished trials that MLflow has not taken yet
        self._struggles = False  # MLflow is slow, or fails and is called again and again
        self._seconds = 0.0
        self._answered_at = time.monotonic()
        self._error: HpsearchError | None = None

    @property
    def waiting(self) -> int:
        """How many finished trials MLflow has not taken yet."""
        with self._lock:
            return self._waiting

    @property
    def behind(self) -> bool:
        """Whether so much waits on disk that the search should wait, too."""
        with self._lock:
            return self._waiting > (LARGEST_SPOOL if self._struggles else LARGEST_LAG)

    @property
    def seconds(self) -> float:
        """Time spent in calls."""
        with self._lock:
            return self._seconds

    @property
    def answered_at(self) -> float:
        """When a call last succeeded, on the monotonic clock."""
        with self._lock:
            return self._answered_at

    @property
    def error(self) -> HpsearchError | None:
        """Why nothing more is written."""
        with self._lock:
            return self._error

    def add(self) -> None:
        """Count a finished trial that begins to wait."""
        with self._lock:
            self._waiting += 1

    def settle(self) -> None:
        """Count a finished trial that waits no more."""
        with self._lock:
            self._waiting -= 1

    def note_call(self, seconds: float, succeeded: bool) -> None:
        """Add up a call's time; MLflow struggles if it was slow or failed."""
        with self._lock:
            self._seconds += seconds
            self._struggles = not succeeded or seconds > SLOW_SECONDS
            if succeeded:
                self._answered_at = time.monotonic()

    def fail(self, error: HpsearchError) -> None:
        """Say why nothing more is written; the first reason counts."""
        with self._lock:
            self._error = self._error or error
