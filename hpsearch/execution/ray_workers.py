"""A cluster of Ray actors. The only module that imports Ray.

Actors live as long as the sweep and hold the data, which lies in the object store once. There is at most one call a
worker in flight; when it fails, exactly one trial is affected and this module knows which.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import resource
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

# What Ray reads when it is imported.
if os.environ.get("RAY_ADDRESS", "").removeprefix("http://").rpartition(":")[0] in ("", "127.0.0.1", "localhost"):
    # A Ray of this machine's own listens on loopback alone, and is found there. The name is historical.
    os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
if os.environ.setdefault("RAY_grpc_client_keepalive_time_ms", "2000"):
    # A machine that froze or vanished is noticed within seconds. The nodes of a cluster want the same three.
    os.environ.setdefault("RAY_grpc_client_keepalive_timeout_ms", "3000")
    os.environ.setdefault("RAY_grpc_keepalive_time_ms", "2000")

import ray
from ray.exceptions import ActorUnavailableError, NodeDiedError, RayActorError, RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from hpsearch.errors import SpecError, StoreError, SweepStopped
from hpsearch.execution.fair_share import even_shares
from hpsearch.execution.interface import Event, Lost
from hpsearch.training.worker import Assignment, Pull, Worker
from hpsearch.trial import Suggestion

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_OBJECT_STORE_BYTES = 512 * 2**20
_ASK_AFTER_SECONDS = 3.0  # a worker that trains answers every few seconds, and at once if it is asked whether it lives
SILENCE_SECONDS = float(os.environ.get("HPSEARCH_SILENCE_SECONDS", "30"))
_REACH_SECONDS = 5.0
_ANSWER_SECONDS, _PAUSE_SECONDS = 1.0, 0.2
_VAIN_STARTS = 5
_NAMES = "hpsearch/"  # of actors: hpsearch/SWEEP/workers wanted/number
_SHARE_EVERY_SECONDS = 3.0
_ERROR_LINES, _TAIL_BYTES = 50, 16_384


class _Actor(Worker):
    """A worker as a Ray actor; `alive` is answered by a second thread while a trial runs in the first."""

    def __init__(self, assignment: Assignment) -> None:
        super().__init__(assignment)
        if assignment.memory_gib is not None:
            _limit_memory(assignment.memory_gib)

    def alive(self) -> _WorkerInfo:
        """Say where it lives; the first sign of life, and every later one."""
        node, stderr = ray.get_runtime_context().get_node_id(), os.path.realpath("/proc/self/fd/2")
        return _WorkerInfo(os.getpid(), node, stderr, f"{socket.gethostname()}/{os.getpid()}")

    def stderr_tail(self, place: str) -> str:
        """Return what a process that died on this machine said at last."""
        return _tail(place)


class _WorkerInfo(NamedTuple):
    """Where a worker lives: its process, its node, the file that its stderr goes to, and what people call it."""

    pid: int
    node: str
    stderr: str
    name: str


@dataclass
class _Slot:
    """One place for a worker: the actor in it, where it lives (None: not begun yet) and the trial it runs."""

    actor: Any
    call: Any
    home: _WorkerInfo | None = None
    suggestion: Suggestion | None = None
    called_at: float = field(default_factory=time.monotonic)
    sign: Any = None  # the question whether it is alive, while that is open
    asked_at: float = 0.0

    @property
    def ready(self) -> bool:
        return self.home is not None

    def ask(self, call: Any) -> None:
        """Note a call; there is at most one."""
        self.call, self.called_at, self.sign = call, time.monotonic(), None


def start(
    workers: int, cpus: float, verbose: bool, address: str | None = None, memory_gib: float | None = None
) -> None:
    """Start Ray on this machine with exactly the workers asked for, or join the cluster at `address`.

    Raises
    ------
    StoreError
        If the cluster cannot be reached.
    SpecError
        If no machine of it could hold one worker.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    quiet: dict[str, Any] = {"log_to_driver": verbose, "logging_level": logging.INFO if verbose else logging.ERROR}
    if address:
        _check_reachable(address)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        if address:
            ray.init(address=address, **quiet)
            _check_fits(cpus, memory_gib)
            return
        os.environ.update(_ONE_THREAD)  # inherited by the workers of this machine's own Ray
        _keep_token()
        ray.init(
            address="local",
            num_cpus=_enough(workers, cpus),
            num_gpus=0,
            include_dashboard=False,
            object_store_memory=_OBJECT_STORE_BYTES,
            **quiet,
        )
        _check_fits(cpus, memory_gib)
    except SpecError:
        ray.shutdown()
        raise
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        where = address or "this machine"
        raise StoreError(f"Ray at {where} cannot be used: {str(error).strip().splitlines()[0]}") from error
    finally:
        _restore(before)


def _enough(workers: int, cpus: float) -> int:
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


