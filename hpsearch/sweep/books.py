"""Writes down what becomes of a search's trials: their models and records on disk, the study, MLflow.

A trial is acknowledged in this order: model and record on disk, then the study, then MLflow; a crash between any two
loses nothing. `driver` says when; the recorder of `tracking` writes behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from hpsearch.diagnosis.curve_stats import curve_stats
from hpsearch.errors import TrainerError
from hpsearch.execution.policy import Attempt
from hpsearch.locking.retry import Timer
from hpsearch.spec.values import texts
from hpsearch.study.study import Study
from hpsearch.sweep.clock import Clock
from hpsearch.sweep.leader import Leader
from hpsearch.sweep.objectives import values_of
from hpsearch.sweep.records import entry_of, now_ms
from hpsearch.tracking.recorder import Recorder
from hpsearch.trial import ModelState, Outcome, State

LIVE_SECONDS = 5.0  # a trial that runs longer shows its curve while it runs

SaveModel = Callable[[int, ModelState], None]


@dataclass
class _Course:
    """Of a running trial: when it began, after which epoch it is reported, how much of its curve was shown."""

    started_ms: int
    report_at: int | None
    shown_at: float
    shown: int = 0


class Books:
    """The records of a search's trials; `leader` is the best of those that ended."""

    def __init__(
        self,
        study: Study,
        recorder: Recorder,
        save_model: SaveModel,
        epochs: int | None,
        clock: Clock,
        timer: Timer,
    ) -> None:
        self.leader = Leader(study)
        self._study, self._recorder, self._save_model = study, recorder, save_model
        self._epochs, self._clock, self._timer = epochs, clock, timer
        self._search = study.spec.search
        self._courses: dict[int, _Course] = {}

    def begin(self, attempt: Attempt) -> None:
        """Begin the trial's run in MLflow."""
        with self._clock.bookkeeping():
            started = self._recorder.begin(attempt.number, now_ms(), texts(attempt.suggestion.params))
            self._courses[attempt.number] = _Course(started, self._study.next_report(0), self._timer.now())

    def report_at(self, number: int) -> int | None:
        """Return after which epoch the pruner wants to see a running trial, None where it does not."""
        return self._courses[number].report_at

    def report(self, attempt: Attempt) -> str:
        """Report a trial's value; return why to stop, empty where it goes on."""
        with self._clock.bookkeeping():
            value = attempt.curve.at(self._search.metric or "", attempt.epochs)
            reason = self._study.report(attempt.number, attempt.epochs, value, attempt.curve)
            self._courses[attempt.number].report_at = self._study.next_report(attempt.epochs)
        return reason

    def show(self, attempt: Attempt) -> None:
        """Show a long trial's curve while it runs."""
        course = self._courses[attempt.number]
        if self._epochs is not None and self._timer.now() - course.shown_at > LIVE_SECONDS:
            with self._clock.bookkeeping():
                self._recorder.live(attempt.number, attempt.curve, course.shown, self._epochs)
            course.shown, course.shown_at = attempt.epochs, self._timer.now()

    def end(self, attempt: Attempt, outcome: Outcome, model: ModelState | None, seconds: float) -> Outcome:
        """Keep a trial that ended, on disk first, then in the study; return the outcome as it was told.

        Parameters
        ----------
        seconds : that the search has taken
        """
        number, curve = attempt.number, attempt.curve
        with self._clock.bookkeeping():
            outcome = self._with_values(attempt, outcome, model)
            outcome = replace(outcome, curve_stats=curve_stats(curve), clock=seconds)
            leads = outcome.state is State.COMPLETE and self.leader.yields_to(number, outcome)
            if leads and model is not None and (refusal := self._refusal(number, model)):
                outcome, leads = replace(outcome, state=State.FAILED, value=None, values={}, reason=refusal), False
            entry = entry_of(attempt.suggestion, outcome, self._courses[number].started_ms)
            self._recorder.finish(entry, curve, outcome.detail)
            self._study.tell(number, outcome)
            del self._courses[number]
            if leads:
                self.leader.look()
        return outcome

    def acknowledge(self, number: int, finished: int) -> None:
        """Let MLflow know a trial that the study was told, and the best of so many that are finished."""
        with self._clock.bookkeeping():
            self._recorder.acknowledge(number, self.leader.standing(finished))

    def give_back(self, running: Iterable[Attempt], waiting: Iterable[Attempt]) -> None:
        """Give back what was not finished: KILLED for now in MLflow, waiting in the study."""
        for attempt in running:
            number, shown = attempt.number, self._courses[attempt.number].shown
            if attempt.epochs > shown:
                self._recorder.live(number, attempt.curve, shown, self._epochs or attempt.epochs, at_last=True)
            self._recorder.interrupted(number, f"interrupted after epoch {attempt.epochs}; resume runs it again")
            self._study.requeue(number)
        for attempt in waiting:
            self._recorder.interrupted(attempt.number, "interrupted; resume runs it again")
            self._study.requeue(attempt.number)

    def _with_values(self, attempt: Attempt, outcome: Outcome, model: ModelState | None) -> Outcome:
        """Add the value of every objective where there are several; a trial that lacks one failed."""
        if outcome.state is not State.COMPLETE:
            return outcome
        try:
            return replace(outcome, values=values_of(self._search.metrics, attempt.curve, outcome.epoch, model))
        except TrainerError as error:
            return replace(outcome, state=State.FAILED, value=None, reason=str(error))

    def _refusal(self, number: int, model: ModelState) -> str:
        """Keep a model that is the best so far; return why it cannot be stored, which costs this trial alone."""
        try:
            self._save_model(number, model)
        except TrainerError as error:
            return str(error)
        return ""
