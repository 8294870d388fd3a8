"""Starts Ray on this machine, or joins a cluster, and leaves it again; whatever is wrong with it is said here.

`ray_workers` needs a Ray that runs. What Ray reads from the environment comes from `ray_environment`.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import secrets
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from hpsearch.errors import SpecError, StoreError
from hpsearch.execution.ray_environment import ray, ray_environment

_OBJECT_STORE_BYTES = 512 * 2**20
_REACH_SECONDS = 5.0


def start(
    workers: int,
    cpus: float,
    verbose: bool,
    address: str | None = None,
    memory_gib: float | None = None,
    ray_token: SecretStr | None = None,
    ray_token_path: Path | None = None,
) -> None:
    """Start Ray on this machine with exactly the workers asked for, or join the cluster at `address`.

    Parameters
    ----------
    cpus, memory_gib : what one worker takes
    ray_token, ray_token_path : the cluster's token, or the file that holds it; a Ray of this machine has one of its own

    Raises
    ------
    StoreError
        If the cluster cannot be reached.
    SpecError
        If no machine of it could hold one worker.
    """
    options: dict[str, Any] = {"log_to_driver": verbose, "logging_level": logging.INFO if verbose else logging.ERROR}
    if address:
        _check_reachable(address)
        options["address"] = address
    else:
        ray_token = ray_token_path = None  # they are the cluster's, and are handed to nobody else
        _keep_token()
        options |= {"address": "local", "num_cpus": whole_processors(workers, cpus), "num_gpus": 0}
        options |= {"include_dashboard": False, "object_store_memory": _OBJECT_STORE_BYTES}
    try:
        with _signals_restored(), ray_environment(address, ray_token, ray_token_path):
            ray.init(**options)
        _check_fits(cpus, memory_gib)
    except SpecError:
        ray.shutdown()
        raise
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        where = address or "this machine"
        raise StoreError(f"Ray at {where} cannot be used: {str(error).strip().splitlines()[0]}") from error


def running() -> bool:
    """Whether Ray was started or joined, and not left since."""
    return bool(ray.is_initialized())


def stop() -> None:
    """Leave Ray; one that `start` started here ends."""
    ray.shutdown()


def whole_processors(workers: int, cpus: float) -> int:
    """Return the fewest whole processors that hold so many workers; Ray fits `cpus` into them as they come."""
    return max(1, math.ceil(round(workers * cpus, 4)))


def _check_fits(cpus: float, memory_gib: float | None) -> None:
    """Refuse a worker that no node could ever hold; nodes that are still to come are waited for."""
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]
    largest = max((node.get("CPU", 0.0) for node in nodes), default=0.0)
    if 0 < largest < cpus:
        raise SpecError(f"cpus: must be at most {largest:g}, those of the cluster's largest node, got {cpus:g}")
    memory = max((node.get("memory", 0.0) for node in nodes if node.get("CPU", 0.0) >= cpus), default=0.0) / 2**30
    if memory_gib is not None and 0 < memory < memory_gib:
        raise SpecError(
            f"memory_gib: must be at most {memory:.1f}, that of the cluster's largest node, got {memory_gib:g}"
        )


def _check_reachable(address: str) -> None:
    """Find out within seconds that nothing listens at a cluster's address; Ray itself tries for minutes."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        return  # "auto" and the like, which Ray resolves
    try:
        socket.create_connection((host, int(port)), _REACH_SECONDS).close()
    except OSError as error:
        raise StoreError(f"Ray at {address} cannot be used: nothing answers there: {error.strerror or error}") from None


@contextlib.contextmanager
def _signals_restored() -> Iterator[None]:
    """Take back the signals that Ray claims when it starts: a termination must end the sweep in good order."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            for number, handler in handlers.items():
                signal.signal(number, handler)


def _keep_token() -> None:
    """Make the token that the ports of a Ray here ask for before Ray does, readable for this user alone."""
    if "RAY_AUTH_TOKEN" in os.environ or "RAY_AUTH_TOKEN_PATH" in os.environ:
        return
    path = Path.home() / ".ray" / "auth_token"
    with contextlib.suppress(OSError):  # it exists, or Ray will say what is wrong with the place
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
