"""What follows the search and comes before the test rows: confirm the best trials, refit the winner.

Joins `confirm`, `refit` and `repeats` with the sweep's stores. Its state lies in the study alone, so that a sweep
killed in the middle goes on where it was; `finish` asks it for the winner.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hpsearch.errors import TrainerError
from hpsearch.execution.interface import Cluster
from hpsearch.locking import retry
from hpsearch.locking.retry import with_retry
from hpsearch.model.bundle import Bundle
from hpsearch.spec import SweepSpec
from hpsearch.study.study import Study, trial_seed
from hpsearch.sweep.finalists import confirm, refit
from hpsearch.sweep.finalists.confirm import Confirmed, confirmed, fresh_seed, repeats_of
from hpsearch.sweep.finalists.records import record
from hpsearch.sweep.finalists.repeats import Repeated, Repeats
from hpsearch.sweep.models import Models
from hpsearch.sweep.prepared import PreparedSweep
from hpsearch.tracking.recorder import SweepRun
from hpsearch.tracking.store import Store
from hpsearch.trial import State, Suggestion, TrialRecord


@dataclass(frozen=True)
class Tuned:
    """The training whose model wins: which trial, from which seed, to which epoch; `name` is that of its record."""

    name: str
    trial: TrialRecord
    seed: int
    epoch: int
    marks: dict[str, str]  # the tags that find its run


@dataclass(frozen=True)
class Winner:
    """The winning trial and its model.

    Attributes
    ----------
    tuned : the training that won
    validated : its model, of the training rows alone: what validation figures belong to
    place, bundle, digest : the model that is scored and registered; another one than `validated` after a refit
    confirmed : the ranking by mean, where it was asked for
    refit_epochs : how long it was trained on training and validation rows; None where it was not
    """

    tuned: Tuned
    validated: Bundle
    place: Path
    bundle: Bundle
    digest: str
    confirmed: Confirmed | None = None
    refit_epochs: int | None = None

    @property
    def trial(self) -> TrialRecord:
        """The winning trial; its epoch is that of the model."""
        return replace(self.tuned.trial, epoch=self.tuned.epoch)

    @property
    def marks(self) -> dict[str, str]:
        """The tags that find the run of the model that is scored."""
        return self.tuned.marks if self.refit_epochs is None else refit_marks(self.tuned)


def tuned(study: Study, spec: SweepSpec) -> Tuned | None:
    """Return whose model wins: without `confirm` the best trial's, else the winner's repeat nearest to its mean."""
    best, ranking = study.best(), confirmed(study, spec)
    if ranking is not None:
        winner = ranking.winner
        place, trials = winner.nearest(), {trial.number: trial for trial in study.trials()}
        seed = fresh_seed(spec.search.seed, winner.trial, place)
        marks = {"hpsearch.kind": confirm.KIND, "hpsearch.of_trial": str(winner.trial), "hpsearch.repeat": str(place)}
        name = f"{confirm.KIND}-{winner.trial:04d}-{place}"
        return Tuned(name, trials[winner.trial], seed, winner.epochs[place - 1], marks)
    if best is None:
        return None
    marks = {"hpsearch.kind": "trial", "hpsearch.trial": str(best.number)}
    return Tuned(f"trial-{best.number:04d}", best, trial_seed(spec.search.seed, best.number), best.epoch or 0, marks)


def refit_marks(chosen: Tuned) -> dict[str, str]:
    """Return the tags that find the run of a refit."""
    return {"hpsearch.kind": refit.KIND, "hpsearch.of_trial": str(chosen.trial.number), "hpsearch.of": chosen.name}


def pending(study: Study, spec: SweepSpec) -> bool:
    """Whether something is left to be trained after the search."""
    if confirm.waiting(study, spec):
        return True
    chosen = tuned(study, spec)
    return spec.search.refit and chosen is not None and _refitted(study).get("of") != chosen.name


class Finalists:
    """Trains what follows the search; `cluster` makes workers that hold the given rows."""

    def __init__(
        self,
        ready: PreparedSweep,
        study: Study,
        store: Store,
        run: SweepRun,
        models: Models,
        cluster: Callable[[PreparedSweep], Cluster],
        stop: threading.Event,
        keep_lease: Callable[[], None],
        note: Callable[[str], None],
    ) -> None:
        self._ready, self._study, self._store, self._run, self._models = ready, study, store, run, models
        self._cluster, self._stop, self._keep_lease, self._note = cluster, stop, keep_lease, note

    @property
    def pending(self) -> bool:
        """Whether something is left to be trained."""
        return pending(self._study, self._ready.spec)

    def run(self) -> None:
        """Confirm, then refit; what an earlier session finished is not done again."""
        self._confirm()
        if not self._stop.is_set() and self.pending:
            self._refit()

    def winner(self) -> Winner | None:
        """Return the winner with its models; None where no trial completed."""
        chosen = tuned(self._study, self._ready.spec)
        if chosen is None:
            return None
        place, bundle, digest = self._models.get(chosen.name, self._again(chosen))
        ranking, done = confirmed(self._study, self._ready.spec), _refitted(self._study)
        if not self._ready.spec.search.refit or done.get("of") != chosen.name or done["failed"]:
            return Winner(chosen, bundle, place, bundle, digest, ranking)
        ready = refit.refit_prepared(self._ready)
        suggestion = refit.suggestion_of(ready, chosen.trial, chosen.epoch, chosen.seed)
        there, final, digest = self._models.of(ready).get(refit.KIND, suggestion)
        return Winner(chosen, bundle, there, final, digest, ranking, chosen.epoch)

    def _again(self, chosen: Tuned) -> Suggestion:
        settings = {**self._ready.spec.settings, **chosen.trial.params}
        return Suggestion(chosen.trial.number, chosen.trial.params, settings, chosen.seed)

    def _confirm(self) -> None:
        spec = self._ready.spec
        left = {repeat.suggestion.number: repeat for repeat in confirm.waiting(self._study, spec)}
        if not left:
            return

        def ended(repeated: Repeated) -> None:
            repeat = left[repeated.suggestion.number]
            repeated = _kept(self._models, repeat.key, repeated)
            marks = {"hpsearch.kind": confirm.KIND, "hpsearch.of_trial": str(repeat.trial)}
            self._record(repeat.key, {**marks, "hpsearch.repeat": str(repeat.place)}, repeated)
            self._study.remember(repeat.key, confirm.note_of(repeated.outcome))
            seeds = spec.search.confirm.seeds if spec.search.confirm else 0
            told = repeated.outcome.reason or f"{spec.search.metric} {repeated.outcome.value:.4f}"
            self._note(f"confirm: trial {repeat.trial}, seed {repeat.place} of {seeds}: {told}")

        self._train(self._ready, [repeat.suggestion for repeat in left.values()], ended)
        chosen = tuned(self._study, spec)
        if chosen is not None and not confirm.waiting(self._study, spec):
            self._models.drop(repeat.key for repeat in repeats_of(self._study, spec) if repeat.key != chosen.name)

    def _refit(self) -> None:
        chosen = tuned(self._study, self._ready.spec)
        assert chosen is not None, "pending says that there is a winner"
        ready = refit.refit_prepared(self._ready)

        def ended(repeated: Repeated) -> None:
            repeated = _kept(self._models.of(ready), refit.KIND, repeated)
            outcome = repeated.outcome
            self._record(f"{refit.KIND}-{chosen.name}", refit_marks(chosen), repeated)
            self._study.remember(refit.KIND, {"of": chosen.name, "failed": outcome.state is not State.COMPLETE})
            told = f"failed, so its model of the training rows stays: {outcome.reason}" if outcome.reason else "done"
            self._note(f"refit of trial {chosen.trial.number} on training and validation rows: {told}")

        self._train(ready, [refit.suggestion_of(ready, chosen.trial, chosen.epoch, chosen.seed)], ended)

    def _record(self, name: str, marks: dict[str, str], repeated: Repeated) -> None:
        with_retry(lambda: record(self._store, self._run, name, marks, repeated), retry.SECONDS)

    def _train(self, ready: PreparedSweep, suggestions: list[Suggestion], ended: Callable[[Repeated], None]) -> None:
        cluster = self._cluster(ready)
        try:
            seconds = ready.spec.trial_timeout_seconds
            Repeats(cluster, seconds, self._stop, self._keep_lease, self._note).run(suggestions, ended)
        finally:
            cluster.close()


def _kept(models: Models, name: str, repeated: Repeated) -> Repeated:
    """Write its model; one that cannot be stored failed."""
    if repeated.model is None:
        return repeated
    try:
        models.put(name, repeated.model)
    except TrainerError as error:
        failed = replace(repeated.outcome, state=State.FAILED, value=None, reason=str(error))
        return replace(repeated, outcome=failed, model=None)
    return repeated


def _refitted(study: Study) -> dict[str, Any]:
    known: dict[str, Any] = study.attributes.get(refit.KIND, {})
    return known
