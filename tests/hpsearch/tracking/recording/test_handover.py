"""What two threads change is never changed by one of them alone."""

from __future__ import annotations

import threading

import pytest

from hpsearch.errors import TrackingUnreachable
from hpsearch.tracking.recording import handover as module
from hpsearch.tracking.recording.handover import Handover

TURN_SECONDS = 0.3  # in which the other thread has its turn, if nothing keeps it


class Slow(float):
    """A number whose sum is ready only after another thread had its turn between reading and writing it."""

    def __new__(cls, value, read, changed):
        number = super().__new__(cls, value)
        number.read, number.changed = read, changed
        return number

    def _after_a_turn(self, value):
        self.read.set()
        self.changed.wait(TURN_SECONDS)
        return value

    def __add__(self, other):
        return self._after_a_turn(float(self) + other)

    def __sub__(self, other):
        return self._after_a_turn(float(self) - other)


def both_at_once(handover, name, first, second):
    """Let `second` try to change a number after `first` has read it and before it has written it."""
    read, changed = threading.Event(), threading.Event()
    setattr(handover, name, Slow(getattr(handover, name), read, changed))

    def other():
        assert read.wait(60)
        second()
        changed.set()

    threads = [threading.Thread(target=first), threading.Thread(target=other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


@pytest.mark.parametrize(
    ("first", "second", "total"),
    [("add", "settle", 5), ("settle", "add", 5), ("add", "add", 7), ("settle", "settle", 3)],
)
def test_no_change_of_the_number_that_waits_is_lost(first, second, total):
    handover = Handover()
    for _ in range(5):
        handover.add()
    both_at_once(handover, "_waiting", getattr(handover, first), getattr(handover, second))
    assert handover.waiting == total


def test_no_second_is_lost():
    handover = Handover()
    both_at_once(handover, "_seconds", lambda: handover.note_call(1.0, True), lambda: handover.note_call(2.0, False))
    assert handover.seconds == 3.0


def test_the_first_error_counts():
    handover = Handover()
    handover.fail(TrackingUnreachable("first"))
    handover.fail(TrackingUnreachable("second"))
    assert str(handover.error) == "first"


@pytest.mark.parametrize(("seconds", "succeeded", "limit"), [(0.1, True, 2), (9.0, True, 5), (0.1, False, 5)])
def test_more_may_wait_while_mlflow_is_slow_or_fails(seconds, succeeded, limit, monkeypatch):
    monkeypatch.setattr(module, "LARGEST_LAG", 2)
    monkeypatch.setattr(module, "LARGEST_SPOOL", 5)
    handover = Handover()
    handover.note_call(seconds, succeeded)
    for _ in range(limit):
        handover.add()
    assert not handover.behind
    handover.add()
    assert handover.behind
