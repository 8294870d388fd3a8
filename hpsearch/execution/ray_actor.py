"""A worker as a Ray actor: what runs in the worker's own process, with its allowance of memory.

`ray_workers` employs one for every place. `alive`, `stack` and `stderr_tail` are answered by a second thread while a
trial runs in the first; a third waits in `until_death`.
"""

from __future__ import annotations

import os
import resource
import socket
import threading
from pathlib import Path
from typing import NamedTuple

from hpsearch.execution.ray_environment import ray
from hpsearch.training.messages import Assignment
from hpsearch.training.worker import Worker

THREADS = 3  # that answer calls at the same time
STDERR_LINES = 50
_TAIL_BYTES = 16_384


class WorkerInfo(NamedTuple):
    """Where a worker lives: its process, its node, the file that its stderr goes to, and what people call it."""

    pid: int
    node: str
    stderr: str
    name: str


class Actor(Worker):
    """A worker that says where it lives."""

    def __init__(self, assignment: Assignment) -> None:
        super().__init__(assignment)
        if assignment.memory_gib is not None:
            limit_memory(assignment.memory_gib)

    def alive(self) -> WorkerInfo:
        """Say where it lives; the first sign of life, and every later one."""
        node, stderr = ray.get_runtime_context().get_node_id(), os.path.realpath("/proc/self/fd/2")
        return WorkerInfo(os.getpid(), node, stderr, f"{socket.gethostname()}/{os.getpid()}")

    def until_death(self) -> None:
        """Return never: the call fails when the process ends, and so tells of it though the worker has no trial."""
        threading.Event().wait()

    def stderr_tail(self, place: str) -> str:
        """Return what a process that died on this machine said at last."""
        return stderr_tail(place)


def limit_memory(gib: float) -> None:
    """Let allocations behind `gib` more than a fresh worker has fail, so that a trial fails and not the machine."""
    status = Path("/proc/self/status").read_text()
    data_kib = int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmData")))
    limit, (_, most) = data_kib * 1024 + int(gib * 2**30), resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (limit if most == resource.RLIM_INFINITY else min(limit, most), most))


def stderr_tail(place: str) -> str:
    """Return the last lines of a file, nothing if it is none that can be read."""
    try:
        with Path(place).open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL_BYTES))
            lines = file.read().decode("utf-8", "replace").splitlines()[-STDERR_LINES:]
    except OSError:
        return ""
    return "\n".join(["its stderr ended:", *lines]) if lines else ""
