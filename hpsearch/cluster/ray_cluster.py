"""A cluster of Ray actors. The only module that imports Ray.

Actors live as long as the sweep and hold the data, which lies in the object store once. There is at most one call a
worker in flight; when it fails, exactly one trial is affected and this module knows which.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayActorError, RayError

from hpsearch.cluster.interface import Event, Lost
from hpsearch.errors import StoreError
from hpsearch.trial import Proposal
from hpsearch.worker import Assignment, Pull, Worker

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_OBJECT_STORE_BYTES = 512 * 2**20


class _Actor(Worker):
    """A worker as a Ray actor."""

    def ready(self) -> int:
        """Return the process id; the first sign of life."""
        return os.getpid()


@dataclass
class _Slot:
    """One place for a worker: the actor in it and the trial it runs."""

    actor: Any
    call: Any = None
    proposal: Proposal | None = None
    ready: bool = False


def start(workers: int, cpus: float, verbose: bool, address: str | None = None) -> None:
    """Start Ray on this machine with exactly the workers asked for, or join the cluster at `address`.

    Raises
    ------
    StoreError
        If the cluster cannot be reached.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    quiet: dict[str, Any] = {"log_to_driver": verbose, "logging_level": logging.INFO if verbose else logging.ERROR}
    try:
        if address:
            ray.init(address=address, **quiet)
            return
        os.environ.update(_ONE_THREAD)  # inherited by the workers of this machine's own Ray
        _keep_token()
        ray.init(
            address="local",
            num_cpus=max(1, round(workers * cpus)),
            num_gpus=0,
            include_dashboard=False,
            object_store_memory=_OBJECT_STORE_BYTES,
            **quiet,
        )
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        where = address or "this machine"
        raise StoreError(f"Ray at {where} cannot be used: {str(error).strip().splitlines()[0]}") from error


def stop() -> None:
    """Leave Ray; one that `start` started here ends."""
    ray.shutdown()


def _keep_token() -> None:
    """Make the token that Ray's ports ask for before Ray does, readable for this user alone."""
    if "RAY_AUTH_TOKEN" in os.environ or "RAY_AUTH_TOKEN_PATH" in os.environ:
        return
    path = Path.home() / ".ray" / "auth_token"
    with contextlib.suppress(OSError):  # it exists, or Ray will say what is wrong with the place
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))


class RayCluster:
    """Implements `Cluster` with one actor a worker."""

    def __init__(self, assignment: Assignment, workers: int, cpus: float = 1) -> None:
        options = {"num_cpus": cpus, "max_restarts": 0, "max_task_retries": 0}
        self._actors: Any = ray.remote(_Actor).options(runtime_env={"env_vars": _ONE_THREAD}, **options)
        self._assignment = ray.put(assignment)
        self._slots = [self._employ() for _ in range(workers)]

    def _employ(self) -> _Slot:
        actor = self._actors.remote(self._assignment)
        return _Slot(actor, call=actor.ready.remote())

    def free(self) -> int:
        """Count the workers that could begin a trial now."""
        return sum(slot.ready and slot.proposal is None for slot in self._slots)

    def run(self, proposal: Proposal, pull: Pull) -> None:
        """Begin a trial on a free worker."""
        slot = next(slot for slot in self._slots if slot.ready and slot.proposal is None)
        slot.proposal = proposal
        slot.call = slot.actor.run.remote(proposal, pull)

    def proceed(self, number: int, pull: Pull) -> None:
        """Ask for more of a trial."""
        slot = self._slot(number)
        slot.call = slot.actor.pull.remote(pull)

    def drop(self, number: int) -> None:
        """Ask no more for a trial; the worker closes it when it begins the next."""
        slot = self._slot(number)
        slot.proposal = None
        if slot.call is not None:
            self._replace(slot)

    def wait(self, seconds: float) -> list[Event]:
        """Return the answers and losses that arrived, waiting up to `seconds` for the first."""
        calls = {slot.call: slot for slot in self._slots if slot.call is not None}
        if not calls:
            return []
        done, _ = ray.wait(list(calls), num_returns=1, timeout=seconds)
        if done:
            done, _ = ray.wait(list(calls), num_returns=len(calls), timeout=0)
        events = (self._event(calls[call]) for call in done)
        return [event for event in events if event is not None]

    def pids(self) -> list[int]:
        """Return the process ids of the workers; for tests."""
        return list(ray.get([slot.actor.ready.remote() for slot in self._slots]))

    def close(self) -> None:
        """End every actor."""
        for slot in self._slots:
            with contextlib.suppress(RayError):
                ray.kill(slot.actor)
        self._slots = []

    def _slot(self, number: int) -> _Slot:
        return next(slot for slot in self._slots if slot.proposal is not None and slot.proposal.number == number)

    def _event(self, slot: _Slot) -> Event | None:
        call, slot.call = slot.call, None
        try:
            answer = ray.get(call)
        except RayError as error:
            proposal = slot.proposal
            self._replace(slot)
            if proposal is None:
                return None
            return Lost(proposal.number, proposal.attempt, _first_line(error))
        if not slot.ready:
            slot.ready = True
            return None
        if answer.finished:
            slot.proposal = None
        event: Event = answer
        return event

    def _replace(self, slot: _Slot) -> None:
        with contextlib.suppress(RayError):
            ray.kill(slot.actor)
        fresh = self._employ()
        slot.actor, slot.call, slot.proposal, slot.ready = fresh.actor, fresh.call, None, False


def _first_line(error: RayError) -> str:
    kind = "the worker process died" if isinstance(error, RayActorError) else type(error).__name__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{kind}: {lines[0]}" if lines else kind


def cluster_resources() -> dict[str, float]:
    """Return what the cluster has in all, by resource name."""
    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    return {name: float(amount) for name, amount in resources.items()}
