"""A stack on this machine for the tests of `launch`: a Ray head with a token, an MLflow server with a password.

Both are processes of the test's own, on ports of their own, and are ended by their ids.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

STARTED_WITHIN_SECONDS = 120
PASSWORD = "canary-password-" + secrets.token_hex(8)
TOKEN = "canarytoken" + secrets.token_hex(16)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Stack:
    """Where the two are, the folder they keep things in, and their process ids."""

    folder: Path
    ray_folder: Path
    jobs: str
    tracking: str
    pids: list[int] = field(default_factory=list)

    @property
    def client_environment(self) -> dict[str, str]:
        """What a client of both needs to know."""
        return {
            **plain_environment(self.folder),
            "HPSEARCH_RAY": self.jobs,
            "MLFLOW_TRACKING_URI": self.tracking,
            "MLFLOW_TRACKING_USERNAME": "admin",
            "MLFLOW_TRACKING_PASSWORD": PASSWORD,
            "RAY_AUTH_TOKEN_PATH": str(self.folder / "token"),
        }


def plain_environment(folder: Path) -> dict[str, str]:
    """Our own, without what would lead to other stores, and with this Python's commands first."""
    dropped = ("HPSEARCH_", "MLFLOW_", "RAY_", "PG", "XDG_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    return {**kept, "PATH": path, "HOME": str(folder / "user"), "PYTHONWARNINGS": "ignore"}


@contextmanager
def local_stack(folder: Path) -> Iterator[Stack]:
    """Have both while the block runs; they keep everything in `folder`."""
    (folder / "user").mkdir()
    ray_folder = Path("/tmp", f"hps-{secrets.token_hex(4)}")  # Ray's sockets need a short path
    found = Stack(folder, ray_folder, f"http://127.0.0.1:{free_port()}", f"http://127.0.0.1:{free_port()}")
    (folder / "token").write_text(TOKEN)
    (folder / "token").chmod(0o600)
    started = []
    try:
        started += [_start_mlflow(found), _start_head(found)]
        wait_for_answer(f"{found.tracking}/health", started[0])
        wait_for_answer(f"{found.jobs}/api/gcs_healthz", started[1])
        found.pids = [process.pid for process in started]
        yield found
    finally:
        for process in started:
            end(process)
        shutil.rmtree(ray_folder, ignore_errors=True)


def _start_mlflow(stack: Stack) -> subprocess.Popen:
    place = stack.folder / "mlflow"
    place.mkdir()
    port = stack.tracking.rpartition(":")[2]
    command = ["mlflow", "server", "--app-name", "basic-auth", "--host", "127.0.0.1", "--port", port, "--workers", "1"]
    command += ["--backend-store-uri", "sqlite:///mlflow.db", "--artifacts-destination", "./artifacts"]
    command += ["--serve-artifacts", "--allowed-hosts", "mlflow:5000,localhost:*,127.0.0.1:*"]
    environment = plain_environment(stack.folder) | {
        "MLFLOW_AUTH_ADMIN_PASSWORD": PASSWORD,
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "canary-secret-key",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    return start(command, environment, place, stack.folder / "mlflow.log")


def _start_head(stack: Stack) -> subprocess.Popen:
    ports = {"port": free_port(), "dashboard-port": stack.jobs.rpartition(":")[2]}
    ports |= {"dashboard-agent-listen-port": free_port(), "min-worker-port": 0, "max-worker-port": 0}
    command = ["ray", "start", "--head", "--block", "--num-cpus=2", "--node-ip-address=127.0.0.1"]
    command += ["--dashboard-host=127.0.0.1", f"--temp-dir={stack.ray_folder}", "--object-store-memory=200000000"]
    command += ["--disable-usage-stats", *(f"--{name}={port}" for name, port in ports.items())]
    place = stack.folder / "head"
    place.mkdir()
    environment = plain_environment(stack.folder) | {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(stack.folder / "token"),
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # every port on loopback
        "HPSEARCH_HOME": str(stack.folder / "home"),
        "MLFLOW_TRACKING_URI": stack.tracking,
        "MLFLOW_TRACKING_USERNAME": "admin",
        "MLFLOW_TRACKING_PASSWORD": PASSWORD,
    }
    return start(command, environment, place, stack.folder / "head.log")


def start(command, environment, place, log) -> subprocess.Popen:
    """Begin a process of the test's own; what it says goes to `log`."""
    with log.open("w") as file:
        return subprocess.Popen(
            command, env=environment, cwd=place, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )


def wait_for_answer(url: str, process: subprocess.Popen) -> None:
    """Wait until the server answers; fail where its process ended."""
    deadline = time.monotonic() + STARTED_WITHIN_SECONDS
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except (OSError, urllib.error.URLError):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{url} does not answer; its process ended with {process.poll()}")
            time.sleep(0.5)


def descendants(pid: int) -> list[int]:
    """List a process and all below it."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it just ended
    found = [pid]
    for known in found:
        found += [child for child, parent in parents.items() if parent == known]
    return found


def end(process: subprocess.Popen) -> None:
    """End a process and all below it."""
    below = descendants(process.pid)
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pid in below[1:]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
