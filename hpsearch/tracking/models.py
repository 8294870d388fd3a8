"""Registers a sweep's model, and finds one by its address: the same steps whichever engine stands behind the store.

Every step looks for what an earlier try may have done, so that a lost answer makes nothing twice. `client` and
`server` do the single steps; `client.model_folder` writes what MLflow shows.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hpsearch.errors import ModelFolderError, StoreUnavailable, UnknownSweep
from hpsearch.tracking.interface import ALIAS, ModelFiles
from hpsearch.tracking.schema import Tag


@dataclass(frozen=True)
class LoggedModel:
    """A model that MLflow knows: where its files lie, and what it is tagged with."""

    model_id: str
    location: str
    tags: Mapping[str, str]


class Registry(Protocol):
    """The single steps; any may raise StoreError."""

    def create_name(self, name: str) -> None:
        """Make a registered model, or leave the one that is there."""

    def version_with(self, name: str, digest: str) -> str | None:
        """Return the number of the version that carries a digest."""

    def logged_before(self, experiment: str, run_id: str, digest: str) -> LoggedModel | None:
        """Return the logged model of a run that carries a digest."""

    def create_logged(self, experiment: str, run_id: str, kind: str, tags: Mapping[str, str]) -> LoggedModel:
        """Make a logged model without files."""

    def finalize(self, run_id: str, model_id: str) -> None:
        """Say that a logged model is complete, and show it on its run."""

    def create_version(self, name: str, logged: LoggedModel, run_id: str, tags: Mapping[str, str]) -> str:
        """Register a logged model and return the version's number."""

    def set_alias(self, name: str, alias: str, number: str) -> None:
        """Let an alias name a version."""

    def version(self, name: str, alias: str | None, number: str | None) -> LoggedModel | None:
        """Return where a version's files lie; None if there is none."""

    def output_of(self, run_id: str) -> LoggedModel | None:
        """Return the model that a run put out last; UnknownSweep if there is no such run."""


class Files(Protocol):
    """Where artifacts lie; any method may raise StoreError."""

    def put_file(self, location: str, path: Path, folder: str) -> None:
        """Store a file."""

    def put_folder(self, location: str, path: Path, folder: str) -> None:
        """Store a folder's files."""

    def fetch(self, location: str, artifact: str, into: Path) -> Path:
        """Download a file or folder, or everything where `artifact` is empty."""


def wrap(model: ModelFiles, target: Path, run_id: str, model_id: str | None = None) -> None:
    """Write a model folder of ours as an MLflow model."""
    from hpsearch.tracking.client.model_folder import write_mlflow_model  # imports MLflow, which takes seconds

    write_mlflow_model(model, target, run_id, model_id)


class Models:
    """Registers and finds models in the store at `uri`."""

    def __init__(self, uri: str, registry: Registry, files: Files) -> None:
        self._uri, self._registry, self._files = uri, registry, files

    def register(
        self, run_id: str, name: str, experiment: str, model: ModelFiles, verify: Callable[[Path], object]
    ) -> str:
        """Log a model, verify what was uploaded, register it as the champion of `name` and return its address.

        A version with the same digest is found again instead of made twice; while `verify` raises, the champion
        before stays the champion.
        """
        registry = self._registry
        registry.create_name(name)
        number = registry.version_with(name, model.tags[Tag.DIGEST])
        if number is None:
            logged = self._log(run_id, experiment, model)
            self._verify(logged.location, verify)
            number = registry.create_version(name, logged, run_id, model.tags)
        registry.set_alias(name, ALIAS, number)
        return f"models:/{name}@{ALIAS}"

    def _log(self, run_id: str, experiment: str, model: ModelFiles) -> LoggedModel:
        """Do what ``log_model`` does, without its global active run, from a folder that is already written."""
        kind = "regressor" if model.output is None else "classifier"
        logged = self._registry.logged_before(experiment, run_id, model.tags[Tag.DIGEST])
        if logged is None:
            logged = self._registry.create_logged(experiment, run_id, kind, model.tags)
        with tempfile.TemporaryDirectory() as place:
            written = Path(place, "model")
            wrap(model, written, run_id, logged.model_id)
            self._files.put_folder(logged.location, written, "")
        self._registry.finalize(run_id, logged.model_id)
        return logged

    def _verify(self, location: str, verify: Callable[[Path], object]) -> None:
        with tempfile.TemporaryDirectory() as place:
            came = self._files.fetch(location, "", Path(place))
            try:
                verify(came)
            except ModelFolderError as error:
                raise StoreUnavailable(f"{self._uri}: the uploaded model is not what was sent: {error}") from None

    def download(self, address: str, into: Path) -> tuple[Path, str | None]:
        """Download a model; return its folder and its recorded digest.

        Raises
        ------
        UnknownSweep
            If there is no model at that address.
        """
        found = self._at(address)
        into.mkdir(parents=True, exist_ok=True)
        return self._files.fetch(found.location, "", into), found.tags.get(Tag.DIGEST)

    def _at(self, address: str) -> LoggedModel:
        if run := re.fullmatch(r"runs:/(\w+)/model", address):
            logged = self._registry.output_of(run.group(1))
            if logged is None:
                raise UnknownSweep(f"{address}: that run holds no model; the winner's model is on its sweep's run")
            return logged
        match = re.fullmatch(r"models:/([^/@]+)(?:@(.+)|/(\d+))", address)
        if match is None:
            raise UnknownSweep(f"{address}: must be models:/NAME@{ALIAS}, models:/NAME/VERSION or runs:/RUN/model")
        version = self._registry.version(*match.groups())
        if version is None:
            raise UnknownSweep(f"{address}: no such model in {self._uri}")
        return version
