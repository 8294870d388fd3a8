"""A database as a tracking store, through MLflow's own client: SQLite in a home folder, or a server such as PostgreSQL.

Before MLflow sees the address the database is asked whether it lets us in, because MLflow itself would try for
minutes. `artifacts` keeps files, `registry` registers models.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import sqlalchemy
from mlflow.entities import Experiment, Metric, Param, Run, RunTag
from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as RegistryTables
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as TrackingTables
from mlflow.tracking import MlflowClient

from hpsearch.config.addresses import redact
from hpsearch.tracking.client.artifacts import RepositoryFiles
from hpsearch.tracking.client.registry import ClientRegistry
from hpsearch.tracking.errors import Refused, engine_errors, from_engine, in_trash
from hpsearch.tracking.interface import ModelFiles, Point, RunView
from hpsearch.tracking.models import Models, wrap
from hpsearch.tracking.run_search import PAGE, Page, every_run
from hpsearch.tracking.run_tags import cut_params, cut_tags, first_tags
from hpsearch.tracking.schema import EXPERIMENT_TAGS, Status

_SQLITE = "sqlite:///"
_CONNECT_SECONDS = 5


class DatabaseStore:
    """One database, by its address; files lie in `home` where it is a file itself."""

    def __init__(self, uri: str, home: Path | None = None) -> None:
        self.uri = uri
        self._shown = redact(uri)
        self._artifacts = None
        if uri.startswith(_SQLITE):
            path = Path(uri.removeprefix(_SQLITE))
            _write_ahead(path)
            self._artifacts = str((home or path.parent).resolve() / "artifacts")
        else:
            _reach(uri, self._shown)
        with engine_errors(self._shown):
            self._client = MlflowClient(uri, registry_uri=uri)
        self._files = RepositoryFiles(uri)
        self._models = Models(self._shown, ClientRegistry(self._shown, self._client), self._files)
        self._places: dict[str, str] = {}  # where runs keep their files: the client would ask for every one

    def experiment(self, name: str) -> str:
        """Return the id of an experiment, which is made if it does not exist; StoreError if it is in the trash."""
        found = self._experiment(name)
        if found is None:
            try:
                with engine_errors(self._shown):
                    return str(self._client.create_experiment(name, self._artifacts, dict(EXPERIMENT_TAGS)))
            except Refused:
                found = self._experiment(name)  # somebody was faster
                if found is None:
                    raise
        if found.lifecycle_stage == "deleted":
            raise in_trash(self._shown, name, found.experiment_id)
        return str(found.experiment_id)

    def _experiment(self, name: str) -> Experiment | None:
        with engine_errors(self._shown):
            return self._client.get_experiment_by_name(name)

    def create_run(self, experiment: str, name: str, tags: Mapping[str, str], started_ms: int, parent: str = "") -> str:
        """Create a run and return its id; a retry must look with `find_runs` first."""
        with engine_errors(self._shown):
            info = self._client.create_run(experiment, started_ms, first_tags(tags, parent), name).info
        self._places[info.run_id] = info.artifact_uri
        return str(info.run_id)

    def write(
        self,
        run_id: str,
        points: Iterable[Point] = (),
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Write points, parameters and tags; repeating it changes nothing."""
        metrics = [Metric(name, value, timestamp, step) for name, value, timestamp, step in points]
        fixed = [Param(name, value) for name, value in cut_params(params).items()]
        marks = [RunTag(name, value) for name, value in cut_tags(tags).items()]
        with engine_errors(self._shown):
            self._client.log_batch(run_id, metrics, fixed, marks)  # which keeps to the engine's limits itself

    def end_run(self, run_id: str, status: str, ended_ms: int | None = None) -> None:
        """Close a run as FINISHED, KILLED or FAILED."""
        with engine_errors(self._shown):
            self._client.set_terminated(run_id, status, ended_ms)

    def reopen_run(self, run_id: str) -> None:
        """Mark a run as RUNNING again."""
        with engine_errors(self._shown):
            self._client.update_run(run_id, status=Status.RUNNING)

    def delete_run(self, run_id: str) -> None:
        """Move a run to MLflow's trash."""
        with engine_errors(self._shown):
            self._client.delete_run(run_id)

    def put_file(self, run_id: str, path: Path, folder: str = "") -> None:
        """Store a file among a run's artifacts."""
        self._files.put_file(self._artifacts_of(run_id), path, folder)

    def put_folder(self, run_id: str, path: Path, folder: str = "") -> None:
        """Store a folder's files among a run's artifacts."""
        self._files.put_folder(self._artifacts_of(run_id), path, folder)

    def fetch(self, run_id: str, artifact: str, into: Path) -> Path:
        """Download a file or folder; StoreError if there is none."""
        return self._files.fetch(self._artifacts_of(run_id), artifact, into)

    def _artifacts_of(self, run_id: str) -> str:
        if run_id not in self._places:
            self._places[run_id] = self.run(run_id).artifacts
        return self._places[run_id]

    def find_runs(self, tags: Mapping[str, str], experiment: str | None = None) -> Iterator[RunView]:
        """Yield every run that carries all of `tags`, the newest first."""
        ids = [experiment] if experiment else list(self._experiments())

        def ask(wanted: str, token: str | None) -> Page:
            with engine_errors(self._shown):
                page = self._client.search_runs(
                    ids, wanted, max_results=PAGE, order_by=["attributes.start_time DESC"], page_token=token
                )
                return [_view(run) for run in page], page.token

        return every_run(ask, tags) if ids else iter(())

    def _experiments(self) -> Iterator[str]:
        token = None
        while True:
            with engine_errors(self._shown):
                page = self._client.search_experiments(max_results=PAGE, page_token=token)
            yield from (str(one.experiment_id) for one in page)
            token = page.token
            if not token:
                return

    def run(self, run_id: str) -> RunView:
        """Return one run as it stands; StoreError if there is none."""
        with engine_errors(self._shown):
            return _view(self._client.get_run(run_id))

    def history(self, run_id: str, metric: str) -> list[tuple[int, float]]:
        """Return a metric's points as (step, value), in the order of the steps."""
        with engine_errors(self._shown):
            return sorted((m.step, m.value) for m in self._client.get_metric_history(run_id, metric))

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
        """Give the idle connections back; who uses the same database in this process connects anew."""
        for kind in (TrackingTables, RegistryTables):
            engine = kind._engine_map.get(self.uri)  # private: no public name leads to the engines that MLflow keeps
            if engine is not None:
                engine.dispose()


def _write_ahead(path: Path) -> None:
    """Put an embedded database into write-ahead mode, so that the MLflow page can read while a sweep writes."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("pragma journal_mode=wal")
    except sqlite3.Error as error:
        raise from_engine(str(path), error) from None


def _reach(uri: str, shown: str) -> None:
    """Ask a database server for one connection; MLflow would ask for minutes before it said why not."""
    options = {"connect_timeout": _CONNECT_SECONDS} if uri.startswith("postgresql") else {}
    with engine_errors(shown):
        engine = sqlalchemy.create_engine(uri, connect_args=options, poolclass=sqlalchemy.NullPool)
        with engine.connect():
            pass


def _view(run: Run) -> RunView:
    info, data = run.info, run.data
    return RunView(
        run_id=info.run_id,
        name=info.run_name or "",
        status=info.status,
        params=dict(data.params),
        metrics=dict(data.metrics),
        tags=dict(data.tags),
        started_ms=info.start_time or 0,
        ended_ms=info.end_time,
        artifacts=info.artifact_uri or "",
    )
