"""Keeps the artifacts of a server's runs: through the server where it hands them on, else where they lie.

An address ``mlflow-artifacts:`` or ``http(s):`` is spoken to over HTTP, with the credentials only at the server's own
host; any other (``s3:``, a folder) is reached by `client.artifacts`.
"""

from __future__ import annotations

import mimetypes
import posixpath
from pathlib import Path
from urllib.parse import quote, urlsplit

from hpsearch.tracking.errors import Refused
from hpsearch.tracking.models import Files
from hpsearch.tracking.server.link import Link

_SERVICE = "/api/2.0/mlflow-artifacts/artifacts"
_IN_ONE_PIECE = 10 << 20  # bytes that are sent with their length from memory; larger files are streamed
_PIECE = 1 << 20


class ServerFiles:
    """The artifacts of the runs of one server."""

    def __init__(self, uri: str, link: Link) -> None:
        self._uri, self._link = uri, link
        self._others: dict[str, Link] = {}  # servers that keep artifacts alone
        self._elsewhere: Files | None = None

    def put_file(self, location: str, path: Path, folder: str) -> None:
        """Store a file."""
        if not _over_http(location):
            return self._repository().put_file(location, path, folder)
        link, root = self._at(location)
        self._put(link, posixpath.join(root, folder, path.name), path)
        return None

    def put_folder(self, location: str, path: Path, folder: str) -> None:
        """Store a folder's files."""
        if not _over_http(location):
            return self._repository().put_folder(location, path, folder)
        link, root = self._at(location)
        for one in sorted(path.rglob("*")):
            if one.is_file():
                self._put(link, posixpath.join(root, folder, one.relative_to(path).as_posix()), one)
        return None

    def fetch(self, location: str, artifact: str, into: Path) -> Path:
        """Download a file or folder, or everything where `artifact` is empty."""
        if not _over_http(location):
            return self._repository().fetch(location, artifact, into)
        link, root = self._at(location)
        self._fetch(link, root, artifact, into)
        return into / artifact

    def close(self) -> None:
        """Close the connections to servers that keep artifacts alone."""
        for link in self._others.values():
            link.close()

    def _repository(self) -> Files:
        if self._elsewhere is None:
            from hpsearch.tracking.client.artifacts import RepositoryFiles  # imports MLflow, which takes seconds

            self._elsewhere = RepositoryFiles(self._uri)
        return self._elsewhere

    def _at(self, location: str) -> tuple[Link, str]:
        """Return the server that hands an address on, and the path below its service."""
        address = urlsplit(location)
        if not address.netloc:
            return self._link, address.path.strip("/")
        scheme = address.scheme if address.scheme != "mlflow-artifacts" else urlsplit(self._uri).scheme
        before, _, path = address.path.rpartition(f"{_SERVICE}/")
        base = f"{scheme}://{address.netloc}{before}"
        if address.netloc == urlsplit(self._uri).netloc:
            return self._link, path.strip("/")
        return self._others.setdefault(base, Link(base)), path.strip("/")

    def _put(self, link: Link, path: str, file: Path) -> None:
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        with file.open("rb") as content:
            small = file.stat().st_size <= _IN_ONE_PIECE
            link.call("PUT", _address(path), data=content.read() if small else content, headers={"Content-Type": kind})

    def _fetch(self, link: Link, root: str, artifact: str, into: Path) -> None:
        listed = link.call("GET", _SERVICE, params={"path": posixpath.join(root, artifact) if artifact else root})
        names = [(str(one["path"]), bool(one.get("is_dir"))) for one in listed.get("files", [])]
        if not names or (artifact and names == [(posixpath.basename(artifact), False)]):
            return self._download(link, posixpath.join(root, artifact), into / artifact)
        for name, is_folder in names:
            inner = posixpath.join(artifact, _safe(link.base, name))
            if is_folder:
                self._fetch(link, root, inner, into)
            else:
                self._download(link, posixpath.join(root, inner), into / inner)
        return None

    def _download(self, link: Link, path: str, target: Path) -> None:
        with link.answer("GET", _address(path), stream=True) as answer:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as file:
                for piece in answer.iter_content(_PIECE):
                    file.write(piece)


def _over_http(location: str) -> bool:
    return urlsplit(location).scheme in ("mlflow-artifacts", "http", "https")


def _address(path: str) -> str:
    return f"{_SERVICE}/{quote(path)}"


def _safe(where: str, name: str) -> str:
    """Return a name that a server listed, which must not lead out of the folder that it is written to."""
    if not name or name.startswith("/") or "\\" in name or ".." in name.split("/"):
        raise Refused(f"{where}: lists an artifact whose name leads out of its folder: {name!r}")
    return name
