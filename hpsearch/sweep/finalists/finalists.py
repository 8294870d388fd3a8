"""What follows the search and comes before the test rows: confirm the best trials, refit the winner.

Joins `confirm`, `refit` and `repeats` with the sweep's stores. Its state lies in the study alone, so that a sweep
killed in the middle goes on where it was; `finish` asks it for the winner.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace

from hpsearch.errors import TrainerError
from hpsearch.execution.interface import Cluster
from hpsearch.sweep.finalists import confirm, refit
from hpsearch.sweep.finalists.confirm import Repeat, confirmed, repeats_of
from hpsearch.sweep.finalists.records import record
from hpsearch.sweep.finalists.repeats import Repeated, Repeats
from hpsearch.sweep.finalists.winner import Winner, WinningTraining, pending, refit_record, winning_training
from hpsearch.sweep.models import Models
from hpsearch.sweep.prepared import PreparedSweep
from hpsearch.sweep.resources import OpenSweep
from hpsearch.tracking.schema import Tag
from hpsearch.trial import State, Suggestion


class Finalists:
    """Trains what follows the search.

    Parameters
    ----------
    sweep : with its stores
    cluster : makes workers that hold the given rows
    stop : ends the training; what is left of it is done by a resume
    keep_lease : raises where the sweep went to another driver
    note : tells a person what happened
    """

    def __init__(
        self,
        sweep: OpenSweep,
        cluster: Callable[[PreparedSweep], Cluster],
        stop: threading.Event,
        keep_lease: Callable[[], None],
        note: Callable[[str], None],
    ) -> None:
        self._sweep, self._ready, self._study, self._models = sweep, sweep.ready, sweep.study, sweep.models
        self._cluster, self._stop, self._keep_lease, self._note = cluster, stop, keep_lease, note

    @property
    def pending(self) -> bool:
        """Whether something is left to be trained."""
        return pending(self._study, self._ready.spec)

    def run(self) -> None:
        """Confirm, then refit; what an earlier session finished is not done again."""
        self._confirm()
        training = winning_training(self._study, self._ready.spec)
        if not self._stop.is_set() and self.pending and training is not None:
            self._refit(training)

    def winner(self) -> Winner | None:
        """Return the winner with its models; None where no trial completed."""
        spec = self._ready.spec
        training = winning_training(self._study, spec)
        if training is None:
            return None
        model = self._models.get(training.name, self._again(training), training.value)
        ranking = confirmed(self._study, spec)
        winner = Winner(
            training, model.bundle, model.place, model.bundle, model.digest, ranking, None, model.difference
        )
        done = refit_record(self._study)
        if not spec.search.refit or done.get("of") != training.name or done["failed"]:
            return winner
        ready = refit.refit_prepared(self._ready)
        suggestion = refit.suggestion_of(ready, training.trial, training.epoch, training.seed)
        place, bundle, digest, difference = self._models.of(ready).get(refit.KIND, suggestion, done.get("value"))
        difference = "; ".join(filter(None, (winner.difference, difference)))
        refitted = replace(winner, place=place, bundle=bundle, digest=digest, difference=difference)
        return replace(refitted, refit_epochs=training.epoch)

    def _again(self, training: WinningTraining) -> Suggestion:
        trial = training.trial
        return Suggestion(trial.number, trial.params, {**self._ready.spec.settings, **trial.params}, training.seed)

    def _confirm(self) -> None:
        spec = self._ready.spec
        repeats = {repeat.suggestion.number: repeat for repeat in confirm.waiting(self._study, spec)}
        if not repeats:
            return
        self._train(
            self._ready,
            [repeat.suggestion for repeat in repeats.values()],
            lambda repeated: self._confirmed(repeats[repeated.suggestion.number], repeated),
        )
        training = winning_training(self._study, spec)
        if training is not None and not confirm.waiting(self._study, spec):
            self._models.drop(repeat.key for repeat in repeats_of(self._study, spec) if repeat.key != training.name)

    def _confirmed(self, repeat: Repeat, repeated: Repeated) -> None:
        """Keep a repeat that ended: its model, its run, and at last its value in the study."""
        search = self._ready.spec.search
        repeated = _stored(self._models, repeat.key, repeated)
        marks = {Tag.KIND: confirm.KIND, Tag.OF_TRIAL: str(repeat.trial)}
        self._record(repeat.key, {**marks, Tag.REPEAT: str(repeat.place)}, repeated)
        self._study.remember(repeat.key, confirm.note_of(repeated.outcome))
        seeds = search.confirm.seeds if search.confirm else 0
        result = repeated.outcome.reason or f"{search.metric} {repeated.outcome.value:.4f}"
        self._note(f"confirm: trial {repeat.trial}, seed {repeat.place} of {seeds}: {result}")

    def _refit(self, training: WinningTraining) -> None:
        ready = refit.refit_prepared(self._ready)
        suggestion = refit.suggestion_of(ready, training.trial, training.epoch, training.seed)
        self._train(ready, [suggestion], lambda repeated: self._refitted(training, self._models.of(ready), repeated))

    def _refitted(self, training: WinningTraining, models: Models, repeated: Repeated) -> None:
        """Keep a refit that ended, in the order in which a repeat is kept."""
        repeated = _stored(models, refit.KIND, repeated)
        outcome = repeated.outcome
        self._record(f"{refit.KIND}-{training.name}", training.refit_marks, repeated)
        failed = outcome.state is not State.COMPLETE
        self._study.remember(refit.KIND, {"of": training.name, "failed": failed, "value": outcome.value})
        result = f"failed, so its model of the training rows stays: {outcome.reason}" if outcome.reason else "done"
        self._note(f"refit of trial {training.trial.number} on training and validation rows: {result}")

    def _record(self, name: str, marks: dict[str, str], repeated: Repeated) -> None:
        self._sweep.retried(lambda: record(self._sweep.store, self._sweep.run, name, marks, repeated))

    def _train(
        self, ready: PreparedSweep, suggestions: Iterable[Suggestion], ended: Callable[[Repeated], None]
    ) -> None:
        Repeats(self._cluster, self._stop, self._keep_lease, self._note).run(ready, suggestions, ended)


def _stored(models: Models, name: str, repeated: Repeated) -> Repeated:
    """Write its model; one that cannot be stored failed."""
    if repeated.model is None:
        return repeated
    try:
        models.put(name, repeated.model)
    except TrainerError as error:
        failed = replace(repeated.outcome, state=State.FAILED, value=None, reason=str(error))
        return replace(repeated, outcome=failed, model=None)
    return repeated
