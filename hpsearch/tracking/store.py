"""Speaks to MLflow: runs, metrics, artifacts, registered models. The only module that imports MLflow.

Every call may be repeated without harm: creating looks for what is there first whenever an earlier try may have
succeeded. `recorder` calls it behind the search, `sweep` at the beginning and the end, the command line to look
things up. It knows nothing of the study.
"""

from __future__ import annotations

import base64
import getpass
import http.client
import os
import re
import sqlite3
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_UV_AUTO_DETECT", "false")  # else a project in the current folder goes into the model
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
# One call gives up after seconds; patience is the recorder's, which repeats whole steps.
# The client itself must not repeat a call: a creation whose answer was lost would make a second object.
os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")

from hpsearch.errors import ModelFolderError, StoreError, StoreUnavailable, UnknownSweep
from hpsearch.tracking.log_levels import kept_levels

with kept_levels():
    import mlflow.exceptions
    from mlflow.entities import LoggedModel, LoggedModelOutput, Metric, Param, Run, RunTag
    from mlflow.models import Model, ModelSignature
    from mlflow.pyfunc import save_model
    from mlflow.store.artifact.artifact_repo import ArtifactRepository
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
    from mlflow.tracking import MlflowClient
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema
    from mlflow.types.schema import AnyType

ALIAS = "champion"
DIGEST = "hpsearch.digest"
NOTE = "mlflow.note.content"  # a run's description, shown as Markdown
_EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}  # the pages for training, not for agents
_REACH_SECONDS = 5
LONGEST_TAG = 8000
_HOST_REFUSED = "; likely the server's --allowed-hosts does not name that host (a stack's .env: HPSEARCH_ALLOWED_HOSTS)"
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


