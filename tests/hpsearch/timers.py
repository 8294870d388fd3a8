"""Time for tests: a wait that is over at once, on a clock that moves by what was waited for."""

from __future__ import annotations

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
