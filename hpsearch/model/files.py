"""Reads the files of a model folder without trusting them: bounded sizes, regular files of the folder, plain JSON.

A folder may come from someone who wants us to read outside of it, to allocate a terabyte or to exhaust the stack.
`description` and `first_format` say which files there are; `bundle` writes and copies them.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from hpsearch.errors import ModelFolderError


def digest_of(content: bytes) -> str:
    """Return the SHA-256 of `content`, 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def read_file(folder: Path, name: str, limit: int, size: int | None = None) -> bytes:
    """Read the file `name` of `folder`, of exactly `size` bytes if that is declared, and of `limit` bytes at most.

    Raises
    ------
    ModelFolderError
        The file is not there, is no regular file inside `folder`, or has another size.
    """
    path = folder / name
    try:
        inside = path.resolve().parent == folder.resolve()
        if not inside or not path.is_file():
            rule = "must be a file in the folder itself" if path.exists() or path.is_symlink() else "is missing"
            raise ModelFolderError(f"{path}: {rule}" + ("" if inside else f", got a link to {path.resolve()}"))
        with path.open("rb") as stream:
            there = path.stat().st_size
            if size is not None and there != size:
                raise ModelFolderError(f"{path}: size must be {size:,} bytes as declared, got {there:,}")
            if there > limit:
                raise ModelFolderError(f"{path}: must be at most {limit:,} bytes, got {there:,}")
            return stream.read(there)
    except (OSError, RuntimeError) as error:
        raise ModelFolderError(f"{path}: cannot be read ({error})") from error


def read_declared(folder: Path, name: str, limit: int, size: int, sha256: str) -> bytes:
    """Read a file of a declared size and SHA-256.

    Raises
    ------
    ModelFolderError
        As `read_file`; or the content is another.
    """
    content = read_file(folder, name, limit, size)
    if digest_of(content) != sha256:
        raise ModelFolderError(
            f"{folder / name}: sha256 must be {sha256} as declared, got {digest_of(content)}; "
            "the file is damaged or was altered"
        )
    return content


def parse_json(content: bytes, where: str) -> dict[str, Any]:
    """Parse a JSON object; refuse NaN, infinities, duplicate keys and nesting that would exhaust the stack.

    Raises
    ------
    ModelFolderError
        The text is not such an object.
    """
    try:
        fields = json.loads(content.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise ModelFolderError(f"{where}: must be a JSON object, got {str(error)[:200]}") from error
    if not isinstance(fields, dict):
        raise ModelFolderError(f"{where}: must be a JSON object, got a {type(fields).__name__}")
    return fields


def check_format(fields: dict[str, Any], where: str, known: int) -> None:
    """Raise ModelFolderError unless the format's version is the one that this file's reader understands."""
    version = fields.get("format")
    if type(version) is not int or version != known:
        raise ModelFolderError(f"{where}: format must be a version that is understood ({known}), got {version!r}")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"the constant {name}, which JSON does not have")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("the same key twice in one object")
    return fields
