"""YAML text to plain values with the line every key stands on, and plain values to YAML text.

The dialect is YAML 1.2's core: ``1e-4`` is a number, ``yes`` a word, a key may stand once. Nothing but mappings, lists
and scalars is ever built. `load` uses the lines in its messages, `hpsearch.report` shows a stored spec as YAML.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import MaxDepthExceededError
from ruamel.yaml.constructor import ConstructorError, SafeConstructor
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.representer import SafeRepresenter
from ruamel.yaml.resolver import VersionedResolver

from hpsearch.errors import SpecError

Path = tuple[str | int, ...]
OVERRIDDEN = 0  # the line of what ``--set`` put in place of the file's own
_MOST_VALUES = 100_000  # a few references to references could ask for billions
_DEEPEST = 100  # levels of mappings and lists
_TAG = "tag:yaml.org,2002:"
_SCALARS: tuple[tuple[str, str, Iterable[str]], ...] = (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    (
        "float",
        r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
        "-+0123456789.",
    ),
)


def _by_first_character() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    table: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    for kind, pattern, characters in _SCALARS:
        for character in characters:
            table.setdefault(character, []).append((f"{_TAG}{kind}", re.compile(pattern)))
    return table


class _Core(VersionedResolver):
    """Which plain scalars are no text; dates, ``0x10`` and ``1_000`` are text, as they have been in every stored spec.

    A ``%YAML 1.1`` in the file changes nothing.
    """

    processing_version = (1, 2)
    versioned_resolver = _by_first_character()


class _Plain(SafeConstructor):
    """Builds the core's mappings, lists and scalars, and refuses every other tag with its line."""


def _scalar(constructor: SafeConstructor, node: ScalarNode) -> Any:
    """Build a boolean or a number; a word behind ``!!int`` or a number too long to be read is refused with its line."""
    build = SafeConstructor.yaml_constructors[str(node.tag)]
    try:
        return build(constructor, node)
    except (ValueError, LookupError) as error:
        kind = str(node.tag).rpartition(":")[2]
        raise ConstructorError(None, None, f"{node.value[:40]!r} cannot be read as {kind}", node.start_mark) from error


def _refuse(_: SafeConstructor, node: Node) -> None:
    problem = f"the tag {str(node.tag).replace(_TAG, '!!')} asks for a type of its own, and a spec holds plain values"
    raise ConstructorError(None, None, problem, node.start_mark)


for _kind in ("bool", "int", "float"):
    _Plain.add_constructor(f"{_TAG}{_kind}", _scalar)
for _other in (None, *(f"{_TAG}{_kind}" for _kind in ("binary", "timestamp", "omap", "pairs", "set"))):
    _Plain.add_constructor(_other, _refuse)


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
    yaml = _yaml()
    lines: dict[Path, int] = {}
    try:
        node = yaml.compose(text)
        if node is None:
            return Document(None)
        _note_lines(node, (), lines, source)
        return Document(yaml.constructor.construct_document(node), lines)
    except MaxDepthExceededError as error:
        raise _too_much(source, error.problem_mark.line + 1) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _not_yaml(source, mark.line + 1, error.problem or error.context) from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _not_yaml(source, line, f"the character U+{error.character:04X} is not allowed") from None


def write(value: Any) -> str:
    """Return `value` as YAML that `parse` reads back: short lists and mappings on one line, keys in their order."""
    yaml = _yaml()
    yaml.default_flow_style, yaml.width = None, 100
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # declared as None alone
    yaml.Representer = _Quoting
    stream = io.StringIO()
    yaml.dump(value, stream)
    return stream.getvalue()


class _Quoting(SafeRepresenter):
    """Puts quotes around a text that begins with a colon, which the emitter leaves plain and the parser refuses."""


def _quoted(representer: SafeRepresenter, text: str) -> ScalarNode:
    style = '"' if text.startswith(":") else None
    return representer.represent_scalar(f"{_TAG}str", text, style=style)


_Quoting.add_representer(str, _quoted)


def _yaml() -> YAML:
    yaml = YAML(typ="safe", pure=True)
    yaml.Resolver, yaml.Constructor, yaml.max_depth = _Core, _Plain, _DEEPEST
    yaml.composer.warn_double_anchors = False
    return yaml


def _not_yaml(source: str, line: int, problem: str) -> SpecError:
    return SpecError(f"{source}:{line}: not valid YAML: {problem.strip().splitlines()[0]}")


def _too_much(source: str, line: int) -> SpecError:
    most = f"{_MOST_VALUES:,} values and {_DEEPEST} levels"
    return SpecError(f"{source}:{line}: not valid YAML: must have {most} at most, references counted out")


def _note_lines(node: Node, path: Path, lines: dict[Path, int], source: str) -> None:
    """Note the line of every value below `node`; refuse a key that stands twice, and more values than a spec can have.

    References are counted out, so that one to itself ends here, too.
    """
    line = node.start_mark.line + 1
    lines.setdefault(path, line)
    if len(lines) > _MOST_VALUES or len(path) > _DEEPEST:
        raise _too_much(source, line)
    if isinstance(node, MappingNode):
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, ScalarNode):
                raise _not_yaml(source, line, "a key must be a word or a number, not a list or a mapping")
            inner = (*path, str(key.value))
            if inner in lines:
                raise SpecError(f"{source}:{line}: {key.value}: each key may stand once, first on line {lines[inner]}")
            lines[inner] = line
            _note_lines(value, inner, lines, source)
    elif isinstance(node, SequenceNode):
        for index, value in enumerate(node.value):
            _note_lines(value, (*path, index), lines, source)