def _restore(handlers: dict[signal.Signals, Any]) -> None:
    """Take back the signals that Ray claimed: a termination must end the sweep in good order."""
    if threading.current_thread() is threading.main_thread():
        for number, handler in handlers.items():
            signal.signal(number, handler)


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

    def __init__(
        self,
        assignment: Assignment,
        workers: int,
        cpus: float = 1,
        memory_gib: float | None = None,
        shared_by: str | None = None,
    ) -> None:
        """Employ the workers; `shared_by` is the sweep's name where other sweeps may want the cluster, too."""
        self._options: dict[str, Any] = {"num_cpus": cpus, "max_restarts": 0, "max_task_retries": 0}
        self._options |= {"max_concurrency": 2, "runtime_env": {"env_vars": _ONE_THREAD}}
        if memory_gib is not None:
            self._options["memory"] = memory_gib * 2**30
        self._actors: Any = ray.remote(_Actor)
        self._assignment = ray.put(assignment)
        self._node = ray.get_runtime_context().get_node_id()
        self._failed_starts = 0
        self._sweep, self._wanted = shared_by, workers
        self._share, self._shared_at = workers, time.monotonic()
        self._slots = [self._employ() for _ in range(workers)]

    def _employ(self) -> _Slot:
        name = f"{_NAMES}{self._sweep}/{self._wanted}/{secrets.token_hex(8)}"
        actor = self._actors.options(**self._options, **({"name": name} if self._sweep else {}))
        worker = actor.remote(self._assignment)
        return _Slot(worker, worker.alive.remote())

    def free(self) -> int:
        """Count the workers that could begin a trial now; those above this sweep's share are given up first."""
        if self._sweep is not None:
            self._keep_to_share()
        return sum(slot.ready and slot.suggestion is None for slot in self._slots)

    def _keep_to_share(self) -> None:
        """Give idle workers above the even share up, and take them again when it grows."""
        if time.monotonic() - self._shared_at > _SHARE_EVERY_SECONDS:
            self._shared_at = time.monotonic()
            self._share = max(1, even_shares(_wanted(), _capacity(self._options["num_cpus"])).get(self._sweep or "", 1))
        idle = sorted((slot for slot in self._slots if slot.suggestion is None), key=lambda slot: slot.ready)
        for slot in idle[: max(0, len(self._slots) - self._share)]:
            self._slots.remove(slot)
            self._kill(slot)
        while len(self._slots) < min(self._share, self._wanted):
            self._slots.append(self._employ())

    def run(self, suggestion: Suggestion, pull: Pull) -> str:
        """Begin a trial on a free worker and name that worker."""
        slot, home = next((s, s.home) for s in self._slots if s.home is not None and s.suggestion is None)
        slot.suggestion = suggestion
        slot.ask(slot.actor.run.remote(suggestion, pull))
        return home.name

    def proceed(self, number: int, pull: Pull) -> None:
        """Ask for more of a trial."""
        slot = self._slot(number)
        slot.ask(slot.actor.pull.remote(pull))

    def stack(self, number: int) -> str:
        """Ask the worker's second thread where the first one is; one that is frozen does not answer."""
        with contextlib.suppress(RayError):
            return str(ray.get(self._slot(number).actor.stack.remote(), timeout=_ANSWER_SECONDS))
        return ""

    def drop(self, number: int) -> None:
        """Ask no more for a trial; an idle worker closes it when it begins the next, a busy one is replaced."""
        slot = self._slot(number)
        slot.suggestion = None
        if slot.call is not None:
            self._replace(slot)

    def wait(self, seconds: float) -> list[Event]:
        """Return the answers and losses that arrived, waiting up to `seconds` for the first.

        Raises
        ------
        SweepStopped
            If workers cannot be started at all.
        """
        calls = {slot.call: slot for slot in self._slots if slot.call is not None}
        if not calls:
            time.sleep(min(seconds, _PAUSE_SECONDS))
            return []
        done, _ = ray.wait(list(calls), num_returns=1, timeout=seconds)
        if done:
            done, _ = ray.wait(list(calls), num_returns=len(calls), timeout=0)
        events = [self._event(calls[call]) for call in done]
        events += [self._look_after(slot) for slot in self._slots if slot.suggestion is not None]
        return [event for event in events if event is not None]

    def pids(self) -> list[int]:
        """Return the process ids of the workers that have begun."""
        return [slot.home.pid for slot in self._slots if slot.home is not None]

    def close(self) -> None:
        """End every actor."""
        for slot in self._slots:
            self._kill(slot)
        self._slots = []

    def _slot(self, number: int) -> _Slot:
        return next(slot for slot in self._slots if slot.suggestion is not None and slot.suggestion.number == number)

    def _event(self, slot: _Slot) -> Event | None:
        call, slot.call = slot.call, None
        try:
            answer = ray.get(call)
        except RayError as error:
            return self._lose(slot, error)
        if not slot.ready:
            slot.home, self._failed_starts = answer, 0
            return None
        if answer.finished:
            slot.suggestion = None
        event: Event = answer
        return event

    def _lose(self, slot: _Slot, error: RayError) -> Lost | None:
        """Replace a worker that died; one that never began counts against the limit of vain starts."""
        suggestion, home = slot.suggestion, slot.home
        self._failed_starts += home is None
        if self._failed_starts > _VAIN_STARTS:
            raise SweepStopped(f"{self._failed_starts} workers in a row could not be started: {_first_line(error)}")
        self._replace(slot)
        if suggestion is None:
            return None
        by_node = isinstance(error, NodeDiedError | ActorUnavailableError) or "node has died" in str(error)
        told = [*str(error).splitlines(), *([] if by_node or home is None else self._stderr_tail(home).splitlines())]
        return Lost(suggestion.number, suggestion.attempt, _first_line(error), by_node, "\n".join(told[-_ERROR_LINES:]))

    def _stderr_tail(self, home: _WorkerInfo) -> str:
        """Return the end of a dead process's stderr: read here, or by another worker on its machine."""
        if home.node == self._node:
            return _tail(home.stderr)
        others = [slot for slot in self._slots if slot.home is not None and slot.home.node == home.node]
        for other in others[:1]:
            with contextlib.suppress(RayError):
                return str(ray.get(other.actor.stderr_tail.remote(home.stderr), timeout=_ANSWER_SECONDS))
        return ""

    def _look_after(self, slot: _Slot) -> Lost | None:
        """Ask a worker that is long silent for a sign of life; give it up if none comes."""
        now = time.monotonic()
        if slot.call is None or now - slot.called_at < _ASK_AFTER_SECONDS:
            return None
        if slot.sign is None:
            slot.sign, slot.asked_at = slot.actor.alive.remote(), now
        elif ray.wait([slot.sign], timeout=0)[0]:
            slot.sign, slot.called_at = None, now
        elif now - slot.asked_at > SILENCE_SECONDS:
            suggestion = slot.suggestion
            self._end_frozen(slot)
            self._replace(slot)
            assert suggestion is not None
            reason = f"the worker gave no sign of life for {SILENCE_SECONDS:g} s"
            return Lost(suggestion.number, suggestion.attempt, reason, by_node=True)
        return None

    def _replace(self, slot: _Slot) -> None:
        self._kill(slot)
        fresh = self._employ()
        slot.actor, slot.call, slot.home, slot.suggestion = fresh.actor, fresh.call, None, None
        slot.called_at, slot.sign = fresh.called_at, None

    def _kill(self, slot: _Slot) -> None:
        with contextlib.suppress(RayError):
            ray.kill(slot.actor)

    def _end_frozen(self, slot: _Slot) -> None:
        """End a process that does not hear Ray; on another machine that is left to Ray."""
        if slot.home is not None and slot.home.node == self._node:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(slot.home.pid, signal.SIGKILL)


