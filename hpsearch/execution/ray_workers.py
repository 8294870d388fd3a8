"""Workers as Ray actors: hands trials to them, hears their answers and their deaths, and replaces those that are lost.

Actors live as long as the sweep and hold the data, which lies in the object store once. There is at most one call for
a trial in flight a worker; when it fails, exactly one trial is affected, and this module knows which. `ray_runtime`
has started Ray, `ray_actor` is what runs in a worker's process, `ray_slot` one place for a worker.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import time
from typing import Any

from hpsearch.errors import SweepStopped
from hpsearch.execution.fair_share import even_shares
from hpsearch.execution.interface import Event, Lost
from hpsearch.execution.ray_actor import STDERR_LINES, THREADS, Actor, WorkerInfo, stderr_tail
from hpsearch.execution.ray_environment import ray
from hpsearch.execution.ray_nodes import actor_name, capacity, first_line, wanted_workers
from hpsearch.execution.ray_slot import Slot
from hpsearch.training.messages import Assignment, Pull
from hpsearch.trial import Suggestion

SILENCE_SECONDS = 30.0  # after which a worker that does not say whether it lives is given up
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_ANSWER_SECONDS, _PAUSE_SECONDS = 1.0, 0.2
_VAIN_STARTS = 5
_SHARE_EVERY_SECONDS = 3.0


class RayCluster:
    """Implements `Cluster` with one actor a worker.

    Parameters
    ----------
    shared_by : the sweep's name, where other sweeps may want the cluster, too
    silence_seconds : after which a worker that does not say whether it lives is given up
    """

    def __init__(
        self,
        assignment: Assignment,
        workers: int,
        cpus: float = 1,
        memory_gib: float | None = None,
        shared_by: str | None = None,
        silence_seconds: float = SILENCE_SECONDS,
    ) -> None:
        self._options: dict[str, Any] = {"num_cpus": cpus, "max_restarts": 0, "max_task_retries": 0}
        self._options |= {"max_concurrency": THREADS, "runtime_env": {"env_vars": _ONE_THREAD}}
        if memory_gib is not None:
            self._options["memory"] = memory_gib * 2**30
        self._actors: Any = ray.remote(Actor)
        self._assignment = ray.put(assignment)
        self._node = ray.get_runtime_context().get_node_id()
        self._failed_starts, self._silence = 0, silence_seconds
        self._sweep, self._wanted = shared_by, workers
        self._share, self._shared_at = workers, time.monotonic()
        self._slots = [Slot(self._employ()) for _ in range(workers)]

    def _employ(self) -> Any:
        name = {"name": actor_name(self._sweep, self._wanted, secrets.token_hex(8))} if self._sweep else {}
        return self._actors.options(**self._options, **name).remote(self._assignment)

    def free(self) -> int:
        """Count the workers that could begin a trial now.

        Those that died while they were idle are replaced, those above this sweep's share given up.
        """
        self._replace_dead()
        if self._sweep is not None:
            self._keep_to_share()
        return sum(slot.idle for slot in self._slots)

    def _replace_dead(self) -> None:
        idle = {slot.awaited: slot for slot in self._slots if slot.idle}
        if idle:
            for call in ray.wait(list(idle), num_returns=len(idle), timeout=0)[0]:
                self._replace(idle[call])

    def _keep_to_share(self) -> None:
        """Give idle workers above the even share up, and take them again when it grows."""
        if time.monotonic() - self._shared_at > _SHARE_EVERY_SECONDS:
            self._shared_at = time.monotonic()
            shares = even_shares(wanted_workers(), capacity(self._options["num_cpus"]))
            self._share = max(1, shares.get(self._sweep or "", 1))
        idle = sorted((slot for slot in self._slots if slot.suggestion is None), key=lambda slot: slot.ready)
        for slot in idle[: max(0, len(self._slots) - self._share)]:
            self._slots.remove(slot)
            self._kill(slot)
        while len(self._slots) < min(self._share, self._wanted):
            self._slots.append(Slot(self._employ()))

    def run(self, suggestion: Suggestion, pull: Pull) -> str:
        """Begin a trial on a free worker and name that worker."""
        return next(slot for slot in self._slots if slot.idle).begin(suggestion, pull)

    def proceed(self, number: int, pull: Pull) -> None:
        """Ask for more of a trial."""
        self._slot(number).go_on(pull)

    def stack(self, number: int) -> str:
        """Ask the worker's second thread where the first one is; one that is frozen does not answer."""
        with contextlib.suppress(ray.exceptions.RayError):
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
        calls = {slot.awaited: slot for slot in self._slots}
        if not calls:
            time.sleep(min(seconds, _PAUSE_SECONDS))
            return []
        if all(slot.call is None for slot in self._slots):  # nothing was asked: only a death can come
            seconds = min(seconds, _PAUSE_SECONDS)
        done, _ = ray.wait(list(calls), num_returns=1, timeout=seconds)
        if done:
            done, _ = ray.wait(list(calls), num_returns=len(calls), timeout=0)
        events = [self._event(calls[call]) for call in done]
        events += [self._look_after(slot) for slot in self._slots if slot.suggestion is not None]
        return [event for event in events if event is not None]

    def pids(self) -> list[int]:
        """Return the process ids of the workers that have begun."""
        return [slot.info.pid for slot in self._slots if slot.info is not None]

    def close(self) -> None:
        """End every actor."""
        for slot in self._slots:
            self._kill(slot)
        self._slots = []

    def _slot(self, number: int) -> Slot:
        return next(slot for slot in self._slots if slot.suggestion is not None and slot.suggestion.number == number)

    def _event(self, slot: Slot) -> Event | None:
        call, slot.call = slot.awaited, None
        try:
            answer = ray.get(call)
        except ray.exceptions.RayError as error:
            return self._lose(slot, error)
        if not slot.ready:
            slot.info, self._failed_starts = answer, 0
            return None
        slot.heard = None
        if answer.finished:
            slot.suggestion = None
        event: Event = answer
        return event

    def _lose(self, slot: Slot, error: ray.exceptions.RayError) -> Lost | None:
        """Replace a worker that died; one that never began counts against the limit of vain starts."""
        suggestion, info, heard = slot.suggestion, slot.info, slot.has_heard
        self._failed_starts += info is None
        if self._failed_starts > _VAIN_STARTS:
            raise SweepStopped(f"{self._failed_starts} workers in a row could not be started: {first_line(error)}")
        self._replace(slot)
        if suggestion is None:
            return None
        gone = isinstance(error, ray.exceptions.NodeDiedError | ray.exceptions.ActorUnavailableError)
        by_node = gone or "node has died" in str(error)
        lines = str(error).splitlines()
        if info is not None and not by_node:
            lines += self._stderr_tail(info).splitlines()
        detail = "\n".join(lines[-STDERR_LINES:])
        return Lost(suggestion.number, suggestion.attempt, first_line(error), by_node, detail, heard)

    def _stderr_tail(self, info: WorkerInfo) -> str:
        """Return the end of a dead process's stderr: read here, or by another worker on its machine."""
        if info.node == self._node:
            return stderr_tail(info.stderr)
        others = [slot for slot in self._slots if slot.info is not None and slot.info.node == info.node]
        for other in others[:1]:
            with contextlib.suppress(ray.exceptions.RayError):
                return str(ray.get(other.actor.stderr_tail.remote(info.stderr), timeout=_ANSWER_SECONDS))
        return ""

    def _look_after(self, slot: Slot) -> Lost | None:
        """Ask a worker that is long silent for a sign of life; give it up if none comes."""
        suggestion = slot.suggestion
        if suggestion is None or slot.silent_seconds() <= self._silence:
            return None
        self._end_frozen(slot)
        self._replace(slot)
        reason = f"the worker gave no sign of life for {self._silence:g} s"
        return Lost(suggestion.number, suggestion.attempt, reason, by_node=True)

    def _replace(self, slot: Slot) -> None:
        self._kill(slot)
        slot.employ(self._employ())

    def _kill(self, slot: Slot) -> None:
        with contextlib.suppress(ray.exceptions.RayError):
            ray.kill(slot.actor)

    def _end_frozen(self, slot: Slot) -> None:
        """End a process that does not hear Ray; on another machine that is left to Ray."""
        if slot.info is not None and slot.info.node == self._node:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(slot.info.pid, signal.SIGKILL)
