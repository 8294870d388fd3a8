"""Ctrl-C and termination: the first one ends a sweep in good order, the second one ends the process.

Used by the commands that drive a sweep or a server, and by `hpsearch.api` in a notebook. All other commands end at
once, and tidy up on their way out.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130
_STOPPING = "stopping: recording what there is (once more to quit at once)"


class Interrupts:
    """Lets the first Ctrl-C or termination end the search in good order; the second one ends the process."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.code = INTERRUPTED

    @contextmanager
    def listening(
        self,
        note: Callable[[str], None],
        signals: tuple[signal.Signals, ...] = (signal.SIGINT, signal.SIGTERM),
    ) -> Iterator[None]:
        """Listen to `signals` while the block runs; `note` is called at the first of them."""

        def hear(number: int, _frame: FrameType | None) -> None:
            if self.stop.is_set():
                raise KeyboardInterrupt
            self.code = 128 + number
            self.stop.set()
            note(_STOPPING)

        with _handling(hear, signals):
            yield


@contextmanager
def termination_as_exit() -> Iterator[None]:
    """Let a termination leave the block as Ctrl-C does, through everything that tidies up; exit code 143."""

    def leave(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    if threading.current_thread() is not threading.main_thread():  # where no signal arrives
        yield
        return
    with _handling(leave, (signal.SIGTERM,)):
        yield


@contextmanager
def _handling(handler: Callable[[int, FrameType | None], None], signals: tuple[signal.Signals, ...]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in signals}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
