"""Trains the winner once more, on training and validation rows together, for the epochs it needed.

More rows make a better model, but leave none to choose by: so nothing is chosen here. The transform is fitted again,
on the same rows; early stopping is switched off where the trainer has it (`patience`). What comes out is labelled
wherever it is shown, and the test rows are scored on it alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hpsearch.data.dataset import Rows
from hpsearch.data.prepare import Prepared, train_and_validation
from hpsearch.data.transform import fit
from hpsearch.errors import SpecError
from hpsearch.spec import SweepSpec
from hpsearch.training.loader import chosen, resolve, settings_of
from hpsearch.trial import Suggestion, TrialRecord

if TYPE_CHECKING:
    from hpsearch.sweep.prepared import PreparedSweep

KIND = "refit"
EPOCHS, STOPPING = "epochs", "patience"


def refit_prepared(ready: PreparedSweep) -> PreparedSweep:
    """Return the same sweep with all but the test rows as training rows.

    The validation rows stay where a trainer looks for them, so that it records the same metrics; but it has seen
    them now, and its figures for them say nothing about other rows.
    """
    return replace(ready, data=_together(ready))


def _together(ready: PreparedSweep) -> Prepared:
    train, validation = train_and_validation(ready.spec.data, ready.folder, ready.data.fingerprint)
    X, y = np.concatenate([train.X, validation.X]), np.concatenate([train.y, validation.y])
    transform = fit(ready.data.transform.kind, X)
    summary = {**ready.data.summary, "train": len(y)}
    return replace(
        ready.data,
        train=Rows(transform.apply(X), y),
        validation=Rows(transform.apply(validation.X), validation.y),
        transform=transform,
        summary=summary,
    )


def suggestion_of(ready: PreparedSweep, winner: TrialRecord, epoch: int, seed: int) -> Suggestion:
    """Return the winner's settings with `epoch` as the end, and nothing that would end earlier."""
    settings = {**ready.spec.settings, **winner.params, EPOCHS: epoch}
    if STOPPING in _known(chosen(ready.spec.trainer, settings)[0]):
        settings[STOPPING] = None
    return Suggestion(0, winner.params, settings, seed)


def refit_text(epochs: int) -> str:
    """Say what a refitted model is."""
    return f"trained once more on training and validation rows, for {epochs} epochs"


def check_refit(spec: SweepSpec) -> None:
    """Refuse a trainer whose length cannot be set.

    Raises
    ------
    SpecError
        If it has no setting `epochs`.
    """
    without = [name for name in spec.trainers if EPOCHS not in _known(name)]
    if spec.search.refit and without:
        raise SpecError(
            f"search.refit: needs a trainer with a setting {EPOCHS!r}, to train for as long as the winner needed; "
            f"{without[0]} has none"
        )


def _known(trainer: str) -> dict[str, Any]:
    return {setting.name: setting.default for setting in settings_of(resolve(trainer))}
