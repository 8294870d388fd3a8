"""Real sweeps in processes of their own, for the tests that kill and interrupt; nothing is left behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import yaml

HERE = Path(__file__).parent


def write_spec(folder, mapping):
    """Put a spec and the sample trainers beside it; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / "sample_trainers.py", folder)
    (folder / "sweep.yaml").write_text(yaml.safe_dump(mapping, sort_keys=False))
    return folder / "sweep.yaml"


def environment(**more):
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("RAY_", "PYTEST_"))}
    return {**clean, "COLUMNS": "200", **{name: str(value) for name, value in more.items()}}


def python(*arguments, timeout=120, **variables):
    """Run a program to its end."""
    command, given = [sys.executable, *map(str, arguments)], environment(**variables)
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=given, cwd="/", check=False)


def hpsearch(*arguments, **variables):
    """Run a command to its end."""
    return python("-m", "hpsearch", *arguments, **variables)


def parents():
    """Return the parent of every process."""
    found = {}
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            with suppress(OSError, IndexError, ValueError):
                found[int(place.name)] = int((place / "stat").read_text().rpartition(")")[2].split()[1])
    return found


def descendants(pid):
    """Return every process below `pid`."""
    above = parents()
    found, below = set(), {pid}
    while below:
        below = {child for child, parent in above.items() if parent in below} - found
        found |= below
    return found


def command_of(pid):
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return ""


def born(pid):
    """Return when a process began, in ticks since the machine did; None for one that is gone or a zombie."""
    with suppress(OSError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if fields[0] == "Z" else int(fields[19])
    return None


def wait_for(condition, seconds, what):
    """Wait until `condition()` is true and return it."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"{what} did not come about in {seconds} s"
        time.sleep(0.1)
    return answer


class Sweep:
    """A sweep that runs in the background; a context manager that ends whatever is left of it."""

    def __init__(self, folder, *arguments):
        self._out, self._err = folder / "stdout.txt", folder / "stderr.txt"
        command = [sys.executable, "-m", "hpsearch", *map(str, arguments)]
        with self._out.open("w") as out, self._err.open("w") as err:
            self.process = subprocess.Popen(command, stdout=out, stderr=err, env=environment(), cwd="/")
        self._seen = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.below()
        with suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()
        for pid, beginning in self._seen.items():
            if beginning is not None and born(pid) == beginning:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    @property
    def stderr(self):
        return self._err.read_text()

    @property
    def stdout(self):
        return self._out.read_text()

    def below(self):
        """Return the processes below the driver, and remember them."""
        found = descendants(self.process.pid)
        self._seen |= {pid: born(pid) for pid in found}
        return found

    def workers(self):
        """Return the processes that train now."""
        return sorted(pid for pid in self.below() if command_of(pid).startswith("ray::_Actor."))

    def wait_for_trials(self, count, seconds=60):
        """Wait until so many trials have ended."""
        lines = lambda: sum(line.startswith("trial ") for line in self.stderr.splitlines()) >= count  # noqa: E731
        wait_for(lambda: lines() or self.process.poll() is not None, seconds, f"trial {count}")
        assert lines(), self.stderr

    def wait(self, seconds=90):
        """Wait for the end and return the exit code."""
        return self.process.wait(seconds)
