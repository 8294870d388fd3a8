"""The file hpsearch.json of a model folder: everything but the arrays, and what arrays.safetensors must be.

`bundle` writes it last and reads it first; its SHA-256 is the model's digest, because it holds that of the arrays. It
names no file and no path, so that none can lead out of the folder.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from hpsearch.errors import ModelFolderError, TrainerError
from hpsearch.model.fields import check_fields
from hpsearch.model.files import check_format, parse_json
from hpsearch.model.tensors import Declared

NAME, ARRAYS = "hpsearch.json", "arrays.safetensors"
FORMAT = 2  # 1 had a manifest beside config.json and arrays.npz: `first_format` reads it
LIMITS = {NAME: 8 << 20, ARRAYS: 2 << 30}
"""Most bytes that each file may have."""


@dataclass(frozen=True)
class ArraysFile:
    """What the file of the arrays must be: its size, its SHA-256, and each array by name."""

    size: int
    sha256: str
    arrays: Mapping[str, Declared]


def compose(fields: Mapping[str, Any], arrays: ArraysFile, trainer: str) -> bytes:
    """Return the text of hpsearch.json.

    Raises
    ------
    TrainerError
        The trainer's config holds something that JSON does not know, such as an array or NaN.
    """
    content = {"format": FORMAT, **fields, "arrays": asdict(arrays)}
    try:
        text = json.dumps(content, indent=2, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise TrainerError(
            f"trainer {trainer!r}: the config of a model's state must be JSON-able, got: {error}"
        ) from error
    return (text + "\n").encode()


def parse(content: bytes, where: str) -> tuple[dict[str, Any], ArraysFile]:
    """Check the text of hpsearch.json; return its fields, and what the file of the arrays must be.

    Raises
    ------
    ModelFolderError
        A field is missing or of another type; the message names it, the rule and the value.
    """
    fields = parse_json(content, where)
    check_format(fields, where, FORMAT)
    check_fields(fields, where)
    return fields, _arrays_file(fields.get("arrays"), where)


def _arrays_file(value: Any, where: str) -> ArraysFile:
    entry = _of_keys(value, ("arrays", "sha256", "size"), "arrays", where)
    size, sha256, arrays = entry["size"], entry["sha256"], entry["arrays"]
    if type(size) is not int or not 0 <= size <= LIMITS[ARRAYS]:
        raise ModelFolderError(f"{where}: arrays.size must be from 0 to {LIMITS[ARRAYS]:,}, got {str(size)[:100]}")
    if not isinstance(sha256, str) or not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise ModelFolderError(f"{where}: arrays.sha256 must be 64 hexadecimal digits, got {str(sha256)[:100]!r}")
    if not isinstance(arrays, dict):
        raise ModelFolderError(f"{where}: arrays.arrays must be a mapping, got {str(arrays)[:100]}")
    return ArraysFile(size, sha256, {name: _declared(name, one, where) for name, one in arrays.items()})


def _declared(name: str, value: Any, where: str) -> Declared:
    place = f"arrays.arrays.{name[:100]}"
    entry = _of_keys(value, ("dtype", "order", "shape"), place, where)
    if not isinstance(entry["shape"], list):
        raise ModelFolderError(f"{where}: {place}: shape must be a list of sizes, got {str(entry['shape'])[:100]}")
    try:
        return Declared(entry["dtype"], tuple(entry["shape"]), entry["order"])
    except (ValueError, TypeError) as error:
        raise ModelFolderError(f"{where}: {place}: {error}") from error


def _of_keys(value: Any, keys: tuple[str, ...], place: str, where: str) -> dict[str, Any]:
    if not isinstance(value, dict) or sorted(value) != sorted(keys):
        raise ModelFolderError(f"{where}: {place} must be a mapping of {', '.join(keys)}, got {str(value)[:100]}")
    return value
