"""What is unavailable is tried again, what is refused is not, and a stop ends the wait."""

from __future__ import annotations

import threading
import time

import pytest
from timers import QuickTimer

from hpsearch.errors import StoreError, StoreUnavailable
from hpsearch.locking.retry import Timer, with_retry


class Clock(QuickTimer):
    """Time that moves when it is waited for; `at` stops it at that second."""

    def __init__(self, at=float("inf")):
        super().__init__()
        self.at = at

    @property
    def stopped(self):
        return self.now() >= self.at


def failing(times, error):
    """Return work that fails so many times, and the list of its calls."""
    calls = []

    def work():
        calls.append(len(calls))
        if len(calls) <= times:
            raise error
        return "done"

    return work, calls


def test_what_is_unavailable_is_tried_again_after_longer_and_longer_pauses():
    work, calls = failing(8, StoreUnavailable("away"))
    clock = Clock()
    assert with_retry(work, 300.0, timer=clock) == "done"
    assert len(calls) == 9
    assert clock.waits == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0])


def test_the_last_error_comes_when_the_seconds_are_over():
    work, _ = failing(99, StoreUnavailable("away"))
    clock = Clock()
    with pytest.raises(StoreUnavailable, match="away"):
        with_retry(work, 5.0, timer=clock)
    assert clock.now() <= 5.0


def test_a_refusal_is_not_tried_again():
    work, calls = failing(1, StoreError("no"))
    with pytest.raises(StoreError, match="no"):
        with_retry(work, 300.0, timer=Clock())
    assert len(calls) == 1


def test_what_the_try_before_may_have_done_is_looked_up_before_every_further_one():
    work, _ = failing(2, StoreUnavailable("away"))
    looks = []
    with_retry(work, 300.0, lambda: looks.append(1), Clock())
    assert len(looks) == 2


def test_a_stop_in_the_midst_of_a_pause_ends_it_without_another_try():
    work, calls = failing(99, StoreUnavailable("away"))
    with pytest.raises(StoreUnavailable):
        with_retry(work, 300.0, timer=Clock(at=0.5))
    assert len(calls) == 2


def test_nothing_is_waited_for_after_a_stop():
    work, calls = failing(1, StoreUnavailable("away"))
    clock = Clock(at=0.0)
    with pytest.raises(StoreUnavailable):
        with_retry(work, 300.0, timer=clock)
    assert (len(calls), clock.waits) == (1, [])


@pytest.mark.parametrize("which", [0, 1])
def test_any_of_several_stops_ends_a_wait_within_a_second(which):
    stops = threading.Event(), threading.Event()
    timer = Timer(stops[0]).stopped_by(stops[1])
    assert not timer.stopped
    soon = threading.Timer(0.1, stops[which].set)
    soon.start()
    began = time.monotonic()
    timer.wait(60)
    assert time.monotonic() - began < 1.1
    assert timer.stopped


def test_one_more_stop_keeps_an_injected_clock():
    work, _ = failing(99, StoreUnavailable("away"))
    clock = Clock()
    with pytest.raises(StoreUnavailable):
        with_retry(work, 300.0, timer=clock.stopped_by(threading.Event()))
    assert 290 < clock.now() <= 300


def test_a_wait_that_nothing_stops_lasts_as_long_as_it_was_asked_to():
    for timer in (Timer(), Timer().stopped_by(threading.Event())):
        began = time.monotonic()
        timer.wait(0.15)
        assert time.monotonic() - began >= 0.15
