"""What a signal does: to a sweep, to any other command, and to whoever handles it outside."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from hpsearch.console.interrupts import Interrupts, termination_as_exit


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_signal_is_noted_and_the_second_one_ends_the_block(number, code):
    handlers = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    interrupts, notes = Interrupts(), []
    with pytest.raises(KeyboardInterrupt), interrupts.listening(notes.append):
        assert not interrupts.stop.is_set()
        signal.raise_signal(number)
        assert interrupts.stop.is_set() and interrupts.code == code and len(notes) == 1
        signal.raise_signal(number)
    assert {one: signal.getsignal(one) for one in handlers} == handlers


def test_a_wait_for_the_stop_ends_with_the_signal():
    interrupts = Interrupts()
    with interrupts.listening(lambda _: None):
        threading.Timer(0.05, os.kill, [os.getpid(), signal.SIGTERM]).start()
        assert interrupts.stop.wait(60)


def test_a_termination_leaves_through_everything_that_tidies_up():
    before, tidied = signal.getsignal(signal.SIGTERM), []
    with pytest.raises(SystemExit) as end, termination_as_exit():
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            tidied.append(True)
    assert end.value.code == 143 and tidied and signal.getsignal(signal.SIGTERM) is before


def test_in_another_thread_no_handler_is_set():
    before, handlers = signal.getsignal(signal.SIGTERM), []

    def work():
        with termination_as_exit():
            handlers.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(10)
    assert handlers == [before]
