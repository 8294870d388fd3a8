"""Which training's model wins, and whether anything is left to be trained before that is settled; from the study alone.

Without `confirm` it is the best trial's own training, else the repeat nearest to the best mean. `finalists` trains what
is left and hands the models on; `results` checks the same choice again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hpsearch.model.bundle import Bundle
from hpsearch.spec import SweepSpec
from hpsearch.study.study import Study, trial_seed
from hpsearch.sweep.finalists import confirm, refit
from hpsearch.sweep.finalists.confirm import Confirmed, confirmed, fresh_seed
from hpsearch.tracking.schema import confirm_marks, refit_marks, trial_marks
from hpsearch.trial import TrialRecord


@dataclass(frozen=True)
class WinningTraining:
    """The training whose model wins: which trial, from which seed, to which epoch.

    Attributes
    ----------
    name : of its record in the study and of its model's folder
    marks : the tags that find its run
    value : what it is on record with
    """

    name: str
    trial: TrialRecord
    seed: int
    epoch: int
    marks: dict[str, str]
    value: float | None

    @property
    def refit_marks(self) -> dict[str, str]:
        """The tags that find the run of its refit."""
        return refit_marks(self.trial.number, self.name)


@dataclass(frozen=True)
class Winner:
    """The winning trial and its model.

    Attributes
    ----------
    training : the training that won
    validated : its model, of the training rows alone: what validation figures belong to
    place, bundle, digest : the model that is scored and registered; another one than `validated` after a refit
    confirmed : the ranking by mean, where it was asked for
    refit_epochs : how long it was trained on training and validation rows; None where it was not
    difference : where a model that was lost and trained again is not the recorded one, how it differs
    """

    training: WinningTraining
    validated: Bundle
    place: Path
    bundle: Bundle
    digest: str
    confirmed: Confirmed | None = None
    refit_epochs: int | None = None
    difference: str = ""

    @property
    def trial(self) -> TrialRecord:
        """The winning trial; its epoch is that of the model."""
        return replace(self.training.trial, epoch=self.training.epoch)

    @property
    def marks(self) -> dict[str, str]:
        """The tags that find the run of the model that is scored."""
        return self.training.marks if self.refit_epochs is None else self.training.refit_marks


def winning_training(study: Study, spec: SweepSpec) -> WinningTraining | None:
    """Return the training whose model wins; None where no trial completed."""
    ranking = confirmed(study, spec)
    if ranking is not None:
        return _nearest_repeat(study, spec, ranking)
    best = study.best()
    if best is None:
        return None
    marks = trial_marks(best.number)
    seed = trial_seed(spec.search.seed, best.number)
    return WinningTraining(f"trial-{best.number:04d}", best, seed, best.epoch or 0, marks, best.value)


def _nearest_repeat(study: Study, spec: SweepSpec, ranking: Confirmed) -> WinningTraining:
    """Return the winner's repeat whose value is nearest to its mean."""
    winner, place = ranking.winner, ranking.winner.nearest()
    trial = next(trial for trial in study.trials() if trial.number == winner.trial)
    marks = confirm_marks(winner.trial, place)
    name = f"{confirm.KIND}-{winner.trial:04d}-{place}"
    seed = fresh_seed(spec.search.seed, winner.trial, place)
    return WinningTraining(name, trial, seed, winner.epochs[place - 1], marks, winner.values[place - 1])


def refit_record(study: Study) -> dict[str, Any]:
    """Return what the study knows of a refit: ``of`` names the training it followed, ``failed`` how it went."""
    record: dict[str, Any] = study.attributes.get(refit.KIND, {})
    return record


def pending(study: Study, spec: SweepSpec) -> bool:
    """Whether something is left to be trained after the search."""
    if confirm.waiting(study, spec):
        return True
    training = winning_training(study, spec)
    return spec.search.refit and training is not None and refit_record(study).get("of") != training.name
