"""A sweep that may begin, as `prepare` leaves it and every later step reads it; holds no test rows."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hpsearch.data.prepare import Prepared
from hpsearch.spec import SweepSpec
from hpsearch.training.messages import Assignment
from hpsearch.training.source_files import trainer_files


@dataclass(frozen=True)
class PreparedSweep:
    """A sweep that may begin: its spec with nothing left open, its data, the epochs of a trial where known."""

    spec: SweepSpec
    folder: Path
    data: Prepared
    epochs: int | None

    def marks(self) -> dict[str, Any]:
        """Return what the study remembers beside the spec."""
        return {
            "folder": str(self.folder),
            "data_fingerprint": self.data.fingerprint,
            "spec_fingerprint": self.spec.fingerprint(),
            "hpsearch": version("hpsearch"),
        }

    def assignment(self) -> Assignment:
        """Return what the workers get to see."""
        return Assignment(
            trainer=self.spec.trainer,
            X=self.data.train.X,
            y=self.data.train.y,
            X_validation=self.data.validation.X,
            y_validation=self.data.validation.y,
            classes=len(self.data.classes),
            metric=self.spec.search.metric or "val_accuracy",
            maximize=self.spec.search.maximize,
            search_path=str(self.folder),
            files={n: f for trainer in self.spec.trainers for n, f in trainer_files(self.folder, trainer).items()},
            memory_gib=self.spec.memory_gib,
            trainers=self.spec.trainers,
            image_shape=self.data.image_shape,
        )
