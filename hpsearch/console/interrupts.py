"""Ctrl-C and termination: the first one ends a sweep in good order, the second one ends the process.

Used by the commands that drive a sweep, and by `hpsearch.api` in a notebook.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130


class Interrupts:
    """Lets the first Ctrl-C or termination end the search in good order; the second one ends the process."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.code = INTERRUPTED

    @contextmanager
    def listening(self, note: Callable[[str], None]) -> Iterator[None]:
        """Listen while the block runs."""

        def hear(number: int, _frame: FrameType | None) -> None:
            if self.stop.is_set():
                raise KeyboardInterrupt
            self.code = 128 + number
            self.stop.set()
            note("stopping: recording what there is (once more to quit at once)")

        before = {number: signal.signal(number, hear) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
