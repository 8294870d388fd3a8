"""One driver a sweep: the second is refused by name, a dead one holds nothing."""

from __future__ import annotations

import os
import signal
import time

import pytest

from hpsearch.errors import StoreError, SweepBusy
from hpsearch.lease import held, hold


def in_child(work):
    """Run `work` in a forked process and return its id."""
    child = os.fork()
    if not child:
        try:
            work()
        finally:
            os._exit(0)
    return child


def holding_child(folder):
    def work():
        with hold(folder, "tiny"):
            time.sleep(60)

    child = in_child(work)
    deadline = time.monotonic() + 10
    while held(folder) is None and time.monotonic() < deadline:
        time.sleep(0.01)
    return child


def test_a_second_driver_is_refused_and_the_first_one_named(tmp_path):
    child = holding_child(tmp_path / "tiny")
    try:
        time.sleep(0.1)
        told = rf"^tiny: another driver is running this sweep: process {child} on "
        with pytest.raises(SweepBusy, match=told), hold(tmp_path / "tiny", "tiny"):
            pass
        assert f"process {child}" in held(tmp_path / "tiny")
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    with hold(tmp_path / "tiny", "tiny"):
        assert f"process {os.getpid()}" in held(tmp_path / "tiny")
    assert held(tmp_path / "tiny") is None


def test_nobody_holds_what_was_never_begun(tmp_path):
    assert held(tmp_path / "none") is None
    assert list(tmp_path.iterdir()) == []


def test_the_lease_is_given_back_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), hold(tmp_path, "tiny"):
        raise ZeroDivisionError
    assert held(tmp_path) is None


def test_two_sweeps_do_not_stand_in_each_other_s_way(tmp_path):
    with hold(tmp_path / "a", "a"), hold(tmp_path / "b", "b"):
        pass


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    told = r"file/tiny/driver\.lock: cannot be written"
    with pytest.raises(StoreError, match=told), hold(tmp_path / "file" / "tiny", "tiny"):
        pass
