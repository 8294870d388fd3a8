"""Ending the driver on this machine: whom the signal goes to, and how long it is waited for."""

from __future__ import annotations

import json
import os
import signal
import socket

import pytest
from timers import QuickTimer

from hpsearch.errors import StoreError, UnknownSweep
from hpsearch.launch import stop_here as module
from hpsearch.launch.stop_here import stop_here


@pytest.fixture
def driven(tmp_path, monkeypatch):
    """A sweep whose driver, of this host and the pid 12345, lets go of it after so many looks."""

    def driven(looks, host=None):
        lock = {"host": host or socket.gethostname(), "pid": 12345}
        (tmp_path / "driver.lock").write_text(json.dumps(lock))
        left, signals = iter(["the driver"] * looks), []
        monkeypatch.setattr(module, "held", lambda _: next(left, None))
        monkeypatch.setattr(os, "kill", lambda pid, number: signals.append((pid, number)))
        return tmp_path, signals

    return driven


def test_the_driver_is_terminated_once_and_waited_for(driven):
    folder, signals = driven(looks=6)
    timer = QuickTimer()
    stop_here(folder, "tiny", timer)
    assert signals == [(12345, signal.SIGTERM)] and timer.waits == [0.2] * 5


def test_a_driver_that_does_not_end_is_named(driven):
    folder, _ = driven(looks=10_000)
    timer = QuickTimer()
    with pytest.raises(StoreError, match="did not end within 120 s of its signal: the driver"):
        stop_here(folder, "tiny", timer)
    assert 120 < timer.now() < 121


def test_a_driver_on_another_machine_gets_no_signal(driven):
    folder, signals = driven(looks=1, host="elsewhere")
    with pytest.raises(StoreError, match="its driver runs on another machine"):
        stop_here(folder, "tiny", QuickTimer())
    assert signals == []


def test_what_nobody_drives_is_unknown(driven):
    folder, signals = driven(looks=0)
    with pytest.raises(UnknownSweep, match="no driver of that sweep is running here"):
        stop_here(folder, "tiny", QuickTimer())
    assert signals == []
