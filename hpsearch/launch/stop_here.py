"""Ends a sweep that runs on this very machine: a signal to the process that holds its lease."""

from __future__ import annotations

import json
import os
import signal
import socket
from pathlib import Path

from hpsearch.errors import StoreError, UnknownSweep
from hpsearch.launch.sweep_jobs import STOP_SECONDS
from hpsearch.locking.file_lease import held
from hpsearch.locking.retry import Timer


def stop_here(folder: Path, name: str, timer: Timer | None = None) -> None:
    """Send the driver of the sweep in `folder` a SIGTERM and wait until it has ended.

    Raises
    ------
    UnknownSweep
        If nobody drives it.
    StoreError
        If its driver cannot be reached from here, or does not end.
    """
    holder = held(folder)
    if holder is None:
        raise UnknownSweep(f"{name}: no driver of that sweep is running here; see hpsearch status {name}")
    timer = timer or Timer()
    _terminate(folder, name, holder)
    deadline = timer.now() + STOP_SECONDS
    while held(folder) is not None:
        if timer.now() > deadline:
            raise StoreError(f"{name}: its driver did not end within {STOP_SECONDS} s of its signal: {holder}")
        timer.wait(0.2)


def _terminate(folder: Path, name: str, holder: str) -> None:
    missing = StoreError(f"{name}: its driver cannot be found: {holder}; try again")
    try:
        driver = json.loads((folder / "driver.lock").read_text(encoding="utf-8"))
        host, pid = driver["host"], int(driver["pid"])
    except (ValueError, KeyError):
        raise missing from None
    if host != socket.gethostname():
        raise StoreError(f"{name}: its driver runs on another machine: {holder}; stop it there")
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        raise missing from None
    except PermissionError:
        raise StoreError(f"{name}: its driver is another user's: {holder}; ask them to stop it") from None
