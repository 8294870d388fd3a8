"""Keeps the best model so far on the driver's disk, until the sweep's end registers it.

`driver` saves before it tells the study, so the best completed trial always has its model; should the disk have been
lost, the trial is trained again from its own seed.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from threadpoolctl import threadpool_limits

from hpsearch.errors import HpsearchError, SweepStopped
from hpsearch.model.bundle import Bundle, load, save, stored_digest
from hpsearch.study.study import trial_seed
from hpsearch.sweep.prepared import PreparedSweep
from hpsearch.training.worker import Chunk, Pull, Worker
from hpsearch.trial import ModelState, Suggestion, TrialRecord


class Models:
    """One folder a model, named after its trial; the newest is kept, with several aims all that joined the front."""

    def __init__(self, folder: Path, ready: PreparedSweep) -> None:
        self._folder, self._ready = folder, ready

    def place(self, number: int) -> Path:
        """Return the folder of a trial's model."""
        return self._folder / f"trial-{number:04d}"

    def save(self, number: int, state: ModelState) -> None:
        """Write a model; the one before it stays until the next is written."""
        kept = sorted(self._folder.glob("trial-*"), key=lambda place: place.stat().st_mtime)
        for old in kept[:-1]:
            shutil.rmtree(old, ignore_errors=True)
        save(self._bundle(state), self.place(number))

    def beside(self, number: int, state: ModelState) -> None:
        """Write the model of a trial that joined a front; the others of the front stay."""
        self.put(self.place(number).name, state)

    def get(self, name: str, suggestion: Suggestion) -> tuple[Path, Bundle, str]:
        """Return folder, model and digest of what is kept under `name`, trained again if it is lost or damaged."""
        place = self._folder / name
        try:
            return place, load(place), stored_digest(place)
        except HpsearchError:
            self.put(name, self._train_again(name, suggestion))
            return place, load(place), stored_digest(place)

    def put(self, name: str, state: ModelState) -> None:
        """Write a model under `name`, without a look at the others."""
        save(self._bundle(state), self._folder / name)

    def drop(self, names: Iterable[str]) -> None:
        """Forget what is kept under `names`."""
        for name in names:
            shutil.rmtree(self._folder / name, ignore_errors=True)

    def of(self, ready: PreparedSweep) -> Models:
        """Return the same folder for models of other rows."""
        return Models(self._folder, ready)

    def again(self, trial: TrialRecord, seconds: float) -> Bundle | None:
        """Train a trial again and return its model; None where it takes longer than `seconds` or fails."""
        spec = self._ready.spec
        settings = {**spec.settings, **trial.params}
        seed = trial_seed(spec.search.seed, trial.number)
        chunk = self._run(Suggestion(trial.number, trial.params, settings, seed), seconds)
        return None if chunk.model is None else self._bundle(chunk.model)

    def _bundle(self, state: ModelState) -> Bundle:
        data = self._ready.data
        return Bundle(
            trainer=state.trainer or self._ready.spec.trainer,
            config=state.config,
            arrays=state.arrays,
            transform=data.transform,
            classes=data.classes,
            features=data.features,
            image_shape=data.image_shape,
        )

    def _train_again(self, name: str, suggestion: Suggestion) -> ModelState:
        chunk = self._run(suggestion, float("inf"))
        if chunk.model is None:
            reason = chunk.failure.reason if chunk.failure else "it returned no model"
            raise SweepStopped(f"{name}: its model was lost, and training it again failed: {reason}")
        return chunk.model

    def _run(self, suggestion: Suggestion, seconds: float) -> Chunk:
        with threadpool_limits(1):  # as workers compute: other threads might add up in another order
            return Worker(self._ready.assignment()).run(suggestion, Pull(None, seconds))