def _wanted() -> dict[str, int]:
    """Read from the actors' names how many workers each sweep on this cluster wants."""
    names = [str(actor["name"]) for actor in ray.util.list_named_actors(all_namespaces=True)]
    ours = [name.split("/") for name in names if name.startswith(_NAMES)]
    return {sweep: int(wanted) for _, sweep, wanted, _ in ours}


def _capacity(cpus: float) -> int:
    """Count how many workers fit into the cluster."""
    nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    return sum([int(node["Resources"].get("CPU", 0) / cpus) for node in nodes if node["Alive"]])


def _limit_memory(gib: float) -> None:
    """Let allocations behind `gib` more than a fresh worker has fail, so that a trial fails and not the machine."""
    status = Path("/proc/self/status").read_text()
    data_kib = int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmData")))
    limit, (_, most) = data_kib * 1024 + int(gib * 2**30), resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (limit if most == resource.RLIM_INFINITY else min(limit, most), most))


def _first_line(error: RayError) -> str:
    kind = "the worker process died" if isinstance(error, RayActorError) else type(error).__name__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{kind}: {lines[0]}" if lines else kind


def _tail(place: str) -> str:
    """Return the last lines of a file, nothing if it is none that can be read."""
    try:
        with Path(place).open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL_BYTES))
            lines = file.read().decode("utf-8", "replace").splitlines()[-_ERROR_LINES:]
    except OSError:
        return ""
    return "\n".join(["its stderr ended:", *lines]) if lines else ""


def ask_every_node(question: Callable[[], dict[str, Any]], seconds: float) -> list[dict[str, Any]]:
    """Ask a process on every living node; an answer's ``skew`` is how far its ``time`` is ahead of ours.

    A node that does not answer within `seconds` is there with ``host`` and ``error`` alone.
    """
    task = ray.remote(num_cpus=0, max_retries=0)(question)
    nodes = [node for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]
    pins = [NodeAffinitySchedulingStrategy(node["NodeID"], soft=False) for node in nodes]
    deadline = time.monotonic() + seconds
    ray.wait([task.options(scheduling_strategy=pin).remote() for pin in pins], num_returns=len(pins), timeout=seconds)
    answers = []
    for node, pin in zip(nodes, pins, strict=True):  # a second time, with the processes there, for the clocks
        before = time.time()
        try:
            left = max(1.0, deadline - time.monotonic())
            answer = ray.get(task.options(scheduling_strategy=pin).remote(), timeout=left)
            answers.append({**answer, "skew": answer["time"] - (before + time.time()) / 2})
        except RayError as error:
            answers.append({"host": node["NodeManagerHostname"], "error": _first_line(error)})
    return answers
