"""Timers for waits that must take no time in a test."""

from __future__ import annotations

import threading

from hpsearch.locking.retry import Timer


class QuickTimer(Timer):
    """A wait is over at once; `waited` are the seconds it would have taken."""

    def __init__(self):
        super().__init__()
        self.waited = 0.0

    def now(self):
        return self.waited

    def wait(self, seconds):
        self.waited += seconds


class HeldTimer(QuickTimer):
    """A wait begins, says so, and is over when the test lets it go."""

    def __init__(self):
        super().__init__()
        self.reached, self.go_on = threading.Event(), threading.Event()

    def wait(self, seconds):
        super().wait(seconds)
        self.reached.set()
        assert self.go_on.wait(60)
