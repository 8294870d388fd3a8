"""Runs attempts at trials on a cluster: hands them out, pulls, and begins again what was lost with its worker.

The one loop for the search, for what is trained again after it, and for reruns. What differs lies in a `policy`: which
trial is next, how far it may go, what becomes of its end. It speaks in suggestions, chunks, losses and outcomes, and
knows no study.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from hpsearch.execution.deadlines import Attention, end_timed_out
from hpsearch.execution.interface import Cluster, Event, Lost
from hpsearch.execution.policy import Attempt, Policy
from hpsearch.locking.retry import Timer
from hpsearch.training.messages import Pull
from hpsearch.trial import ModelState, Outcome, State

LOOK_SECONDS = 1.0  # everything is looked after at least this often
LONGEST_SLICE_SECONDS = 5.0  # after which a worker answers at the latest: it trains nothing while that is on the way
ALONE_SECONDS = 15.0  # without a worker, before a person is told
ATTEMPTS = 2  # how often a trial is begun whose worker process died: it may be the trial's own doing
NODE_ATTEMPTS = 6  # the same where machines failed under it
UNHEARD = 5  # how often a worker may be dead that a trial is handed to, before that counts against the trial


class Supervisor:
    """Runs what `policy` suggests until nothing is left or `timer` is stopped; then it leaves what still runs."""

    def __init__(
        self, cluster: Cluster, policy: Policy, timeout_seconds: float | None = None, timer: Timer | None = None
    ) -> None:
        self._cluster, self._policy, self._timeout = cluster, policy, timeout_seconds
        self._timer = timer or Timer()
        self._running: dict[int, Attempt] = {}
        self._waiting: deque[Attempt] = deque()
        self._attention = Attention(self._timer)
        self._alone_since: float | None = None

    @property
    def running(self) -> Sequence[Attempt]:
        """The attempts in workers' hands."""
        return tuple(self._running.values())

    @property
    def waiting(self) -> Sequence[Attempt]:
        """Those whose trials were lost and wait to begin again."""
        return tuple(self._waiting)

    def run(self) -> None:
        """Run until `policy` says that nothing is left; what it raises ends the run."""
        while self._fill():
            for event in self._wait():
                self._hear(event)
            self._end_timed_out()
            self._policy.look_after()
            self._note_absence()

    def proceed(self, attempt: Attempt) -> None:
        """Ask for more of an attempt, or let it wait."""
        pull, now = self._policy.pull(attempt), self._timer.now()
        if attempt.parked_at is not None:
            attempt.begun_at += now - attempt.parked_at
        attempt.parked_at = now if pull is None else None
        if pull is not None:
            self._cluster.proceed(attempt.number, pull)

    def prune(self, attempt: Attempt, reason: str) -> None:
        """Take an attempt from its worker and end its trial."""
        self._cluster.drop(attempt.number)
        self._end(attempt, _pruned(attempt, reason))

    def prune_unbegun(self, attempt: Attempt, reason: str) -> None:
        """End a trial that no worker has."""
        self._policy.begun(attempt)
        self._running[attempt.number] = attempt
        self._end(attempt, _pruned(attempt, reason))

    def take_waiting(self) -> Attempt | None:
        """Return the first trial that waits to begin again, and forget it; None where none waits."""
        return self._waiting.popleft() if self._waiting else None

    def release(self, attempt: Attempt) -> None:
        """Forget an attempt whose end is recorded."""
        self._running.pop(attempt.number, None)

    def forget_all(self) -> None:
        """Forget whatever runs or waits: it is somebody else's now."""
        self._running.clear()
        self._waiting.clear()

    def _fill(self) -> bool:
        """Give every free worker a trial; return whether there is anything to wait for."""
        while not self._timer.stopped and self._policy.may_hand_out() and self._cluster.free():
            if self._waiting and self._policy.may_run_again():
                self._hand_out(self._waiting.popleft())
            elif (suggestion := self._policy.next_suggestion()) is not None:
                self._hand_out(Attempt(suggestion))
            else:
                break
        return not self._timer.stopped and self._policy.goes_on()

    def _hand_out(self, attempt: Attempt) -> None:
        self._policy.begun(attempt)
        attempt.begun_at = self._timer.now()
        self._running[attempt.number] = attempt
        pull = self._policy.pull(attempt) or Pull(1, attempt.slice_seconds)
        attempt.worker = self._cluster.run(attempt.suggestion, pull)

    def _wait(self) -> list[Event]:
        self._forgive()
        events = self._cluster.wait(LOOK_SECONDS)
        self._attention.back()
        return events

    def _forgive(self) -> None:
        """Take the time in which nobody listened from the attempts' accounts; parked ones do not pay anyway."""
        self._attention.forgive(attempt for attempt in self.running if attempt.parked_at is None)

    def _hear(self, event: Event) -> None:
        attempt = self._running.get(event.number)
        if attempt is None or attempt.suggestion.attempt != event.attempt:
            return  # the late answer of an attempt that was given up
        if isinstance(event, Lost):
            self._lose(attempt, event)
            return
        attempt.growing.append(event.curve)
        self._policy.trained(attempt, event)
        if event.failure is not None:
            failure = event.failure
            reason, detail = failure.reason, failure.detail
            self._end(attempt, Outcome(State.FAILED, None, failure.epoch, attempt.epochs, reason, detail))
        elif event.finished:
            self._end(attempt, Outcome(State.COMPLETE, event.value, event.epoch, attempt.epochs), event.model)
        elif reason := self._policy.prunes(attempt):
            self.prune(attempt, reason)
        else:
            attempt.slice_seconds = min(2 * attempt.slice_seconds, LONGEST_SLICE_SECONDS)
            self.proceed(attempt)

    def _lose(self, attempt: Attempt, event: Lost) -> None:
        """Begin a trial whose worker died again, on another worker, a bounded number of times."""
        following = _following(attempt, event)
        if following is not None:
            self._policy.lost(attempt, event.reason)
            self.release(attempt)
            self._waiting.append(following)
            return
        reason = f"lost {attempt.suggestion.attempt} times, at last: {event.reason}"
        self._end(attempt, Outcome(State.FAILED, None, attempt.epochs, attempt.epochs, reason, event.detail))

    def _end_timed_out(self) -> None:
        """Fail attempts that take too long, also those that hang within an epoch."""
        self._forgive()
        if self._timeout is None:
            return
        for attempt in self.running:
            if attempt.parked_at is None and self._timer.now() - attempt.begun_at > self._timeout:
                self._end(attempt, end_timed_out(self._cluster, attempt.number, attempt.epochs, self._timeout))

    def _end(self, attempt: Attempt, outcome: Outcome, model: ModelState | None = None) -> None:
        self._policy.ended(attempt, replace(outcome, worker=attempt.worker), model)
        self.release(attempt)

    def _note_absence(self) -> None:
        """Say once that no worker began: a cluster without room is waited for, and nobody would know for what."""
        if self._running or self._cluster.free():
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since = self._timer.now()
        elif self._timer.now() - self._alone_since > ALONE_SECONDS:
            self._alone_since = float("inf")
            self._policy.note("no worker has begun yet: the cluster has no room, or its machines are still to come")


def _pruned(attempt: Attempt, reason: str) -> Outcome:
    return Outcome(State.PRUNED, None, attempt.epochs, attempt.epochs, reason)


def _following(attempt: Attempt, event: Lost) -> Attempt | None:
    """Return the attempt that follows a lost one; None where the trial was lost too often."""
    suggestion, deaths, unheard = attempt.suggestion, attempt.deaths, attempt.unheard
    if not event.heard and unheard < UNHEARD:  # it never began, so it is not to blame
        return Attempt(suggestion, deaths, unheard + 1)
    deaths += not event.by_node
    if deaths >= ATTEMPTS or suggestion.attempt >= NODE_ATTEMPTS:
        return None
    return Attempt(replace(suggestion, attempt=suggestion.attempt + 1), deaths, unheard)
