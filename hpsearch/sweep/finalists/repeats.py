"""Trains given suggestions to their end on a cluster, without a study: what `confirm` and `refit` need.

The driver's loop without asking and pruning, and with its rules for workers that die and trials that take too long.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from hpsearch.execution.interface import Cluster, Lost
from hpsearch.sweep.driver import ATTEMPTS, LONGEST_SLICE_SECONDS, LOOK_SECONDS, NODE_ATTEMPTS
from hpsearch.sweep.records import now_ms
from hpsearch.sweep.trial_timeout import Attention, end_timed_out
from hpsearch.training.worker import Chunk, Pull
from hpsearch.trial import Curve, ModelState, Outcome, State, Suggestion

_TO_THE_END = Pull(None, LONGEST_SLICE_SECONDS)  # without a best value to beat, the model always comes along


@dataclass(frozen=True)
class Repeated:
    """How a suggestion ended; `model` is None where it did not complete."""

    suggestion: Suggestion
    outcome: Outcome
    curve: Curve
    model: ModelState | None
    started_ms: int
    ended_ms: int


@dataclass
class _Running:
    suggestion: Suggestion
    started_ms: int = field(default_factory=now_ms)
    begun_at: float = field(default_factory=time.monotonic)
    pieces: list[Curve] = field(default_factory=list)
    deaths: int = 0


class Repeats:
    """Runs suggestions; `keep_lease` is called about once a second and may end the run by raising."""

    def __init__(
        self,
        cluster: Cluster,
        timeout_seconds: float | None,
        stop: threading.Event,
        keep_lease: Callable[[], None],
        note: Callable[[str], None],
    ) -> None:
        self._cluster, self._timeout, self._stop = cluster, timeout_seconds, stop
        self._keep_lease, self._note = keep_lease, note
        self._running: dict[int, _Running] = {}
        self._waiting: deque[_Running] = deque()
        self._attention = Attention()

    def run(self, suggestions: Iterable[Suggestion], ended: Callable[[Repeated], None]) -> None:
        """Train every suggestion and tell `ended` of each, until `stop` is set; their numbers must be different."""
        self._waiting = deque(_Running(suggestion) for suggestion in suggestions)
        while (self._waiting or self._running) and not self._stop.is_set():
            while self._waiting and self._cluster.free():
                self._hand_out(self._waiting.popleft())
            self._attention.forgive(self._running.values())
            events = self._cluster.wait(LOOK_SECONDS)
            self._attention.back()
            for event in events:
                self._hear(event, ended)
            self._end_timed_out(ended)
            self._keep_lease()

    def _hand_out(self, waiting: _Running) -> None:
        running = _Running(waiting.suggestion, deaths=waiting.deaths)
        self._running[running.suggestion.number] = running
        self._cluster.run(running.suggestion, _TO_THE_END)

    def _hear(self, event: Chunk | Lost, ended: Callable[[Repeated], None]) -> None:
        running = self._running.get(event.number)
        if running is None or running.suggestion.attempt != event.attempt:
            return
        if isinstance(event, Lost):
            self._lost(running, event, ended)
            return
        running.pieces.append(event.curve)
        epochs = sum(piece.epochs for piece in running.pieces)
        if event.failure is not None:
            outcome = Outcome(
                State.FAILED, None, event.failure.epoch, epochs, event.failure.reason, event.failure.detail
            )
            self._end(running, outcome, None, ended)
        elif event.finished:
            self._end(running, Outcome(State.COMPLETE, event.value, event.epoch, epochs), event.model, ended)
        else:
            self._cluster.proceed(event.number, _TO_THE_END)

    def _lost(self, running: _Running, event: Lost, ended: Callable[[Repeated], None]) -> None:
        suggestion, deaths = running.suggestion, running.deaths + (not event.by_node)
        if deaths < ATTEMPTS and suggestion.attempt < NODE_ATTEMPTS:
            self._note(f"{event.reason}; what it trained runs again")
            del self._running[suggestion.number]
            self._waiting.append(_Running(replace(suggestion, attempt=suggestion.attempt + 1), deaths=deaths))
            return
        reason = f"lost {suggestion.attempt} times, at last: {event.reason}"
        self._end(running, Outcome(State.FAILED, None, 0, 0, reason, event.detail), None, ended)

    def _end_timed_out(self, ended: Callable[[Repeated], None]) -> None:
        self._attention.forgive(self._running.values())
        for number, running in list(self._running.items()):
            if self._timeout is not None and time.monotonic() - running.begun_at > self._timeout:
                epochs = sum(piece.epochs for piece in running.pieces)
                self._end(running, end_timed_out(self._cluster, number, epochs, self._timeout), None, ended)

    def _end(
        self, running: _Running, outcome: Outcome, model: ModelState | None, ended: Callable[[Repeated], None]
    ) -> None:
        del self._running[running.suggestion.number]
        curve, started = Curve.join(running.pieces), running.started_ms
        ended(Repeated(running.suggestion, outcome, curve, model, started, max(now_ms(), started)))
