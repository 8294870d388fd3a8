"""The steps of registering a model at an MLflow server, one call of its REST API each; `models` puts them in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hpsearch.errors import UnknownSweep
from hpsearch.tracking.errors import MISSING, TAKEN, Refused
from hpsearch.tracking.models import LoggedModel
from hpsearch.tracking.run_search import tag_filter
from hpsearch.tracking.schema import Tag
from hpsearch.tracking.server.link import API, Link, named, pairs

_NO_SUCH = MISSING | {"INVALID_PARAMETER_VALUE"}  # the latter for an alias or a run id that nothing can have


class RestRegistry:
    """The registered and logged models of one server."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def create_name(self, name: str) -> None:
        """Make a registered model, or leave the one that is there."""
        try:
            self._link.post("registered-models/create", {"name": name})
        except Refused as error:
            if error.code not in TAKEN:
                raise

    def version_with(self, name: str, digest: str) -> str | None:
        """Return the number of the version that carries a digest."""
        versions = self._versions(name)
        return next((str(v["version"]) for v in versions if named(v.get("tags", [])).get(Tag.DIGEST) == digest), None)

    def _versions(self, name: str) -> Iterator[Mapping[str, Any]]:
        token = ""
        while True:
            more = {"page_token": token} if token else {}
            page = self._link.get("model-versions/search", filter=f"name = '{name}'", **more)
            yield from page.get("model_versions", [])
            token = page.get("next_page_token", "")
            if not token:
                return

    def logged_before(self, experiment: str, run_id: str, digest: str) -> LoggedModel | None:
        """Return the logged model of a run that carries a digest."""
        content = {"experiment_ids": [experiment], "filter": tag_filter({Tag.DIGEST: digest})}
        models = self._link.post("logged-models/search", content).get("models", [])
        return next((_logged(one) for one in models if one["info"].get("source_run_id") == run_id), None)

    def create_logged(self, experiment: str, run_id: str, kind: str, tags: Mapping[str, str]) -> LoggedModel:
        """Make a logged model without files."""
        content = {"experiment_id": experiment, "name": "model", "source_run_id": run_id, "model_type": kind}
        return _logged(self._link.post("logged-models", {**content, "tags": pairs(tags)})["model"])

    def finalize(self, run_id: str, model_id: str) -> None:
        """Say that a logged model is complete, and show it on its run."""
        ready = {"model_id": model_id, "status": "LOGGED_MODEL_READY"}
        self._link.call("PATCH", f"{API}logged-models/{model_id}", json=ready)
        if all(one["model_id"] != model_id for one in self._outputs(run_id)):  # else MLflow refuses
            self._link.post("runs/outputs", {"run_id": run_id, "models": [{"model_id": model_id, "step": 0}]})

    def create_version(self, name: str, logged: LoggedModel, run_id: str, tags: Mapping[str, str]) -> str:
        """Register a logged model and return the version's number."""
        content = {"name": name, "source": logged.location, "run_id": run_id, "model_id": logged.model_id}
        made = self._link.post("model-versions/create", {**content, "tags": pairs(tags)})["model_version"]
        return str(made["version"])

    def set_alias(self, name: str, alias: str, number: str) -> None:
        """Let an alias name a version."""
        self._link.post("registered-models/alias", {"name": name, "alias": alias, "version": number})

    def version(self, name: str, alias: str | None, number: str | None) -> LoggedModel | None:
        """Return where a version's files lie; None if there is none."""
        try:
            if alias is not None:
                answer = self._link.get("registered-models/alias", name=name, alias=alias)
            else:
                answer = self._link.get("model-versions/get", name=name, version=str(number))
        except Refused as error:
            if error.code in _NO_SUCH:
                return None
            raise
        version = answer["model_version"]
        return LoggedModel(version.get("model_id", ""), str(version["source"]), named(version.get("tags", [])))

    def output_of(self, run_id: str) -> LoggedModel | None:
        """Return the model that a run put out last; UnknownSweep if there is no such run."""
        try:
            outputs = self._outputs(run_id)
        except Refused as error:
            if error.code in _NO_SUCH:
                raise UnknownSweep(f"runs:/{run_id}/model: no such run in {self._link.base}") from None
            raise
        if not outputs:
            return None
        return _logged(self._link.get(f"logged-models/{outputs[-1]['model_id']}")["model"])

    def _outputs(self, run_id: str) -> list[Mapping[str, Any]]:
        outputs = self._link.get("runs/get", run_id=run_id)["run"].get("outputs", {})
        return list(outputs.get("model_outputs", []))


def _logged(model: Mapping[str, Any]) -> LoggedModel:
    info = model["info"]
    return LoggedModel(str(info["model_id"]), str(info["artifact_uri"]), named(info.get("tags", [])))