class Store:
    """One MLflow tracking store, by its address."""

    def __init__(self, uri: str, home: Path | None = None) -> None:
        self.uri = uri
        self._artifacts = None
        self._addresses: dict[str, str] = {}  # where runs keep their files
        if uri.startswith(("http://", "https://")):
            server_version(uri)
        if uri.startswith("sqlite:///"):
            _write_ahead(Path(uri.removeprefix("sqlite:///")))
            self._artifacts = str((home or Path(uri.removeprefix("sqlite:///")).parent).resolve() / "artifacts")
        with _errors(uri):
            self._client = MlflowClient(uri, registry_uri=uri)

    def close(self) -> None:
        """Give back the connections to a database, which MLflow would keep until the process ends."""
        if self.uri.startswith(("http://", "https://")):
            return
        from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as Registry
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as Tracking

        for kind in (Tracking, Registry):
            engine = kind._engine_map.get(self.uri)  # MLflow offers no other way to them
            if engine is not None:
                engine.dispose()

    def experiment(self, name: str) -> str:
        """Return the id of an experiment, which is made if it does not exist."""
        with _errors(self.uri):
            found = self._client.get_experiment_by_name(name)
            if found is not None:
                return str(found.experiment_id)
            try:
                return str(self._client.create_experiment(name, self._artifacts, _EXPERIMENT_TAGS))
            except mlflow.exceptions.MlflowException:
                found = self._client.get_experiment_by_name(name)  # somebody was faster
                if found is None:
                    raise
                return str(found.experiment_id)

    def create_run(self, experiment: str, name: str, tags: Mapping[str, str], started_ms: int, parent: str = "") -> str:
        """Create a run and return its id; a retry must look with `find_runs` first."""
        linked = {"mlflow.source.name": "hpsearch", "mlflow.source.type": "LOCAL", "mlflow.user": _user(), **tags}
        if parent:
            linked["mlflow.parentRunId"] = parent
        with _errors(self.uri):
            run = self._client.create_run(experiment, start_time=started_ms, tags=linked, run_name=name)
        self._addresses[run.info.run_id] = run.info.artifact_uri
        return str(run.info.run_id)

    def write(
        self,
        run_id: str,
        points: Iterable[Point] = (),
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Write metric points, parameters and tags; repeating it changes nothing."""
        metrics = [Metric(name, value, timestamp, step) for name, value, timestamp, step in points]
        told = [Param(name, value) for name, value in (params or {}).items()]
        marks = [RunTag(name, str(value)[:LONGEST_TAG]) for name, value in (tags or {}).items()]
        with _errors(self.uri):
            self._client.log_batch(run_id, metrics, told, marks)  # which keeps to the server's limits itself

    def end_run(self, run_id: str, status: str, ended_ms: int | None = None) -> None:
        """Close a run as FINISHED, KILLED or FAILED."""
        with _errors(self.uri):
            self._client.set_terminated(run_id, status, ended_ms)

    def reopen_run(self, run_id: str) -> None:
        """Mark a run as RUNNING again."""
        with _errors(self.uri):
            self._client.update_run(run_id, status="RUNNING")

    def delete_run(self, run_id: str) -> None:
        """Move a run to MLflow's deleted ones."""
        with _errors(self.uri):
            self._client.delete_run(run_id)

    def put_file(self, run_id: str, path: Path, folder: str = "") -> None:
        """Store a file among a run's artifacts."""
        with _errors(self.uri):
            self._files(run_id).log_artifact(str(path), folder or None)  # type: ignore[no-untyped-call]

    def put_folder(self, run_id: str, path: Path, folder: str = "") -> None:
        """Store a folder's files among a run's artifacts."""
        with _errors(self.uri):
            self._files(run_id).log_artifacts(str(path), folder or None)  # type: ignore[no-untyped-call]

    def _files(self, run_id: str) -> ArtifactRepository:
        """Return a run's artifacts; the client itself would ask the database for every new run."""
        if run_id not in self._addresses:
            self._addresses[run_id] = self._client.get_run(run_id).info.artifact_uri
        return get_artifact_repository(self._addresses[run_id], tracking_uri=self.uri)

    def fetch(self, run_id: str, artifact: str, into: Path) -> Path:
        """Download one artifact of a run."""
        with _errors(self.uri):
            return Path(self._client.download_artifacts(run_id, artifact, str(into)))

    def find_runs(self, tags: Mapping[str, str], experiment: str | None = None) -> Iterator[RunView]:
        """Yield every run that carries all of `tags`, the newest first."""
        with _errors(self.uri):
            ids = [experiment] if experiment else [e.experiment_id for e in self._client.search_experiments()]
            wanted = " and ".join(f"tags.`{name}` = '{value}'" for name, value in tags.items())
            token = None
            while ids:
                page = self._client.search_runs(ids, wanted, max_results=1000, page_token=token)
                yield from (_view(run) for run in page)
                token = page.token
                if not token:
                    break

    def run(self, run_id: str) -> RunView:
        """Return one run as it stands."""
        with _errors(self.uri):
            return _view(self._client.get_run(run_id))

    def history(self, run_id: str, metric: str) -> list[tuple[int, float]]:
        """Return a metric's points as (step, value), in the order of the steps."""
        with _errors(self.uri):
            return sorted((m.step, m.value) for m in self._client.get_metric_history(run_id, metric))

    def register(
        self, run_id: str, name: str, experiment: str, model: ModelFiles, verify: Callable[[Path], object]
    ) -> str:
        """Log a model folder on a run, register it under `name` as the champion and return its address.

        A version with the same ``hpsearch.digest`` tag is found again instead of made twice. What was uploaded is
        fetched back and given to `verify` first; while that raises, the champion before stays the champion.
        """
        with _errors(self.uri):
            number = self._version_with(name, model.tags[DIGEST])
            if number is None:
                logged = self._log_model(run_id, experiment, model)
                self._verify(logged.artifact_location, verify)
                made = self._client.create_model_version(
                    name,
                    logged.artifact_location,  # an address with models:/ is looked up in the global store, not in ours
                    run_id,
                    dict(model.tags),
                    await_creation_for=60,
                    model_id=logged.model_id,
                )
                number = str(made.version)
            self._client.set_registered_model_alias(name, ALIAS, number)
        return f"models:/{name}@{ALIAS}"

    def _verify(self, source: str, verify: Callable[[Path], object]) -> None:
        with tempfile.TemporaryDirectory() as place:
            came = mlflow.artifacts.download_artifacts(source, dst_path=place, tracking_uri=self.uri)
            try:
                verify(Path(came))
            except ModelFolderError as error:
                raise StoreUnavailable(f"{self.uri}: the uploaded model is not what was sent: {error}") from None

    def _version_with(self, name: str, digest: str) -> str | None:
        try:
            self._client.create_registered_model(name)
        except mlflow.exceptions.MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        found = self._client.search_model_versions(f"name = '{name}'")
        return next((str(v.version) for v in found if v.tags.get(DIGEST) == digest), None)

    def _log_model(self, run_id: str, experiment: str, model: ModelFiles) -> LoggedModel:
        """Do what ``log_model`` does, without its global active run, from a folder that is already written."""
        kind = "regressor" if model.output is None else "classifier"
        logged = self._logged_before(run_id, experiment, model.tags[DIGEST]) or self._client.create_logged_model(
            experiment, "model", run_id, dict(model.tags), model_type=kind
        )
        with tempfile.TemporaryDirectory() as place:
            written = Path(place, "model")
            self.wrap(model, written, run_id, logged.model_id)
            self._client.log_model_artifacts(logged.model_id, str(written))
        logged = self._client.finalize_logged_model(logged.model_id, "READY")
        self._client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step=0)])
        return logged

    def wrap(self, model: ModelFiles, target: Path, run_id: str, model_id: str | None = None) -> None:
        """Write a model folder of ours as an MLflow model, which loads it through `hpsearch.model.loader`."""
        with _errors(self.uri):
            save_model(
                path=str(target),
                mlflow_model=Model(artifact_path="model", run_id=run_id, model_id=model_id),
                loader_module="hpsearch.model.loader",
                data_path=str(model.folder),
                signature=_signature(model),
                input_example=model.example,
                pip_requirements=[f"{package}=={version(package)}" for package in ("hpsearch", "numpy", "pandas")],
            )

    def _logged_before(self, run_id: str, experiment: str, digest: str) -> LoggedModel | None:
        """Find what an earlier try created, whose answer was lost or whose upload was cut."""
        found = self._client.search_logged_models([experiment], f"tags.`{DIGEST}` = '{digest}'")
        return next((logged for logged in found if logged.source_run_id == run_id), None)

    def download_model(self, uri: str, into: Path) -> tuple[Path, str | None]:
        """Download the model at ``models:/…`` or ``runs:/RUN/model``; return its folder and its recorded digest.

        Raises
        ------
        UnknownSweep
            If there is no model at that address.
        """
        with _errors(self.uri):
            try:
                source, tags = self._model_source(uri)
            except mlflow.exceptions.MlflowException as error:
                if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE", "NOT_FOUND"):
                    raise
                raise UnknownSweep(f"{uri}: no such model in {self.uri}: {_first_line(error)}") from None
            folder = mlflow.artifacts.download_artifacts(source, dst_path=str(into), tracking_uri=self.uri)
        return Path(folder), tags.get(DIGEST)

    def _model_source(self, uri: str) -> tuple[str, dict[str, str]]:
        """Find where a model's files lie, and its tags, without MLflow's global store."""
        if run := re.fullmatch(r"runs:/(\w+)/model", uri):
            outputs = self._client.get_run(run.group(1)).outputs
            if outputs is None or not outputs.model_outputs:
                raise UnknownSweep(f"{uri}: that run holds no model; the winner's model is on its sweep's run")
            logged = self._client.get_logged_model(outputs.model_outputs[-1].model_id)
            return str(logged.artifact_location), dict(logged.tags)
        match = re.fullmatch(r"models:/([^/@]+)(?:@(.+)|/(\d+))", uri)
        if match is None:
            raise UnknownSweep(f"{uri}: must be models:/NAME@{ALIAS}, models:/NAME/VERSION or runs:/RUN/model")
        name, alias, number = match.groups()
        if alias is not None:
            found = self._client.get_model_version_by_alias(name, alias)
        else:
            found = self._client.get_model_version(name, number)
        return str(found.source), dict(found.tags)


