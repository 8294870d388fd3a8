"""The search: which trial comes next, when one is pruned, when the budget is spent. The one writer of the study.

A `Supervisor` runs the attempts and asks this driver, which asks the study; `books` writes down what became of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from hpsearch.errors import SweepBusy, SweepStopped
from hpsearch.execution.interface import Cluster
from hpsearch.execution.policy import Attempt
from hpsearch.execution.supervisor import Supervisor
from hpsearch.locking.closing import closing
from hpsearch.locking.retry import Timer
from hpsearch.study.admission import Admission
from hpsearch.study.study import Study
from hpsearch.sweep.books import Books, SaveModel
from hpsearch.sweep.clock import Clock
from hpsearch.sweep.events import Listener
from hpsearch.tracking.recorder import Recorder
from hpsearch.training.messages import Chunk, Pull
from hpsearch.trial import ModelState, Outcome, State, Suggestion


class Driver:
    """Runs trials until the budget is spent or `stop` is set: the policy of a `Supervisor`."""

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
        timer: Timer | None = None,
    ) -> None:
        self.clock = Clock()
        self._study, self._recorder, self._search, self._spec = study, recorder, study.spec.search, study.spec
        self._listener, self._epochs, self._keep_lease = listener, epochs, keep_lease
        timer = timer or Timer(stop)
        self._supervisor = Supervisor(cluster, self, self._spec.trial_timeout_seconds, timer)
        self._books = Books(study, recorder, save_model, epochs, self.clock, timer)
        self._counts, self._failures_in_a_row = study.counts(), 0
        self._admission = Admission(self._search, study.trials())
        self._next, self._waiting = study.next_number(), study.waiting()

    def run(self) -> None:
        """Search.

        Raises
        ------
        SweepStopped
            If too many trials failed one after the other.
        TrackingUnreachable
            If MLflow stayed unreachable for longer than the recorder's patience.
        SweepBusy
            If the lease went to another driver while its database was unreachable.
        """
        self.clock.begin()
        self._admission.watch.start()
        with closing("what was running was not put back", self._give_back):
            try:
                self._supervisor.run()
            except SweepBusy:
                self._supervisor.forget_all()  # they are the other driver's now
                raise

    def may_hand_out(self) -> bool:
        """Whether the recorder keeps pace."""
        return not self._recorder.behind

    def may_run_again(self) -> bool:
        """Whether there are epochs to begin a lost trial with."""
        return not self._admission.epoch_budget.empty

    def next_suggestion(self) -> Suggestion | None:
        """Ask the study for a trial, if one may begin."""
        return self._ask() if self._may_begin() else None

    def goes_on(self) -> bool:
        """Whether a trial runs or waits, or another may still begin."""
        if self._counts.finished >= self._search.trials:
            return False
        under_way = self._supervisor.running or self._supervisor.waiting or self._waiting
        return bool(under_way) or not self._admission.over(self._next)

    def begun(self, attempt: Attempt) -> None:
        """Begin the trial's run in MLflow."""
        self._books.begin(attempt)
        self._pass_time()

    def pull(self, attempt: Attempt) -> Pull | None:
        """Return how far a trial may go now, None where it has to wait for epochs."""
        best, seconds = None if self._search.aims else self._books.leader.value, attempt.slice_seconds
        epoch_budget, until = self._admission.epoch_budget, self._books.report_at(attempt.number)
        if epoch_budget.limit is None:
            return Pull(until, seconds, best)
        announced = attempt.suggestion.settings.get("epochs", self._epochs)
        ends = [end for end in (until, announced) if isinstance(end, int)]
        if announced == attempt.epochs:
            return Pull(attempt.epochs + 1, seconds, best)  # it has trained them all and only has to say so
        wanted = min(ends) - attempt.epochs if ends else None
        granted = epoch_budget.grant(attempt.number, wanted, self._spec.workers)
        return Pull(attempt.epochs + granted, seconds, best) if granted else None

    def trained(self, attempt: Attempt, chunk: Chunk) -> None:
        """Count seconds and epochs."""
        self.clock.training += chunk.seconds
        self._admission.epoch_budget.settle(attempt.number, chunk.curve.epochs)

    def prunes(self, attempt: Attempt) -> str:
        """Report a value where one is due; show the curve of a trial that goes on."""
        until = self._books.report_at(attempt.number)
        if until is not None and attempt.epochs >= until and (reason := self._books.report(attempt)):
            return reason
        self._books.show(attempt)
        return ""

    def lost(self, attempt: Attempt, reason: str) -> None:
        """Give back what a lost attempt trained: its epochs are trained again."""
        self._pass_time()
        self._admission.epoch_budget.settle(attempt.number, -attempt.epochs)
        self._listener.note(f"trial {attempt.number}: {reason}; it runs again")

    def ended(self, attempt: Attempt, outcome: Outcome, model: ModelState | None) -> None:
        """Acknowledge a trial, count it, and stop after too many failures."""
        self._pass_time()
        self._admission.epoch_budget.settle(attempt.number, 0)  # what it was granted and will not train any more
        outcome = self._books.end(attempt, outcome, model, self._admission.watch.seconds)
        self._supervisor.release(attempt)
        self._count(attempt.number, outcome)
        self._books.acknowledge(attempt.number, self._counts.finished)
        self._listener.ended(attempt.suggestion, outcome, self._counts, self._books.leader.best)
        self._stop_after_failures(outcome)

    def look_after(self) -> None:
        """Keep to the budget, keep the lease, and end where MLflow stays unreachable."""
        self._keep_to_budget()
        self._keep_lease()
        if self._recorder.error is not None:
            raise self._recorder.error

    def note(self, message: str) -> None:
        """Tell a person."""
        self._listener.note(message)

    def _may_begin(self) -> bool:
        if self._counts.finished + self._under_way >= self._search.trials:
            return False
        if self._waiting:
            return not self._admission.cuts() and not self._admission.epoch_budget.empty
        return self._admission.admits(self._next)

    @property
    def _under_way(self) -> int:
        return len(self._supervisor.running) + len(self._supervisor.waiting)

    def _ask(self) -> Suggestion:
        with self.clock.bookkeeping():
            suggestion = self._study.ask()
        self._waiting = max(0, self._waiting - 1)  # those that wait are asked for first
        self._next = max(self._next, suggestion.number + 1)
        return suggestion

    def _pass_time(self) -> None:
        self.clock.pass_time(self._spec.workers, len(self._supervisor.running))

    def _keep_to_budget(self) -> None:
        """Stop what runs when the budget is spent; let trials go on whose epochs came back."""
        reason, starved = self._admission.cuts(), self._admission.starves()
        for attempt in self._supervisor.running:
            if reason or (starved and attempt.parked_at is not None):
                self._supervisor.prune(attempt, _stopped_after(attempt, reason or starved))
            elif attempt.parked_at is not None:
                self._supervisor.proceed(attempt)
        while (reason or starved) and (self._supervisor.waiting or self._waiting):
            if self._counts.finished + len(self._supervisor.running) >= self._search.trials:
                break
            attempt = self._supervisor.take_waiting() or Attempt(self._ask())
            self._supervisor.prune_unbegun(attempt, _stopped_after(attempt, reason or starved))

    def _give_back(self) -> None:
        self._pass_time()
        self._books.give_back(self._supervisor.running, self._supervisor.waiting)
        self._supervisor.forget_all()

    def _count(self, number: int, outcome: Outcome) -> None:
        name = outcome.state.value
        self._counts = replace(self._counts, **{name: getattr(self._counts, name) + 1})
        self._failures_in_a_row = self._failures_in_a_row + 1 if outcome.state is State.FAILED else 0
        self._admission.told(number, outcome.state, outcome.value, outcome.epochs)

    def _stop_after_failures(self, outcome: Outcome) -> None:
        if self._failures_in_a_row >= self._search.max_failures:
            raise SweepStopped(
                f"{self._failures_in_a_row} trials failed one after the other, the last one: {outcome.reason}; "
                f"when that is mended: hpsearch resume {self._spec.name}"
            )


def _stopped_after(attempt: Attempt, reason: str) -> str:
    return f"stopped after epoch {attempt.epochs}: {reason}"
