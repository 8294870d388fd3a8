"""The manifest of a model folder: which files it has, their sizes and digests, the arrays' dtypes and shapes.

`bundle` writes it last and reads it first. Everything in it is checked here before any other file is opened, because
a folder may come from someone who wants us to read outside of it or to allocate a terabyte.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hpsearch.errors import ModelFolderError

NAME = "manifest.json"
FORMATS = (1,)
FILES = ("config.json", "arrays.npz")
LIMITS = {NAME: 4 << 20, "config.json": 4 << 20, "arrays.npz": 2 << 30}
"""Most bytes that each file may have."""

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True)
class Entry:
    """One file: its size and its SHA-256."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """A checked manifest: entries by file name, (dtype, shape) by array name."""

    files: dict[str, Entry]
    arrays: dict[str, tuple[str, tuple[int, ...]]]


def digest_of(content: bytes) -> str:
    """Return the SHA-256 of `content`, 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def compose(files: dict[str, bytes], arrays: dict[str, tuple[str, tuple[int, ...]]]) -> bytes:
    """Return the text of the manifest for these files and arrays."""
    entries = {name: {"sha256": digest_of(content), "size": len(content)} for name, content in files.items()}
    declared = {name: {"dtype": dtype, "shape": list(shape)} for name, (dtype, shape) in arrays.items()}
    content = {"format": FORMATS[-1], "files": entries, "arrays": declared}
    return (json.dumps(content, indent=2, sort_keys=True) + "\n").encode()


def parse(content: bytes, where: str) -> Manifest:
    """Check the text of a manifest.

    Raises
    ------
    ModelFolderError
        A rule is broken; the message names it, and the value.
    """
    fields = parse_json(content, where)
    check_format(fields, where)
    files = {name: _entry(name, value, where) for name, value in _mapping(fields, "files", where).items()}
    if set(files) != set(FILES):
        raise ModelFolderError(f"{where}: files must be {', '.join(FILES)}, got {', '.join(sorted(files)) or 'none'}")
    arrays = {name: _array(name, value, where) for name, value in _mapping(fields, "arrays", where).items()}
    return Manifest(files, arrays)


def read_file(folder: Path, name: str, size: int | None = None) -> bytes:
    """Read the file `name` of `folder`, of exactly `size` bytes if that is given, else of a bounded size.

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
                raise ModelFolderError(f"{path}: size must be {size:,} bytes as in {NAME}, got {there:,}")
            if there > LIMITS[name]:
                raise ModelFolderError(f"{path}: must be at most {LIMITS[name]:,} bytes, got {there:,}")
            return stream.read(there)
    except (OSError, RuntimeError) as error:
        raise ModelFolderError(f"{path}: cannot be read ({error})") from error


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


def check_format(fields: dict[str, Any], where: str) -> None:
    """Raise ModelFolderError unless the format's version is one that is understood."""
    version = fields.get("format")
    if isinstance(version, bool) or version not in FORMATS:
        known = ", ".join(map(str, FORMATS))
        raise ModelFolderError(f"{where}: format must be a version that is understood ({known}), got {version!r}")


def _entry(name: str, value: Any, where: str) -> Entry:
    if not _PLAIN.fullmatch(name) or ".." in name:
        raise ModelFolderError(f"{where}: files must have plain names without folders, got {name!r}")
    if name not in FILES:
        raise ModelFolderError(f"{where}: files must be {', '.join(FILES)}, got {name!r}")
    size, sha256 = (value.get("size"), value.get("sha256")) if isinstance(value, dict) else (None, None)
    if type(size) is not int or not 0 <= size <= LIMITS[name]:
        raise ModelFolderError(f"{where}: files.{name}.size must be from 0 to {LIMITS[name]:,}, got {size!r}")
    if not isinstance(sha256, str) or not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise ModelFolderError(f"{where}: files.{name}.sha256 must be 64 hexadecimal digits, got {sha256!r}")
    return Entry(size, sha256)


def _array(name: str, value: Any, where: str) -> tuple[str, tuple[int, ...]]:
    dtype, shape = (value.get("dtype"), value.get("shape")) if isinstance(value, dict) else (None, None)
    whole = isinstance(shape, list) and all(type(n) is int and n >= 0 for n in shape)
    if not isinstance(dtype, str) or not isinstance(shape, list) or not whole or len(shape) > 32:
        raise ModelFolderError(f"{where}: arrays.{name} must have a dtype and a shape, got {str(value)[:100]}")
    return dtype, tuple(shape)


def _mapping(fields: dict[str, Any], key: str, where: str) -> dict[str, Any]:
    value = fields.get(key)
    if not isinstance(value, dict):
        raise ModelFolderError(f"{where}: {key} must be a mapping, got {str(value)[:100]}")
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"the constant {name}, which JSON does not have")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("the same key twice in one object")
    return fields
