"""One driver a sweep: the second is refused by name, a dead one holds nothing."""

from __future__ import annotations

import fcntl
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from hpsearch.errors import StoreError, SweepBusy
from hpsearch.launch.stop_here import stop_here
from hpsearch.locking.file_lease import held, hold
from hpsearch.locking.retry import Timer


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


def test_a_lock_on_a_file_that_was_taken_away_meanwhile_is_none(tmp_path, monkeypatch):
    flock, gone = fcntl.flock, iter([True])

    def slow(file, how):
        if next(gone, False):
            (tmp_path / "tiny" / "driver.lock").unlink()  # the driver before tidies up, between our two calls
        flock(file, how)

    monkeypatch.setattr(fcntl, "flock", slow)
    with hold(tmp_path / "tiny", "tiny"):
        assert next(gone, None) is None
        assert f"process {os.getpid()}" in held(tmp_path / "tiny")


def test_one_who_only_looks_refuses_no_driver(tmp_path):
    path = tmp_path / "driver.lock"
    path.touch()
    with path.open() as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        threading.Timer(0.2, lambda: fcntl.flock(looking, fcntl.LOCK_UN)).start()
        with hold(tmp_path, "tiny"):
            pass


def test_one_who_only_looks_is_not_waited_for_after_a_stop(tmp_path):
    stop = threading.Event()
    stop.set()
    (tmp_path / "driver.lock").touch()
    with (tmp_path / "driver.lock").open() as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        with pytest.raises(SweepBusy), hold(tmp_path, "tiny", Timer(stop)):
            pass


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


def test_whoever_looks_does_not_disturb_another_who_looks(tmp_path):
    with hold(tmp_path, "tiny"):
        pass
    with (tmp_path / "driver.lock").open() as other:
        fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)  # as somebody who looks in this very moment
        assert held(tmp_path) is None


@pytest.fixture
def another_users(tmp_path, monkeypatch):
    """A sweep with a driver of another user's: its lock may be read, and neither written nor its process be told."""
    with hold(tmp_path, "tiny"):
        may_all = Path.open

        def may_read(path, mode="r", **rest):
            if mode != "r":
                raise PermissionError(13, "Permission denied", str(path))
            return may_all(path, mode, **rest)

        def may_not(*_):
            raise PermissionError(1, "Operation not permitted")

        monkeypatch.setattr(Path, "open", may_read)
        monkeypatch.setattr(os, "kill", may_not)
        yield tmp_path


def test_another_users_driver_is_seen_and_not_stopped(another_users):
    assert f"process {os.getpid()}" in held(another_users)
    with pytest.raises(
        StoreError, match=r"^tiny: its driver is another user's: process \d+ on .*; ask them to stop it$"
    ):
        stop_here(another_users, "tiny")


def test_a_lock_that_is_closed_to_us_is_one_line(tmp_path, monkeypatch):
    def closed(path, *_, **__):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", closed)
    monkeypatch.setattr(Path, "exists", closed)
    with pytest.raises(StoreError, match=rf"^{tmp_path}/driver.lock: cannot be read: Permission denied$"):
        held(tmp_path)
