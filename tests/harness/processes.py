"""Starts real processes and is sure to end them: whatever a test began carries a mark in its environment.

Used by every module that starts one. A process is ended by its id, and so is whatever it left behind.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

MARK = "HPSEARCH_FAULT_TESTS"
RUN = uuid.uuid4().hex


class Process:
    """One process with its output in a file; `end` ends it and everything in its session."""

    def __init__(self, command: list[str], log: Path, env: dict[str, str], **options: Any) -> None:
        self.log = log
        self._file = log.open("wb")
        self._popen = subprocess.Popen(
            command,
            stdout=self._file,
            stderr=subprocess.STDOUT,
            env={**os.environ, **env, MARK: RUN},
            start_new_session=True,
            **options,
        )
        self.pid = self._popen.pid

    @property
    def stdin(self) -> Any:
        return self._popen.stdin

    @property
    def code(self) -> int | None:
        """The exit code, None while it runs; reaps."""
        return self._popen.poll()

    def text(self) -> str:
        return self.log.read_text(errors="replace")

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait(self, seconds: float) -> int:
        """Return the exit code; fail with the end of the output where it does not come."""
        try:
            return self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.pid} still runs after {seconds} s:\n{self.text()[-3000:]}") from None

    def wait_for(self, what: str, seconds: float) -> None:
        """Wait until its output holds `what`."""

        def said() -> bool:
            assert self.code is None or what in self.text(), f"ended with {self.code}:\n{self.text()[-3000:]}"
            return what in self.text()

        until(said, seconds, lambda: f"{what!r} was not said:\n{self.text()[-3000:]}")

    def end(self) -> None:
        for member in in_session(self.pid):
            kill(member)
        if self._popen.poll() is None:
            self._popen.kill()
        self._popen.wait(10)
        self._file.close()


def until(true: Callable[[], Any], seconds: float, otherwise: str | Callable[[], str] = "") -> Any:
    """Wait until `true` returns something that is; return that."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        if time.monotonic() > deadline:
            raise AssertionError((otherwise() if callable(otherwise) else otherwise) or f"not within {seconds} s")
        time.sleep(0.02)
    return found


def kill(pid: int, number: int = signal.SIGKILL) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat behind the name: state, parent, group, session, ..."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return []


def alive(pid: int) -> bool:
    return bool(stat := _stat(pid)) and stat[0] != "Z"


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def in_session(session: int) -> list[int]:
    return [pid for pid in _pids() if (stat := _stat(pid)) and int(stat[3]) == session and pid != session]


def children(parent: int) -> list[int]:
    return [pid for pid in _pids() if (stat := _stat(pid)) and int(stat[1]) == parent]


def descendants(pid: int) -> set[int]:
    """Return every process below `pid`."""
    parents = {one: int(stat[1]) for one in _pids() if (stat := _stat(one))}
    found: set[int] = set()
    below = {pid}
    while below:
        below = {child for child, parent in parents.items() if parent in below} - found
        found |= below
    return found


def command_of(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return ""


def born(pid: int) -> int | None:
    """Return when a process began, in ticks since the machine did; None for one that is gone or a zombie."""
    stat = _stat(pid)
    return None if not stat or stat[0] == "Z" else int(stat[19])


def end_all() -> None:
    """End whatever still carries this run's mark."""
    for pid in _pids():
        with suppress(OSError):
            if pid != os.getpid() and f"{MARK}={RUN}".encode() in Path(f"/proc/{pid}/environ").read_bytes():
                kill(pid)


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
