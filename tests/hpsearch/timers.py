"""Time for tests: a wait that is over at once, on a clock that moves by what was waited for."""

from __future__ import annotations

import threading

from hpsearch.locking.retry import Timer


class QuickTimer(Timer):
    """Keeps the waits that were asked for in `waits`."""

    def __init__(self, stop=None):
        super().__init__(stop)
        self.waits = []

    def now(self):
        return sum(self.waits)

    def wait(self, seconds):
        self.waits.append(seconds)


class HeldTimer(QuickTimer):
    """A wait begins, says so, and is over when the test lets it go."""

    def __init__(self):
        super().__init__()
        self.reached, self.go_on = threading.Event(), threading.Event()

    def wait(self, seconds):
        super().wait(seconds)
        self.reached.set()
        assert self.go_on.wait(60)
