"""What a tracking store can do, whichever engine stands behind it, and the values that travel to and from it.

Implemented by `client.database` (MLflow's own library), `server.store` (its REST API) and `memory` (for tests);
`opening` chooses. The recorder, `sweep`, `results` and `report` know this module alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

ALIAS = "champion"
LONGEST_TAG, LONGEST_PARAM = 8000, 6000  # characters; what is longer is cut
Point = tuple[str, float, int, int]  # name, value, timestamp in ms, step


@dataclass(frozen=True)
class RunView:
    """A run as it is read back."""

    run_id: str
    name: str
    status: str
    params: dict[str, str]
    metrics: dict[str, float]
    tags: dict[str, str]
    started_ms: int
    ended_ms: int | None
    artifacts: str


@dataclass(frozen=True)
class ModelFiles:
    """A model folder to be wrapped: columns, the type of its labels (None for regression), example rows, tags."""

    folder: Path
    features: tuple[str, ...]
    output: str | None
    example: Any = None
    tags: Mapping[str, str] = field(default_factory=dict)


class TrackingStore(Protocol):
    """One tracking store, by its address.

    Any method may raise StoreUnavailable (no answer now: worth another try, and every call may be repeated without
    harm except `create_run`) or StoreError (refused: waiting does not help).
    """

    @property
    def uri(self) -> str:
        """The address, which holds no secret."""

    def experiment(self, name: str) -> str:
        """Return the id of an experiment, made if it does not exist; StoreError if it is in MLflow's trash."""

    def create_run(self, experiment: str, name: str, tags: Mapping[str, str], started_ms: int, parent: str = "") -> str:
        """Create a run and return its id; a retry must look with `find_runs` first."""

    def write(
        self,
        run_id: str,
        points: Iterable[Point] = (),
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Write points, parameters and tags; StoreError if a parameter has another value already."""

    def end_run(self, run_id: str, status: str, ended_ms: int | None = None) -> None:
        """Close a run as FINISHED, KILLED or FAILED."""

    def reopen_run(self, run_id: str) -> None:
        """Mark a run as RUNNING again."""

    def delete_run(self, run_id: str) -> None:
        """Move a run to MLflow's trash; it can be written no more and is not found."""

    def put_file(self, run_id: str, path: Path, folder: str = "") -> None:
        """Store a file among a run's artifacts, in place of one of that name."""

    def put_folder(self, run_id: str, path: Path, folder: str = "") -> None:
        """Store a folder's files among a run's artifacts."""

    def fetch(self, run_id: str, artifact: str, into: Path) -> Path:
        """Download a file or folder and return where it lies; StoreError if there is none."""

    def find_runs(self, tags: Mapping[str, str], experiment: str | None = None) -> Iterator[RunView]:
        """Yield every run that carries all of `tags`, the newest first, from all experiments unless one is named."""

    def run(self, run_id: str) -> RunView:
        """Return one run as it stands; StoreError if there is none."""

    def history(self, run_id: str, metric: str) -> list[tuple[int, float]]:
        """Return a metric's points as (step, value), in the order of the steps."""

    def register(
        self, run_id: str, name: str, experiment: str, model: ModelFiles, verify: Callable[[Path], object]
    ) -> str:
        """Log a model on a run, make it the champion of `name` once `verify` takes what was uploaded; its address."""

    def wrap(self, model: ModelFiles, target: Path, run_id: str, model_id: str | None = None) -> None:
        """Write a model folder of ours as an MLflow model, which loads it through `hpsearch.model.loader`."""

    def download_model(self, uri: str, into: Path) -> tuple[Path, str | None]:
        """Return the folder and the recorded digest of ``models:/…`` or ``runs:/RUN/model``; UnknownSweep if none."""

    def close(self) -> None:
        """Give connections and temporary folders back; closing twice is harmless."""
