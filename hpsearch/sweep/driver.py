"""The loop of a search: asks, hands out, pulls, prunes, tells. The one writer of the study.

Joins `study`, `cluster` and the recorder of `tracking`, which do not know each other. A trial is acknowledged in this
order: model and record on disk, then the study, then MLflow; a crash between any two loses nothing.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from hpsearch.diagnosis.curve_stats import curve_stats
from hpsearch.errors import SweepBusy, SweepStopped, TrainerError
from hpsearch.execution.interface import Cluster, Lost
from hpsearch.spec.values import texts
from hpsearch.study.admission import Admission
from hpsearch.study.study import Study
from hpsearch.sweep.clock import Clock
from hpsearch.sweep.events import Listener
from hpsearch.sweep.objectives import values_of
from hpsearch.sweep.records import entry_of, now_ms
from hpsearch.sweep.trial_timeout import Attention, end_timed_out
from hpsearch.tracking.recorder import Recorder
from hpsearch.training.worker import Chunk, Pull
from hpsearch.trial import Curve, ModelState, Outcome, State, Suggestion

LOOK_SECONDS = 1.0  # the driver looks after everything at least this often
FIRST_SLICE_SECONDS = 2.0  # after which a worker answers first; each further time after twice as long,
LONGEST_SLICE_SECONDS = 5.0  # up to this: it trains nothing while its answer is on the way
ALONE_SECONDS = 15.0  # without a worker, before a person is told
LIVE_SECONDS = 5.0  # a trial that runs longer shows its curve while it runs
ATTEMPTS = 2  # how often a trial is begun whose worker process died: it may be the trial's own doing
NODE_ATTEMPTS = 6  # the same where machines failed under it


@dataclass
class _Running:
    """A trial in a worker's hands."""

    suggestion: Suggestion
    started_ms: int
    pieces: list[Curve] = field(default_factory=list)
    epochs: int = 0
    report_at: int | None = None
    shown: int = 0
    shown_at: float = field(default_factory=time.monotonic)
    begun_at: float = field(default_factory=time.monotonic)
    deaths: int = 0  # of worker processes under it
    worker: str = ""
    slice_seconds: float = FIRST_SLICE_SECONDS
    parked_at: float | None = None  # since when it waits for epochs that others were granted and may give back

    def curve(self) -> Curve:
        return Curve.join(self.pieces)


SaveModel = Callable[[int, ModelState], None]


