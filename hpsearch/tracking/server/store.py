"""An MLflow server as a tracking store, through its documented REST API (``/api/2.0/mlflow/``).

Not through MLflow's own client, which reads credentials, timeouts and retries from the environment alone: several
stores with different passwords live in one process here, a call gives up within seconds, and none is repeated behind
the caller's back, because a creation whose answer was lost would make a second object. `link` speaks HTTP,
`registry` registers models, `artifacts` keeps files.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from hpsearch.config.credentials import Credentials
from hpsearch.tracking.errors import MISSING, Refused, in_trash
from hpsearch.tracking.interface import ModelFiles, Point, RunView
from hpsearch.tracking.models import Models, wrap
from hpsearch.tracking.run_search import PAGE, Page, every_run
from hpsearch.tracking.run_tags import cut_params, cut_tags, first_tags
from hpsearch.tracking.schema import EXPERIMENT_TAGS, Status, Tag
from hpsearch.tracking.server.artifacts import ServerFiles
from hpsearch.tracking.server.batches import batches
from hpsearch.tracking.server.link import Link, named, pairs
from hpsearch.tracking.server.registry import RestRegistry
from hpsearch.tracking.server.version import server_version


class RestStore:
    """One MLflow server, by its address; made only once it has answered."""

    def __init__(self, uri: str, credentials: Credentials | None = None) -> None:
        self.uri = uri
        self.version = server_version(uri, credentials)
        self._link = Link(uri, credentials)
        self._files = ServerFiles(uri, self._link)
        self._models = Models(uri, RestRegistry(self._link), self._files)
        self._places: dict[str, str] = {}  # where runs keep their files

    def experiment(self, name: str) -> str:
        """Return the id of an experiment, which is made if it does not exist; StoreError if it is in the trash."""
        found = self._experiment(name)
        if found is None:
            try:
                content = {"name": name, "tags": pairs(EXPERIMENT_TAGS)}
                return str(self._link.post("experiments/create", content)["experiment_id"])
            except Refused:
                found = self._experiment(name)  # somebody was faster
                if found is None:
                    raise
        if found.get("lifecycle_stage") == "deleted":
            raise in_trash(self.uri, name, str(found["experiment_id"]))
        return str(found["experiment_id"])

    def _experiment(self, name: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._link.get("experiments/get-by-name", experiment_name=name)["experiment"]
        except Refused as error:
            if error.code in MISSING:
                return None
            raise
        return found

    def create_run(self, experiment: str, name: str, tags: Mapping[str, str], started_ms: int, parent: str = "") -> str:
        """Create a run and return its id; a retry must look with `find_runs` first."""
        all_tags = first_tags(tags, parent)
        content = {
            "experiment_id": experiment,
            "run_name": name,
            "start_time": started_ms,
            "user_id": all_tags[Tag.USER],
            "tags": pairs(all_tags),
        }
        info = self._link.post("runs/create", content)["run"]["info"]
        self._places[info["run_id"]] = info["artifact_uri"]
        return str(info["run_id"])

    def write(
        self,
        run_id: str,
        points: Iterable[Point] = (),
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Write points, parameters and tags in as few calls as the server allows; repeating it changes nothing."""
        metrics = [
            {"key": name, "value": _number(value), "timestamp": timestamp, "step": step}
            for name, value, timestamp, step in points
        ]
        for batch in batches(metrics, pairs(cut_params(params)), pairs(cut_tags(tags))):
            self._link.post("runs/log-batch", {"run_id": run_id, **batch})

    def end_run(self, run_id: str, status: str, ended_ms: int | None = None) -> None:
        """Close a run as FINISHED, KILLED or FAILED."""
        ended = int(time.time() * 1000) if ended_ms is None else ended_ms
        self._link.post("runs/update", {"run_id": run_id, "status": status, "end_time": ended})

    def reopen_run(self, run_id: str) -> None:
        """Mark a run as RUNNING again."""
        self._link.post("runs/update", {"run_id": run_id, "status": Status.RUNNING})

    def delete_run(self, run_id: str) -> None:
        """Move a run to MLflow's trash."""
        self._link.post("runs/delete", {"run_id": run_id})

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
            content = {"experiment_ids": ids, "filter": wanted, "max_results": PAGE}
            content |= {"order_by": ["attributes.start_time DESC"], **({"page_token": token} if token else {})}
            page = self._link.post("runs/search", content)
            return [_view(run) for run in page.get("runs", [])], page.get("next_page_token") or None

        return every_run(ask, tags) if ids else iter(())

    def _experiments(self) -> Iterator[str]:
        token = ""
        while True:
            page = self._link.post(
                "experiments/search", {"max_results": PAGE, **({"page_token": token} if token else {})}
            )
            yield from (str(one["experiment_id"]) for one in page.get("experiments", []))
            token = page.get("next_page_token", "")
            if not token:
                return

    def run(self, run_id: str) -> RunView:
        """Return one run as it stands; StoreError if there is none."""
        return _view(self._link.get("runs/get", run_id=run_id)["run"])

    def history(self, run_id: str, metric: str) -> list[tuple[int, float]]:
        """Return a metric's points as (step, value), in the order of the steps."""
        points: list[tuple[int, float]] = []
        token = ""
        while True:
            more = {"page_token": token} if token else {}
            page = self._link.get("metrics/get-history", run_id=run_id, metric_key=metric, **more)
            points += [(int(one.get("step", 0)), float(one["value"])) for one in page.get("metrics", [])]
            token = page.get("next_page_token", "")
            if not token:
                return sorted(points)

    def register(
        self, run_id: str, name: str, experiment: str, model: ModelFiles, verify: Callable[[Path], object]
    ) -> str:
        """Log a model, make it the champion of `name` once `verify` takes what was uploaded, return its address."""
        return self._models.register(run_id, name, experiment, model, verify)

    def wrap(self, model: ModelFiles, target: Path, run_id: str, model_id: str | None = None) -> None:
        """Write a model folder of ours as an MLflow model."""
        wrap(model, target, run_id, model_id)

    def download_model(self, uri: str, into: Path) -> tuple[Path, str | None]:
        """Return the folder and the recorded digest of a model; UnknownSweep if there is none."""
        return self._models.download(uri, into)

    def close(self) -> None:
        """Close the connections of all threads."""
        self._files.close()
        self._link.close()


def _number(value: float) -> float | str:
    """Return a number as JSON may hold it: the three that it has no words for as protobuf writes them."""
    if value != value:
        return "NaN"
    return value if abs(value) != float("inf") else "Infinity" if value > 0 else "-Infinity"


def _view(run: Mapping[str, Any]) -> RunView:
    info, data = run["info"], run.get("data", {})
    ended = info.get("end_time")
    return RunView(
        run_id=str(info["run_id"]),
        name=str(info.get("run_name", "")),
        status=str(info["status"]),
        params=named(data.get("params", [])),
        metrics={str(one["key"]): float(one["value"]) for one in data.get("metrics", [])},
        tags=named(data.get("tags", [])),
        started_ms=int(info.get("start_time", 0)),
        ended_ms=None if not ended else int(ended),
        artifacts=str(info.get("artifact_uri", "")),
    )
