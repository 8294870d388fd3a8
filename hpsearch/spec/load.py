"""From a file, a text or a mapping to a checked `SweepSpec`.

The one door into `spec`: it reads through `yaml_source`, applies ``--set`` overrides, validates with `model` and
raises SpecError worded by `error_messages`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hpsearch.errors import SpecError
from hpsearch.spec.error_messages import error_message
from hpsearch.spec.model import SweepSpec
from hpsearch.spec.yaml_source import OVERRIDDEN, Document, parse

# A data set named on the command line replaces the one in the file, with what belongs to it.
_INSTEAD_OF = {
    "data.path": ("data.dataset", "data.options"),
    "data.dataset": ("data.path", "data.labels", "data.label", "data.options"),
}


@dataclass(frozen=True)
class LoadedSpec:
    """A checked spec and the folder that its relative paths begin in."""

    spec: SweepSpec
    folder: Path


def load_spec(source: str | Path | Mapping[str, Any] | SweepSpec, overrides: Iterable[str] = ()) -> LoadedSpec:
    """Read and check a spec.

    Parameters
    ----------
    source : path of a YAML file, a mapping of the same shape, or a SweepSpec
    overrides : ``KEY=VALUE`` texts, such as ``search.trials=5``; the value is YAML

    Raises
    ------
    SpecError
        If the file is missing or not YAML, or a key or value breaks a rule.
    """
    if isinstance(source, SweepSpec):
        document, name, folder = Document(source.model_dump(mode="json")), "", Path.cwd()
    elif isinstance(source, Mapping):
        document, name, folder = Document(copy.deepcopy(dict(source))), "", Path.cwd()
    else:
        path = Path(source)
        document, name, folder = parse(_text(path), str(source)), str(source), path.resolve().parent
    if not isinstance(document.value, dict):
        raise SpecError(f"{name or 'spec'}: must be a mapping with the keys {', '.join(SweepSpec.model_fields)}")
    overrides = list(overrides)
    for override in overrides:
        _make_room(document.value, override.partition("=")[0].strip())
    for override in overrides:
        _apply(document, override)
    return LoadedSpec(validate(document, name), folder)


def validate(document: Document, name: str) -> SweepSpec:
    """Check a document's value against the models; `name` stands before the line in a message."""
    try:
        return SweepSpec.model_validate(document.value)
    except ValidationError as error:
        raise SpecError(error_message(error, document, name)) from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SpecError(f"{path}: no such file") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise SpecError(f"{path}:{line}: not valid YAML: not UTF-8 text at byte {error.start}") from None
    except OSError as error:
        raise SpecError(f"{path}: cannot be read: {error.strerror}") from None


def _make_room(value: dict[str, Any], key: str) -> None:
    """Take out of the file's own words what the override of `key` stands in place of."""
    for other in _INSTEAD_OF.get(key, ()):
        section, _, name = other.partition(".")
        if isinstance(value.get(section), dict):
            value[section].pop(name, None)


def _apply(document: Document, override: str) -> None:
    """Put one ``KEY=VALUE`` into the document; mappings on the way are made where they are missing."""
    key, equals, text = override.partition("=")
    path = key.strip().split(".")
    if not equals or not all(path):
        raise SpecError(f"--set {override}: must be KEY=VALUE, such as search.trials=5")
    place = document.value
    for step, part in enumerate(path[:-1]):
        place = place.setdefault(part, {})
        if not isinstance(place, dict):
            raise SpecError(f"--set {override}: {'.'.join(path[: step + 1])} is {place!r}, not a mapping")
    place[path[-1]] = parse(text, f"--set {key}").value
    # What was overridden no longer stands on a line of the file.
    written: tuple[str | int, ...] = tuple(path)
    for known in [known for known in document.lines if known[: len(written)] == written]:
        del document.lines[known]
    document.lines[written] = OVERRIDDEN