class Driver:
    """Runs trials until the budget is spent or `stop` is set."""

    def __init__(
        self,
        study: Study,
        cluster: Cluster,
        recorder: Recorder,
        save_model: SaveModel,
        listener: Listener,
        stop: threading.Event,
        epochs: int | None,
        keep_lease: Callable[[], None] = lambda: None,
    ) -> None:
        self.clock = Clock()
        self._keep_lease = keep_lease
        self._study, self._cluster, self._recorder = study, cluster, recorder
        self._spec = study.spec
        self._save_model, self._listener, self._stop = save_model, listener, stop
        self._epochs = epochs
        self._running: dict[int, _Running] = {}
        self._again: deque[tuple[Suggestion, int]] = deque()
        self._counts = study.counts()
        self._admission = Admission(study.spec.search, study.trials())
        self._next, self._waiting = study.next_number(), study.waiting()
        self._best = study.best()
        self._failures_in_a_row = 0
        self._alone_since: float | None = None
        self._attention = Attention()

    def run(self) -> None:
        """Search.

        Raises
        ------
        SweepStopped
            If too many trials failed one after the other.
        TrackingUnreachable
            If MLflow stayed away for longer than the recorder's patience.
        SweepBusy
            If the lease went to another driver while its database was away.
        """
        self.clock.begin()
        self._admission.watch.start()
        try:
            while self._fill():
                for event in self._wait():
                    self._hear(event)
                self._end_timed_out()
                self._keep_to_budget()
                self._keep_lease()
                self._say_that_it_waits()
                if self._recorder.error is not None:
                    raise self._recorder.error
        except SweepBusy:
            self._running.clear()  # they are the other driver's now
            self._again.clear()
            raise
        finally:
            self._abandon()

    def _fill(self) -> bool:
        """Give every free worker a trial; return whether there is anything to wait for."""
        while not self._stop.is_set() and not self._recorder.behind and self._cluster.free():
            if self._again and not self._admission.epoch_budget.empty:
                self._hand_out(*self._again.popleft())
            elif self._may_begin():
                self._hand_out(self._ask())
            else:
                break
        if self._stop.is_set() or self._counts.finished >= self._spec.search.trials:
            return False
        return bool(self._running or self._again or self._waiting) or not self._admission.over(self._next)

    def _say_that_it_waits(self) -> None:
        """Say once that no worker began: a cluster without room is waited for, and nobody would know for what."""
        if self._running or self._cluster.free():
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since = time.monotonic()
        elif time.monotonic() - self._alone_since > ALONE_SECONDS:
            self._alone_since = float("inf")
            self._listener.note("no worker has begun yet: the cluster has no room, or its machines are still to come")

    def _may_begin(self) -> bool:
        if self._counts.finished + len(self._running) + len(self._again) >= self._spec.search.trials:
            return False
        if self._waiting:
            return not self._admission.cuts() and not self._admission.epoch_budget.empty
        return self._admission.admits(self._next)

    def _ask(self) -> Suggestion:
        with self.clock.bookkeeping():
            suggestion = self._study.ask()
        self._waiting = max(0, self._waiting - 1)  # those that wait are asked for first
        self._next = max(self._next, suggestion.number + 1)
        return suggestion

    def _hand_out(self, suggestion: Suggestion, deaths: int = 0) -> None:
        with self.clock.bookkeeping():
            started = self._recorder.begin(suggestion.number, now_ms(), texts(suggestion.params))
            running = _Running(suggestion, started, report_at=self._study.next_report(0), deaths=deaths)
        self._pass_time()
        self._running[suggestion.number] = running
        running.worker = self._cluster.run(suggestion, self._pull(running) or Pull(1, FIRST_SLICE_SECONDS))

    def _wait(self) -> list[Any]:
        self._attention.forgive(self._running.values())
        events = self._cluster.wait(LOOK_SECONDS)
        self._attention.back()
        self._pass_time()
        return events

    def _pass_time(self) -> None:
        self.clock.pass_time(self._spec.workers, len(self._running))

    def _hear(self, event: Chunk | Lost) -> None:
        running = self._running.get(event.number)
        if running is None or running.suggestion.attempt != event.attempt:
            return  # the late answer of an attempt that was given up
        if isinstance(event, Lost):
            self._lost(running, event)
            return
        self.clock.training += event.seconds
        running.pieces.append(event.curve)
        running.epochs += event.curve.epochs
        self._admission.epoch_budget.settle(event.number, event.curve.epochs)
        if event.failure is not None:
            failure = event.failure
            self._end(
                running, Outcome(State.FAILED, None, failure.epoch, running.epochs, failure.reason, failure.detail)
            )
        elif event.finished:
            self._end(running, self._completed(running, event), event.model)
        else:
            self._go_on(running)

    def _completed(self, running: _Running, event: Chunk) -> Outcome:
        try:
            values = values_of(self._spec.search.metrics, running.curve(), event.epoch, event.model)
        except TrainerError as error:
            return Outcome(State.FAILED, None, event.epoch, running.epochs, str(error))
        return Outcome(State.COMPLETE, event.value, event.epoch, running.epochs, values=values)

    def _go_on(self, running: _Running) -> None:
        """Report, prune, show what there is, ask for more."""
        number = running.suggestion.number
        if running.report_at is not None and running.epochs >= running.report_at and (reason := self._prunes(running)):
            self._cluster.drop(number)
            self._end(running, Outcome(State.PRUNED, None, running.epochs, running.epochs, reason))
        else:
            self._show(running)
            running.slice_seconds = min(2 * running.slice_seconds, LONGEST_SLICE_SECONDS)
            self._proceed(running)

    def _proceed(self, running: _Running) -> None:
        """Ask for more of a trial, or let it wait for epochs."""
        pull, now = self._pull(running), time.monotonic()
        if running.parked_at is not None:
            running.begun_at += now - running.parked_at
        running.parked_at = now if pull is None else None
        if pull is not None:
            self._cluster.proceed(running.suggestion.number, pull)

    def _end_timed_out(self) -> None:
        """Fail trials that take too long, also those that hang within an epoch."""
        self._attention.forgive(self._running.values())
        limit = self._spec.trial_timeout_seconds
        for number, running in list(self._running.items()):
            if limit is None or running.parked_at is not None:
                continue
            if time.monotonic() - running.begun_at > limit:
                self._end(running, end_timed_out(self._cluster, number, running.epochs, limit))

    def _prunes(self, running: _Running) -> str:
        """Report a value; return why to stop, empty where the trial goes on."""
        with self.clock.bookkeeping():
            curve = running.curve()
            value = curve.at(self._spec.search.metric or "", running.epochs)
            reason = self._study.report(running.suggestion.number, running.epochs, value, curve)
            running.report_at = self._study.next_report(running.epochs)
        return reason

    def _show(self, running: _Running) -> None:
        """Show a long trial's curve while it runs."""
        if self._epochs is not None and time.monotonic() - running.shown_at > LIVE_SECONDS:
            with self.clock.bookkeeping():
                self._recorder.live(running.suggestion.number, running.curve(), running.shown, self._epochs)
            running.shown, running.shown_at = running.epochs, time.monotonic()

    def _pull(self, running: _Running) -> Pull | None:
        """Return how far a trial may go now, None where it has to wait for epochs."""
        one_aim = self._best is not None and not self._spec.search.aims
        best = self._best.value if self._best is not None and one_aim else None
        epoch_budget, until, seconds = self._admission.epoch_budget, running.report_at, running.slice_seconds
        if epoch_budget.limit is None:
            return Pull(until, seconds, best)
        announced = running.suggestion.settings.get("epochs", self._epochs)
        ends = [end for end in (until, announced) if isinstance(end, int)]
        if announced == running.epochs:
            return Pull(running.epochs + 1, seconds, best)  # it has trained them all and only has to say so
        wanted = min(ends) - running.epochs if ends else None
        granted = epoch_budget.grant(running.suggestion.number, wanted, self._spec.workers)
        return Pull(running.epochs + granted, seconds, best) if granted else None

    def _keep_to_budget(self) -> None:
        """Stop what runs when the budget is spent; let trials go on whose epochs came back."""
        reason, starved = self._admission.cuts(), self._admission.starves()
        for running in [one for one in self._running.values() if reason or one.parked_at is not None]:
            if reason or starved:
                self._cluster.drop(running.suggestion.number)
                self._cut(running, reason or starved)
            else:
                self._proceed(running)
        while (reason or starved) and (self._again or self._waiting):
            if self._counts.finished + len(self._running) >= self._spec.search.trials:
                break
            suggestion = self._again.popleft()[0] if self._again else self._ask()
            running = _Running(suggestion, self._recorder.begin(suggestion.number, now_ms(), texts(suggestion.params)))
            self._running[suggestion.number] = running
            self._cut(running, reason or starved)

    def _cut(self, running: _Running, reason: str) -> None:
        said = f"stopped after epoch {running.epochs}: {reason}"
        self._end(running, Outcome(State.PRUNED, None, running.epochs, running.epochs, said))

    def _lost(self, running: _Running, event: Lost) -> None:
        """Begin a trial whose worker died again, on another worker, a bounded number of times."""
        suggestion = running.suggestion
        deaths = running.deaths + (not event.by_node)
        self._admission.epoch_budget.settle(event.number, 0)
        if deaths < ATTEMPTS and suggestion.attempt < NODE_ATTEMPTS:
            self._listener.note(f"trial {event.number}: {event.reason}; it runs again")
            self._admission.epoch_budget.spent -= running.epochs  # they are trained again
            del self._running[event.number]
            self._again.append((replace(suggestion, attempt=suggestion.attempt + 1), deaths))
            return
        limit = ATTEMPTS if deaths >= ATTEMPTS else NODE_ATTEMPTS
        reason = f"lost {limit} times, at last: {event.reason}"
        self._end(running, Outcome(State.FAILED, None, running.epochs, running.epochs, reason, event.detail))

    def _end(self, running: _Running, outcome: Outcome, model: ModelState | None = None) -> None:
        """Acknowledge a trial: disk first, then the study, then MLflow."""
        suggestion, curve = running.suggestion, running.curve()
        self._admission.epoch_budget.settle(suggestion.number, 0)  # what it was granted and will not train any more
        with self.clock.bookkeeping():
            spent = self._admission.watch.seconds
            outcome = replace(outcome, curve_stats=curve_stats(curve), clock=spent, worker=running.worker)
            is_best = outcome.state is State.COMPLETE and self._beats(outcome, suggestion.number)
            if is_best and model is not None and (refusal := self._refused(suggestion.number, model)):
                outcome, is_best = replace(outcome, state=State.FAILED, value=None, values={}, reason=refusal), False
            self._recorder.finish(entry_of(suggestion, outcome, running.started_ms), curve, outcome.detail)
            self._study.tell(suggestion.number, outcome)
            del self._running[suggestion.number]
            self._count(outcome)
            self._admission.told(suggestion.number, outcome.state, outcome.value, outcome.epochs)
            if is_best:
                self._best = self._study.best()
            best = None if self._best is None else (self._best.value or 0.0, self._counts.finished)
            self._recorder.acknowledge(suggestion.number, best)
        self._listener.ended(suggestion, outcome, self._counts, self._best)
        if self._failures_in_a_row >= self._spec.search.max_failures:
            raise SweepStopped(
                f"{self._failures_in_a_row} trials failed one after the other, the last one: {outcome.reason}; "
                f"when that is mended: hpsearch resume {self._spec.name}"
            )

    def _refused(self, number: int, model: ModelState) -> str:
        """Keep a model that is the best so far; return why it cannot be stored, which costs this trial alone."""
        try:
            self._save_model(number, model)
        except TrainerError as error:
            return str(error)
        return ""

    def _count(self, outcome: Outcome) -> None:
        name = outcome.state.value
        self._counts = replace(self._counts, **{name: getattr(self._counts, name) + 1})
        self._failures_in_a_row = self._failures_in_a_row + 1 if outcome.state is State.FAILED else 0

    def _beats(self, outcome: Outcome, number: int) -> bool:
        value = outcome.value
        if self._spec.search.aims:  # whatever joins the front may turn out to be its knee
            return number in {trial.number for trial in self._study.front_with(number, outcome)}
        if self._best is None or self._best.value is None or value is None:
            return value is not None
        sign = 1 if self._spec.search.maximize else -1
        return (sign * value, -number) > (sign * self._best.value, -self._best.number)

    def _abandon(self) -> None:
        """Give back what still runs: KILLED for now in MLflow, waiting in the study."""
        for number, running in list(self._running.items()):
            if running.epochs > running.shown:
                expected = self._epochs or running.epochs
                self._recorder.live(number, running.curve(), running.shown, expected, at_last=True)
            self._recorder.interrupted(number, f"interrupted after epoch {running.epochs}; resume runs it again")
            self._study.requeue(number)
        for suggestion, _ in self._again:
            self._recorder.interrupted(suggestion.number, "interrupted; resume runs it again")
            self._study.requeue(suggestion.number)
        self._running.clear()
        self._again.clear()
