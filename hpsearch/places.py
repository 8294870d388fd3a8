"""Where a sweep keeps its things: the home folder, and the stores that may take its place.

Everything lies under the home (``.hpsearch``) unless the environment names a tracking server, a study storage or a
Ray cluster. Read by `sweep` and the command line.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from hpsearch.errors import StoreError

DEFAULT_HOME = Path(".hpsearch")


@dataclass(frozen=True)
class Places:
    """Addresses of the study, of MLflow and of Ray (None: started here), and the home folder."""

    home: Path
    storage: str
    tracking: str
    ray: str | None

    @classmethod
    def find(cls, home: str | Path | None = None) -> Places:
        """Read the environment: MLFLOW_TRACKING_URI, HPSEARCH_STORAGE and RAY_ADDRESS, where they are set."""
        folder = Path(home or os.environ.get("HPSEARCH_HOME") or DEFAULT_HOME).absolute()
        return cls(
            home=folder,
            storage=os.environ.get("HPSEARCH_STORAGE") or f"sqlite:///{folder / 'study.db'}",
            tracking=os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{folder / 'mlflow.db'}",
            ray=os.environ.get("RAY_ADDRESS") or None,
        )

    def sweep(self, name: str) -> Path:
        """Return the folder of one sweep's spool, models and lock."""
        return self.home / "sweeps" / name

    def make(self) -> None:
        """Create the home.

        Raises
        ------
        StoreError
            If it cannot be created or written.
        """
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            probe = self.home / ".writable"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise StoreError(f"--home {self.home}: cannot be written: {error.strerror}") from None

    @property
    def local(self) -> bool:
        """Whether everything is kept in the home folder."""
        return self.storage.startswith("sqlite") and self.tracking.startswith("sqlite") and self.ray is None

    def must_exist(self) -> None:
        """Refuse to look things up in a home that is not there.

        Raises
        ------
        StoreError
            If the tracking store lies in the home and there is none.
        """
        if self.tracking.startswith("sqlite:///") and not Path(self.tracking.removeprefix("sqlite:///")).exists():
            raise StoreError(f"--home {self.home}: holds no sweeps yet; begin one with: hpsearch run")
