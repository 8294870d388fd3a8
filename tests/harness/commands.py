"""The command line in processes of its own: run to its end, or as a sweep in the background that a test interrupts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import yaml
from processes import born, command_of, descendants, kill, until

SAMPLES = Path(__file__).parents[1] / "hpsearch" / "sample_trainers.py"


def write_spec(folder, mapping):
    """Put a spec and the sample trainers beside it; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(SAMPLES, folder)
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
                kill(pid)

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
        return sorted(pid for pid in self.below() if command_of(pid).startswith("ray::Actor."))

    def wait_for_trials(self, count, seconds=60):
        """Wait until so many trials have ended."""
        lines = lambda: sum(line.startswith("trial ") for line in self.stderr.splitlines()) >= count  # noqa: E731
        until(lambda: lines() or self.process.poll() is not None, seconds, f"no trial {count} within {seconds} s")
        assert lines(), self.stderr

    def wait(self, seconds=90):
        """Wait for the end and return the exit code."""
        return self.process.wait(seconds)
