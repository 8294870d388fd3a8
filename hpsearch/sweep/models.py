"""Keeps the best model so far on the driver's disk, until the sweep's end registers it.

`driver` saves before it tells the study, so the best completed trial always has its model; should the disk have been
lost, the trial is trained again from its own seed.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from hpsearch.errors import HpsearchError, SweepStopped
from hpsearch.model.bundle import Bundle, load, save
from hpsearch.model.manifest import digest_of
from hpsearch.study import trial_seed
from hpsearch.sweep.ready import Ready
from hpsearch.trial import ModelState, Proposal, TrialRecord
from hpsearch.worker import Chunk, Pull, Worker


class Models:
    """One folder a model, named after its trial; only the newest is kept."""

    def __init__(self, folder: Path, ready: Ready) -> None:
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

    def load(self, best: TrialRecord) -> tuple[Bundle, str]:
        """Return the model of the best trial and its digest, trained again if it is not there or damaged."""
        place = self.place(best.number)
        try:
            return load(place), _digest(place)
        except HpsearchError:
            self.save(best.number, self._train_again(best))
            return load(place), _digest(place)

    def again(self, trial: TrialRecord, seconds: float) -> Bundle | None:
        """Train a trial again and return its model; None where it takes longer than `seconds` or fails."""
        chunk = self._run(trial, seconds)
        return None if chunk.model is None else self._bundle(chunk.model)

    def _bundle(self, state: ModelState) -> Bundle:
        data = self._ready.data
        return Bundle(
            trainer=self._ready.spec.trainer,
            config=state.config,
            arrays=state.arrays,
            transform=data.transform,
            classes=data.classes,
            features=data.features,
            image_shape=data.image_shape,
        )

    def _train_again(self, best: TrialRecord) -> ModelState:
        chunk = self._run(best, float("inf"))
        if chunk.model is None:
            reason = chunk.failure.reason if chunk.failure else "it returned no model"
            raise SweepStopped(f"trial {best.number}: its model was lost, and training it again failed: {reason}")
        return chunk.model

    def _run(self, trial: TrialRecord, seconds: float) -> Chunk:
        spec = self._ready.spec
        settings = {**spec.settings, **trial.params}
        proposal = Proposal(trial.number, trial.params, settings, trial_seed(spec.search.seed, trial.number))
        return Worker(self._ready.assignment()).run(proposal, Pull(None, seconds))


def _digest(place: Path) -> str:
    return digest_of((place / "manifest.json").read_bytes())
