"""One driver a sweep: a lock on a file that names its holder and that a killed process gives back by itself.

Used by `sweep` before it touches a study; the lock is the kernel's, so neither a crash nor a wrong clock keeps it.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hpsearch.errors import StoreError, SweepBusy


@contextmanager
def hold(folder: Path, name: str) -> Iterator[None]:
    """Hold the sweep's lease while the block runs.

    Raises
    ------
    SweepBusy
        If another driver holds it; the message says which.
    """
    path = folder / "driver.lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = path.open("a+")
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror}") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SweepBusy(f"{name}: another driver is running this sweep: {_holder(path)}") from None
        file.truncate(0)
        json.dump({"pid": os.getpid(), "host": socket.gethostname(), "since": time.strftime("%F %T %z")}, file)
        file.flush()
        yield


def held(folder: Path) -> str | None:
    """Return who drives the sweep now, or None where nobody does."""
    path = folder / "driver.lock"
    if not path.exists():
        return None
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return _holder(path)
    return None


def _holder(path: Path) -> str:
    try:
        who = json.loads(path.read_text())
        return f"process {who['pid']} on {who['host']} since {who['since']}"
    except (ValueError, KeyError, OSError):
        return "a process that has not said its name yet"
