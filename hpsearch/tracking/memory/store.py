"""A tracking store in memory, for fast tests: the same rules as MLflow, no database and no server.

Files lie in a temporary folder of its own, removed by `close` or with the store. It passes the same conformance
suite as the others; what MLflow refuses, it refuses.
"""

from __future__ import annotations

import itertools
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hpsearch.tracking.errors import Refused, in_trash
from hpsearch.tracking.interface import ModelFiles, Point, RunView
from hpsearch.tracking.memory.models import FolderFiles, MemoryRegistry
from hpsearch.tracking.models import Models, wrap
from hpsearch.tracking.run_tags import cut_params, cut_tags, first_tags
from hpsearch.tracking.schema import Status

_NAME = re.compile(r"[\w\-. :/]+")  # what MLflow takes as the name of a metric, a parameter or a tag
_LONGEST_NAME = 250


@dataclass
class _Run:
    """A run as it is kept; `points` holds each (value, timestamp, step) of a metric once."""

    experiment: str
    name: str
    started_ms: int
    order: int
    artifacts: str
    tags: dict[str, str]
    status: str = Status.RUNNING
    ended_ms: int | None = None
    deleted: bool = False
    params: dict[str, str] = field(default_factory=dict)
    points: dict[str, set[tuple[int, int, float]]] = field(default_factory=dict)  # step, timestamp, value


