"""The steps of registering a model in a database, through MLflow's own client; `models` puts them in order."""

from __future__ import annotations

from collections.abc import Mapping

import mlflow.entities
from mlflow.entities import LoggedModelOutput
from mlflow.tracking import MlflowClient

from hpsearch.errors import UnknownSweep
from hpsearch.tracking.errors import MISSING, TAKEN, Refused, engine_errors
from hpsearch.tracking.models import LoggedModel
from hpsearch.tracking.run_search import tag_filter
from hpsearch.tracking.schema import Tag

_NO_SUCH = MISSING | {"INVALID_PARAMETER_VALUE"}  # the latter for an alias or a run id that nothing can have


class ClientRegistry:
    """The registered and logged models of one database; `uri` names it in errors."""

    def __init__(self, uri: str, client: MlflowClient) -> None:
        self._uri, self._client = uri, client

    def create_name(self, name: str) -> None:
        """Make a registered model, or leave the one that is there."""
        try:
            with engine_errors(self._uri):
                self._client.create_registered_model(name)
        except Refused as error:
            if error.code not in TAKEN:
                raise

    def version_with(self, name: str, digest: str) -> str | None:
        """Return the number of the version that carries a digest."""
        token = None
        while True:
            with engine_errors(self._uri):
                page = self._client.search_model_versions(f"name = '{name}'", page_token=token)
            number = next((str(v.version) for v in page if v.tags.get(Tag.DIGEST) == digest), None)
            token = page.token
            if number is not None or not token:
                return number

    def logged_before(self, experiment: str, run_id: str, digest: str) -> LoggedModel | None:
        """Return the logged model of a run that carries a digest."""
        with engine_errors(self._uri):
            models = self._client.search_logged_models([experiment], tag_filter({Tag.DIGEST: digest}))
        return next((_logged(one) for one in models if one.source_run_id == run_id), None)

    def create_logged(self, experiment: str, run_id: str, kind: str, tags: Mapping[str, str]) -> LoggedModel:
        """Make a logged model without files."""
        with engine_errors(self._uri):
            return _logged(self._client.create_logged_model(experiment, "model", run_id, dict(tags), model_type=kind))

    def finalize(self, run_id: str, model_id: str) -> None:
        """Say that a logged model is complete, and show it on its run."""
        with engine_errors(self._uri):
            self._client.finalize_logged_model(model_id, "READY")
            outputs = self._client.get_run(run_id).outputs
            if outputs is None or all(one.model_id != model_id for one in outputs.model_outputs):  # else refused
                self._client.log_outputs(run_id, [LoggedModelOutput(model_id, step=0)])

    def create_version(self, name: str, logged: LoggedModel, run_id: str, tags: Mapping[str, str]) -> str:
        """Register a logged model and return the version's number."""
        with engine_errors(self._uri):
            made = self._client.create_model_version(
                name,
                logged.location,  # an address with models:/ is looked up in the global store, not in ours
                run_id,
                dict(tags),
                await_creation_for=60,
                model_id=logged.model_id,
            )
        return str(made.version)

    def set_alias(self, name: str, alias: str, number: str) -> None:
        """Let an alias name a version."""
        with engine_errors(self._uri):
            self._client.set_registered_model_alias(name, alias, number)

    def version(self, name: str, alias: str | None, number: str | None) -> LoggedModel | None:
        """Return where a version's files lie; None if there is none."""
        try:
            with engine_errors(self._uri):
                if alias is not None:
                    found = self._client.get_model_version_by_alias(name, alias)
                else:
                    found = self._client.get_model_version(name, str(number))
        except Refused as error:
            if error.code in _NO_SUCH:
                return None
            raise
        return LoggedModel(found.model_id or "", str(found.source), dict(found.tags))

    def output_of(self, run_id: str) -> LoggedModel | None:
        """Return the model that a run put out last; UnknownSweep if there is no such run."""
        try:
            with engine_errors(self._uri):
                outputs = self._client.get_run(run_id).outputs
        except Refused as error:
            if error.code in _NO_SUCH:
                raise UnknownSweep(f"runs:/{run_id}/model: no such run in {self._uri}") from None
            raise
        if outputs is None or not outputs.model_outputs:
            return None
        with engine_errors(self._uri):
            return _logged(self._client.get_logged_model(outputs.model_outputs[-1].model_id))


def _logged(model: mlflow.entities.LoggedModel) -> LoggedModel:
    return LoggedModel(model.model_id, model.artifact_location, dict(model.tags))
