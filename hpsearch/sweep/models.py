"""Keeps the best model so far on the driver's disk, until the sweep's end registers it.

`driver` saves before it tells the study, so the best completed trial always has its model. Should the disk have been
lost, the trial is trained again from its own seed, on a worker and within its limits, and compared with what was
recorded of it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from hpsearch.errors import HpsearchError, SweepStopped
from hpsearch.model.bundle import Bundle, load, save, stored_digest
from hpsearch.study.study import trial_seed
from hpsearch.sweep.finalists.repeats import Repeated, Repeats
from hpsearch.sweep.prepared import PreparedSweep
from hpsearch.trial import ModelState, Suggestion, TrialRecord


class KeptModel(NamedTuple):
    """A model's folder, the model and its digest; `difference` says where one trained again is not the recorded one."""

    place: Path
    bundle: Bundle
    digest: str
    difference: str = ""


class Models:
    """One folder a model, named after its trial; the newest is kept, with several objectives all that joined the front.

    Parameters
    ----------
    repeats : trains again what was lost
    """

    def __init__(self, folder: Path, ready: PreparedSweep, repeats: Repeats) -> None:
        self._folder, self._ready, self._repeats = folder, ready, repeats

    def place(self, number: int) -> Path:
        """Return the folder of a trial's model."""
        return self._folder / f"trial-{number:04d}"

    def save(self, number: int, state: ModelState) -> None:
        """Write a model; the one before it stays until the next is written."""
        kept = sorted(self._folder.glob("trial-*"), key=lambda place: place.stat().st_mtime)
        for old in kept[:-1]:
            shutil.rmtree(old, ignore_errors=True)
        self.beside(number, state)

    def beside(self, number: int, state: ModelState) -> None:
        """Write the model of a trial that joined a front; the others of the front stay."""
        self.put(self.place(number).name, state)

    def get(self, name: str, suggestion: Suggestion, recorded: float | None) -> KeptModel:
        """Return what is kept under `name`, trained again from `suggestion` if it is lost or damaged.

        Parameters
        ----------
        recorded : the value that its training is on record with, None where none is

        Raises
        ------
        SweepStopped
            If it is lost and cannot be trained again.
        """
        try:
            return self._kept(name)
        except HpsearchError:
            self._train_again(name, suggestion, recorded)
            return self._kept(name)

    def put(self, name: str, state: ModelState) -> None:
        """Write a model under `name`, without a look at the others."""
        self._write(name, state, "")

    def drop(self, names: Iterable[str]) -> None:
        """Forget what is kept under `names`."""
        for name in names:
            shutil.rmtree(self._folder / name, ignore_errors=True)
            self._note_of(name).unlink(missing_ok=True)

    def of(self, ready: PreparedSweep) -> Models:
        """Return the same folder for models of other rows."""
        return Models(self._folder, ready, self._repeats)

    def again(self, trials: Iterable[TrialRecord], seconds: float) -> dict[int, Bundle]:
        """Train trials again; return the models by their numbers, without those that fail or need over `seconds`."""
        spec, bundles = self._ready.spec, dict[int, Bundle]()

        def ended(repeated: Repeated) -> None:
            if repeated.model is not None:
                bundles[repeated.suggestion.number] = self._bundle(repeated.model)

        suggestions = [
            Suggestion(
                one.number, one.params, {**spec.settings, **one.params}, trial_seed(spec.search.seed, one.number)
            )
            for one in trials
        ]
        self._repeats.run(self._ready, suggestions, ended, seconds=seconds)
        return bundles

    def _kept(self, name: str) -> KeptModel:
        place, note = self._folder / name, self._note_of(name)
        difference = json.loads(note.read_text(encoding="utf-8"))["difference"] if note.exists() else ""
        return KeptModel(place, load(place), stored_digest(place), difference)

    def _write(self, name: str, state: ModelState, difference: str) -> None:
        """Write a model; what is to be said of it lies there first."""
        note = self._note_of(name)
        if difference:
            self._folder.mkdir(parents=True, exist_ok=True)
            note.write_text(json.dumps({"difference": difference}) + "\n", encoding="utf-8")
        else:
            note.unlink(missing_ok=True)
        save(self._bundle(state), self._folder / name)

    def _note_of(self, name: str) -> Path:
        """Return the file that says of a model trained again how it differs; it outlives the session that saw it."""
        return self._folder / f"retrained-{name}.json"

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

    def _train_again(self, name: str, suggestion: Suggestion, recorded: float | None) -> None:
        """Train a lost model again; one that comes out differently carries a note of it from then on."""
        self._repeats.note(f"{name}: its model was lost; it is trained again")
        endings: list[Repeated] = []
        self._repeats.run(self._ready, [suggestion], endings.append)
        way_on = f"hpsearch resume {self._ready.spec.name}"
        if not endings:
            raise SweepStopped(f"{name}: its model was lost, and training it again was interrupted; {way_on}")
        (repeated,) = endings
        if repeated.model is None:
            reason = repeated.outcome.reason or "it returned no model"
            raise SweepStopped(f"{name}: its model was lost, and training it again failed: {reason}")
        difference = self._difference(repeated.outcome.value, recorded)
        self._write(name, repeated.model, difference)
        if difference:
            self._repeats.note(f"{name}: trained again, it is not the model that was recorded: {difference}")

    def _difference(self, value: float | None, recorded: float | None) -> str:
        """Say how the value of a training differs from the recorded one, empty where every bit is equal."""
        if value is None or recorded is None or value.hex() == recorded.hex():
            return ""
        metric = self._ready.spec.search.metric
        return f"{metric} {value!r}, recorded {recorded!r}, apart by {abs(value - recorded):.3g}"
