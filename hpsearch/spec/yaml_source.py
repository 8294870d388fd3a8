"""YAML text to plain values, with the line every key stands on.

The dialect is YAML 1.2's core: ``1e-4`` is a number, ``yes`` a word. Nothing but mappings, lists and scalars is
ever built, and a key may stand once. `load` uses the lines in its messages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from hpsearch.errors import SpecError

Path = tuple[str | int, ...]
_MOST_VALUES = 100_000  # a few references to references could ask for billions
OVERRIDDEN = 0  # the line of what ``--set`` put in place of the file's own


class _Core(yaml.SafeLoader):
    """PyYAML's safe loader with YAML 1.2's numbers and booleans."""


_Core.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    (
        "float",
        r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
        "-+0123456789.",
    ),
):
    _Core.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


def _decimal(loader: _Core, node: yaml.ScalarNode) -> int:
    return int(loader.construct_scalar(node))  # PyYAML would read 010 as eight


_Core.add_constructor("tag:yaml.org,2002:int", _decimal)


@dataclass(frozen=True)
class Document:
    """A YAML document: its value, and for each path in it the line (counted from 1)."""

    value: Any
    lines: dict[Path, int] = field(default_factory=dict)

    def line(self, path: Path) -> int | None:
        """Return the line of `path`, or of the nearest thing around it."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return None


def parse(text: str, source: str) -> Document:
    """Read one YAML document.

    Raises
    ------
    SpecError
        If `text` is not YAML, has a duplicate key or asks for a type of its own; `source` and line are named.
    """
    loader = None
    try:
        loader = _Core(text)  # refuses control characters itself
        node = loader.get_single_node()
        lines: dict[Path, int] = {}
        if node is not None:
            _note_lines(node, (), lines, source)
        value = loader.construct_document(node) if node is not None else None
    except SpecError:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{source}:{mark.line + 1}" if mark else source
        raise SpecError(f"{where}: not valid YAML: {error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SpecError(f"{source}: not valid YAML: {str(error).splitlines()[0]}") from None
    finally:
        if loader is not None:
            loader.dispose()
    return Document(value, lines)


def _note_lines(node: yaml.Node, path: Path, lines: dict[Path, int], source: str) -> None:
    lines.setdefault(path, node.start_mark.line + 1)
    if len(lines) > _MOST_VALUES:
        raise SpecError(f"{source}: must have {_MOST_VALUES} values at most, references counted out")
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*path, str(key.value))
            line = key.start_mark.line + 1
            if inner in lines:
                raise SpecError(f"{source}:{line}: {key.value}: each key may stand once, first on line {lines[inner]}")
            lines[inner] = line
            _note_lines(value, inner, lines, source)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _note_lines(value, (*path, index), lines, source)