class MemoryStore:
    """One store of this process; threads may share it."""

    def __init__(self, uri: str = "memory://") -> None:
        self.uri = uri
        self._place = tempfile.TemporaryDirectory(prefix="hpsearch-memory-")
        self._experiments: dict[str, str] = {}
        self._trash: set[str] = set()
        self._runs: dict[str, _Run] = {}
        self._count = itertools.count(1)
        self._lock = threading.RLock()
        self._files = FolderFiles(uri)
        root = Path(self._place.name, "models")
        self._models = Models(uri, MemoryRegistry(uri, root, self._exists), self._files)

    def experiment(self, name: str) -> str:
        """Return the id of an experiment, which is made if it does not exist; StoreError if it is in the trash."""
        with self._lock:
            if name in self._trash:
                raise in_trash(self.uri, name, self._experiments[name])
            return self._experiments.setdefault(name, str(len(self._experiments)))

    def delete_experiment(self, name: str) -> None:
        """Move an experiment to the trash, as somebody may do on MLflow's page."""
        with self._lock:
            self._trash.add(name)

    def create_run(self, experiment: str, name: str, tags: Mapping[str, str], started_ms: int, parent: str = "") -> str:
        """Create a run and return its id."""
        with self._lock:
            if experiment not in self._experiments.values():
                raise Refused(f"{self.uri}: no experiment has the id {experiment!r}", "RESOURCE_DOES_NOT_EXIST")
            for title in self._trash:
                if self._experiments[title] == experiment:
                    raise in_trash(self.uri, title, experiment)
            number = next(self._count)
            run_id = f"{number:032x}"
            place = str(Path(self._place.name, experiment, run_id, "artifacts"))
            all_tags = first_tags(tags, parent) | {"mlflow.runName": name}
            self._runs[run_id] = _Run(experiment, name, started_ms, number, place, self._valid(cut_tags(all_tags)))
            return run_id

    def write(
        self,
        run_id: str,
        points: Iterable[Point] = (),
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Write points, parameters and tags; StoreError if a parameter has another value already."""
        with self._lock:
            run, fixed, named = self._active(run_id), self._valid(cut_params(params)), list(points)
            self._valid({name: "" for name, *_ in named})
            for name, value in fixed.items():
                if run.params.get(name, value) != value:
                    raise Refused(
                        f"{self.uri}: run {run_id}: parameter {name!r} is {run.params[name]!r} and cannot be changed",
                        "INVALID_PARAMETER_VALUE",
                    )
            run.params |= fixed
            run.tags |= self._valid(cut_tags(tags))
            for name, point, timestamp, step in named:
                run.points.setdefault(name, set()).add((step, timestamp, float(point)))

    def end_run(self, run_id: str, status: str, ended_ms: int | None = None) -> None:
        """Close a run as FINISHED, KILLED or FAILED."""
        with self._lock:
            run = self._active(run_id)
            run.status, run.ended_ms = status, int(time.time() * 1000) if ended_ms is None else ended_ms

    def reopen_run(self, run_id: str) -> None:
        """Mark a run as RUNNING again."""
        with self._lock:
            self._active(run_id).status = Status.RUNNING

    def delete_run(self, run_id: str) -> None:
        """Move a run to the trash."""
        with self._lock:
            self._active(run_id).deleted = True

    def put_file(self, run_id: str, path: Path, folder: str = "") -> None:
        """Store a file among a run's artifacts."""
        self._files.put_file(self._kept(run_id).artifacts, path, folder)

    def put_folder(self, run_id: str, path: Path, folder: str = "") -> None:
        """Store a folder's files among a run's artifacts."""
        self._files.put_folder(self._kept(run_id).artifacts, path, folder)

    def fetch(self, run_id: str, artifact: str, into: Path) -> Path:
        """Copy a file or folder; StoreError if there is none."""
        return self._files.fetch(self._kept(run_id).artifacts, artifact, into)

    def find_runs(self, tags: Mapping[str, str], experiment: str | None = None) -> Iterator[RunView]:
        """Yield every run that carries all of `tags`, the newest first."""
        with self._lock:
            trashed = {self._experiments[name] for name in self._trash}
            runs = [
                (run_id, run)
                for run_id, run in self._runs.items()
                if not run.deleted
                and (run.experiment == experiment if experiment else run.experiment not in trashed)
                and all(run.tags.get(name) == value for name, value in tags.items())
            ]
            runs.sort(key=lambda pair: (-pair[1].started_ms, pair[0]))
            return iter([_view(run_id, run) for run_id, run in runs])

    def run(self, run_id: str) -> RunView:
        """Return one run as it stands; StoreError if there is none."""
        with self._lock:
            return _view(run_id, self._kept(run_id))

    def history(self, run_id: str, metric: str) -> list[tuple[int, float]]:
        """Return a metric's points as (step, value), in the order of the steps."""
        with self._lock:
            return sorted((step, value) for step, _, value in self._kept(run_id).points.get(metric, ()))

    def register(
        self, run_id: str, name: str, experiment: str, model: ModelFiles, verify: Callable[[Path], object]
    ) -> str:
        """Log a model, make it the champion of `name` once `verify` takes what was stored, return its address."""
        return self._models.register(run_id, name, experiment, model, verify)

    def wrap(self, model: ModelFiles, target: Path, run_id: str, model_id: str | None = None) -> None:
        """Write a model folder of ours as an MLflow model."""
        wrap(model, target, run_id, model_id)

    def download_model(self, uri: str, into: Path) -> tuple[Path, str | None]:
        """Return the folder and the recorded digest of a model; UnknownSweep if there is none."""
        return self._models.download(uri, into)

    def close(self) -> None:
        """Remove the files."""
        shutil.rmtree(self._place.name, ignore_errors=True)
        self._place.cleanup()

    def _kept(self, run_id: str) -> _Run:
        try:
            return self._runs[run_id]
        except KeyError:
            raise Refused(f"{self.uri}: Run with id={run_id} not found", "RESOURCE_DOES_NOT_EXIST") from None

    def _exists(self, run_id: str) -> bool:
        return run_id in self._runs

    def _active(self, run_id: str) -> _Run:
        run = self._kept(run_id)
        if run.deleted:
            raise Refused(f"{self.uri}: run {run_id} is in MLflow's trash", "INVALID_PARAMETER_VALUE")
        return run

    def _valid(self, values: Mapping[str, str]) -> dict[str, str]:
        """Return values whose names MLflow takes."""
        for name in values:
            if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
                raise Refused(f"{self.uri}: {name!r} is no name that MLflow takes", "INVALID_PARAMETER_VALUE")
        return dict(values)


def _view(run_id: str, run: _Run) -> RunView:
    return RunView(
        run_id=run_id,
        name=run.name,
        status=run.status,
        params=dict(run.params),
        metrics={name: max(points)[2] for name, points in run.points.items()},
        tags=dict(run.tags),
        started_ms=run.started_ms,
        ended_ms=run.ended_ms,
        artifacts=run.artifacts,
    )
