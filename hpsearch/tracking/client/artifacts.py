"""Keeps artifacts wherever MLflow has a repository for: a folder, S3, and whatever is installed beside it.

Used by `database`, and by `server.artifacts` for servers whose clients reach the artifacts themselves.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from hpsearch.tracking.errors import engine_errors


class RepositoryFiles:
    """Artifacts by their address; `uri` is the tracking store that knows them, named in errors."""

    def __init__(self, uri: str) -> None:
        self._uri = uri

    def put_file(self, location: str, path: Path, folder: str) -> None:
        """Store a file."""
        with engine_errors(self._uri):
            self._at(location).log_artifact(str(path), folder or None)  # type: ignore[no-untyped-call]

    def put_folder(self, location: str, path: Path, folder: str) -> None:
        """Store a folder's files."""
        with engine_errors(self._uri):
            self._at(location).log_artifacts(str(path), folder or None)  # type: ignore[no-untyped-call]

    def fetch(self, location: str, artifact: str, into: Path) -> Path:
        """Download a file or folder, or everything where `artifact` is empty."""
        with engine_errors(self._uri):
            repository, target = self._at(location), into / artifact
            here = repository.get_local_path(artifact)
            if here is None:
                return Path(repository.download_artifacts(artifact, str(into)))  # type: ignore[no-untyped-call]
            target.parent.mkdir(parents=True, exist_ok=True)
            if Path(here).is_dir():
                shutil.copytree(here, target, dirs_exist_ok=True)
            else:
                shutil.copyfile(here, target)
            return target

    def _at(self, location: str) -> ArtifactRepository:
        return get_artifact_repository(location, tracking_uri=self._uri)
