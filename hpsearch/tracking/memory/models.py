"""The files and the models of a store in memory: folders, and a registry of dictionaries. Used by `memory`."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from hpsearch.errors import UnknownSweep
from hpsearch.tracking.errors import Refused, engine_errors
from hpsearch.tracking.models import LoggedModel
from hpsearch.tracking.schema import Tag


class FolderFiles:
    """Artifacts in folders of this machine."""

    def __init__(self, uri: str) -> None:
        self._uri = uri

    def put_file(self, location: str, path: Path, folder: str) -> None:
        """Copy a file."""
        with engine_errors(self._uri):
            target = Path(location, folder)
            target.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target / path.name)

    def put_folder(self, location: str, path: Path, folder: str) -> None:
        """Copy a folder's files."""
        with engine_errors(self._uri):
            shutil.copytree(path, Path(location, folder), dirs_exist_ok=True)

    def fetch(self, location: str, artifact: str, into: Path) -> Path:
        """Copy a file or folder back."""
        source, target = Path(location, artifact), into / artifact
        if not source.exists():
            raise Refused(f"{self._uri}: No such artifact: {artifact!r}", "RESOURCE_DOES_NOT_EXIST")
        with engine_errors(self._uri):
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True)
            else:
                shutil.copyfile(source, target)
        return target


class MemoryRegistry:
    """Registered and logged models; `exists` tells whether there is a run."""

    def __init__(self, uri: str, root: Path, exists: Callable[[str], bool]) -> None:
        self._uri, self._root, self._exists = uri, root, exists
        self._versions: dict[str, list[LoggedModel]] = {}
        self._aliases: dict[tuple[str, str], str] = {}
        self._logged: dict[str, tuple[str, LoggedModel]] = {}  # by its id: the run it was logged on, the model
        self._outputs: dict[str, str] = {}
        self._lock = threading.RLock()

    def create_name(self, name: str) -> None:
        """Make a registered model, or leave the one that is there."""
        with self._lock:
            self._versions.setdefault(name, [])

    def version_with(self, name: str, digest: str) -> str | None:
        """Return the number of the version that carries a digest."""
        with self._lock:
            numbered = enumerate(self._versions[name], start=1)
            return next((str(n) for n, version in numbered if version.tags.get(Tag.DIGEST) == digest), None)

    def logged_before(self, experiment: str, run_id: str, digest: str) -> LoggedModel | None:
        """Return the logged model of a run that carries a digest."""
        with self._lock:
            models = [model for run, model in self._logged.values() if run == run_id]
            return next((model for model in models if model.tags.get(Tag.DIGEST) == digest), None)

    def create_logged(self, experiment: str, run_id: str, kind: str, tags: Mapping[str, str]) -> LoggedModel:
        """Make a logged model without files."""
        with self._lock:
            model_id = f"m-{len(self._logged) + 1:032x}"
            logged = LoggedModel(model_id, str(self._root / experiment / model_id / "artifacts"), dict(tags))
            self._logged[model_id] = (run_id, logged)
            return logged

    def finalize(self, run_id: str, model_id: str) -> None:
        """Show a logged model on its run."""
        with self._lock:
            self._outputs[run_id] = model_id

    def create_version(self, name: str, logged: LoggedModel, run_id: str, tags: Mapping[str, str]) -> str:
        """Register a logged model and return the version's number."""
        with self._lock:
            self._versions[name].append(LoggedModel(logged.model_id, logged.location, dict(tags)))
            return str(len(self._versions[name]))

    def set_alias(self, name: str, alias: str, number: str) -> None:
        """Let an alias name a version."""
        with self._lock:
            self._aliases[name, alias] = number

    def version(self, name: str, alias: str | None, number: str | None) -> LoggedModel | None:
        """Return where a version's files lie; None if there is none."""
        with self._lock:
            wanted = int((self._aliases.get((name, alias), "0") if alias is not None else number) or 0)
            versions = self._versions.get(name, [])
            return versions[wanted - 1] if 0 < wanted <= len(versions) else None

    def output_of(self, run_id: str) -> LoggedModel | None:
        """Return the model that a run put out last; UnknownSweep if there is no such run."""
        with self._lock:
            if not self._exists(run_id):
                raise UnknownSweep(f"runs:/{run_id}/model: no such run in {self._uri}")
            model_id = self._outputs.get(run_id)
            return None if model_id is None else self._logged[model_id][1]
