"""One driver a sweep: a lock on a file that names its holder and that a killed process gives back by itself.

Used by `sweep` before it touches a study; the lock is the kernel's, so neither a crash nor a wrong clock keeps it.
`database_lease` does the same for all machines that share a PostgreSQL.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from hpsearch.errors import StoreError
from hpsearch.locking.lease import Lease, busy
from hpsearch.locking.retry import Timer

_LOOKERS_SECONDS, _PAUSE_SECONDS = 0.5, 0.02


@contextmanager
def hold(folder: Path, name: str, timer: Timer | None = None) -> Iterator[Lease]:
    """Hold the sweep's lease while the block runs.

    Parameters
    ----------
    folder : the sweep's own; it is made if it is not there
    timer : of the wait for one who only looks; once it is stopped, nobody is waited for

    Raises
    ------
    SweepBusy
        If another driver holds it; the message says which.
    """
    path = folder / "driver.lock"
    with ExitStack() as stack:
        try:
            file = stack.enter_context(_locked(path, name, timer or Timer()))
            file.truncate(0)
            json.dump({"pid": os.getpid(), "host": socket.gethostname(), "since": time.strftime("%F %T %z")}, file)
            file.flush()
        except OSError as error:
            raise StoreError(f"{path}: cannot be written: {error.strerror}") from None
        yield Lease()


@contextmanager
def _locked(path: Path, name: str, timer: Timer) -> Iterator[IO[str]]:
    """Lock the file that stands at `path` at that moment; one who only looks holds it for a moment, too."""
    deadline = timer.now() + _LOOKERS_SECONDS
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if timer.stopped or timer.now() > deadline:
                    raise busy(name, _holder(path)) from None
                timer.wait(_PAUSE_SECONDS)
                continue
            if not _stands(file, path):
                continue  # the driver before took its folder away
            yield file
            return


def _stands(file: IO[str], path: Path) -> bool:
    """Whether the open file is still the one at its path."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def held(folder: Path) -> str | None:
    """Return who drives the sweep now, or None where nobody does.

    Raises
    ------
    StoreError
        If that cannot be seen: another user's folder may be closed to us.
    """
    path = folder / "driver.lock"
    try:
        # To be read is enough, and lets one look at another user's; shared, so that lookers do not see each other.
        with path.open(encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _holder(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}") from None
    return None


def _holder(path: Path) -> str:
    try:
        who = json.loads(path.read_text())
        return f"process {who['pid']} on {who['host']} since {who['since']}"
    except (ValueError, KeyError, OSError):
        return "a process that has not said its name yet"
