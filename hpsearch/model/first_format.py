"""Reads the model folders that were written first: manifest.json, config.json and arrays.npz.

`bundle` reads one where there is no hpsearch.json; nothing writes them any more. The manifest says which files there
are, their sizes and digests, the arrays' dtypes and shapes, and is checked before any other file is opened.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from hpsearch.data.archive import read_arrays
from hpsearch.errors import ModelFolderError
from hpsearch.model.fields import check_fields
from hpsearch.model.files import check_format, parse_json, read_declared

NAME = "manifest.json"
FORMAT = 1
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


def read(folder: Path, content: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return the fields and the arrays of a folder whose manifest has this `content`.

    Raises
    ------
    ModelFolderError
        The folder is incomplete, damaged, was altered, or has a format that is not understood.
    """
    manifest = parse(content, str(folder / NAME))
    files = {
        name: read_declared(folder, name, LIMITS[name], entry.size, entry.sha256)
        for name, entry in manifest.files.items()
    }
    where = str(folder / "config.json")
    fields = parse_json(files["config.json"], where)
    check_format(fields, where, FORMAT)
    check_fields(fields, where)
    try:
        return fields, read_arrays(files["arrays.npz"], LIMITS["arrays.npz"], manifest.arrays)
    except ValueError as error:
        raise ModelFolderError(f"{folder / 'arrays.npz'}: {error}") from error


def parse(content: bytes, where: str) -> Manifest:
    """Check the text of a manifest.

    Raises
    ------
    ModelFolderError
        A rule is broken; the message names it, and the value.
    """
    fields = parse_json(content, where)
    check_format(fields, where, FORMAT)
    files = {name: _entry(name, value, where) for name, value in _mapping(fields, "files", where).items()}
    if set(files) != set(FILES):
        raise ModelFolderError(f"{where}: files must be {', '.join(FILES)}, got {', '.join(sorted(files)) or 'none'}")
    arrays = {name: _array(name, value, where) for name, value in _mapping(fields, "arrays", where).items()}
    return Manifest(files, arrays)


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