def _signature(model: ModelFiles) -> ModelSignature:
    """Describe the columns; of any type, because MLflow would refuse whole numbers where it was told of fractions."""
    return ModelSignature(
        inputs=Schema([ColSpec(AnyType(), name) for name in model.features]),  # type: ignore[no-untyped-call]
        outputs=Schema([ColSpec(model.output or "double")]),
        params=None if model.output is None else ParamSchema([ParamSpec("proba", "boolean", default=False)]),  # type: ignore[arg-type]
    )


def _view(run: Run) -> RunView:
    info, data = run.info, run.data
    return RunView(
        run_id=info.run_id,
        name=info.run_name or "",
        status=info.status,
        params=dict(data.params),
        metrics=dict(data.metrics),
        tags=dict(data.tags),
        started_ms=info.start_time,
        ended_ms=info.end_time,
        artifacts=info.artifact_uri or "",
    )


def _write_ahead(path: Path) -> None:
    """Put an embedded database into write-ahead mode, so that the MLflow page can read while a sweep writes."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("pragma journal_mode=wal")
    except sqlite3.Error as error:
        raise StoreError(f"{path}: cannot be used as MLflow's database: {error}") from None


def server_version(uri: str) -> str:
    """Return the version of the MLflow server at `uri`.

    Raises
    ------
    StoreError
        Within seconds, not minutes: if none is there, another server has its port, or the password is wrong.
    """
    request = urllib.request.Request(f"{uri.rstrip('/')}/version")
    name, password = (os.environ.get(f"MLFLOW_TRACKING_{part}", "") for part in ("USERNAME", "PASSWORD"))
    if name:
        coded = base64.b64encode(f"{name}:{password}".encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {coded}")
    try:
        with urllib.request.urlopen(request, timeout=_REACH_SECONDS) as answer:
            said = str(answer.read(200), "utf-8", "replace").strip()
    except urllib.error.HTTPError as error:
        if error.code == 401:
            wrong = "wrong" if name else "missing"
            raise StoreError(
                f"{uri}: MLflow's user name or password is {wrong}; put them into MLFLOW_TRACKING_USERNAME and "
                "MLFLOW_TRACKING_PASSWORD, or into hpsearch.toml"
            ) from None
        if error.code == 403:
            raise StoreError(
                f"{uri}: MLflow, or what stands in front of it, answers with status 403{_HOST_REFUSED}"
            ) from None
        said = f"HTTP status {error.code}"
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise StoreUnavailable(
            f"{uri}: no MLflow server answers: {reason}; start it, or unset MLFLOW_TRACKING_URI"
        ) from None
    if not re.fullmatch(r"\d+\.\d+\S*", said):
        raise StoreError(
            f"{uri}: must be an MLflow server, but another one answers there (/version says {said[:60]!r})"
        )
    return said


@contextmanager
def _errors(uri: str) -> Iterator[None]:
    """Turn MLflow's and its database's errors into one line that names the store."""
    try:
        yield
    except (StoreError, UnknownSweep):
        raise
    except mlflow.exceptions.MlflowException as error:
        refused = _HOST_REFUSED if "Invalid Host header" in str(error) else ""
        full = any(sign in str(error) for sign in ("disk is full", "No space left on device"))
        kind = StoreError if full else StoreUnavailable
        raise kind(f"{uri}: MLflow failed: {_first_line(error)}{refused}") from error
    except (OSError, ImportError) as error:
        raise StoreUnavailable(f"{uri}: MLflow failed: {type(error).__name__}: {error}") from error


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"  # a container's user id may have no name
