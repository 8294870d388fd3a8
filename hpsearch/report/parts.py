"""What a report is put together from: sections of tables, galleries, lists and texts, as plain values.

`sections` fills them, the template named after each kind writes it as HTML (``templates/KIND.html.jinja``), with every
text escaped; nothing here or there makes markup out of a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from hpsearch.report.pictures import Picture
from hpsearch.spec import values

_SHORT = 24  # characters that stay on one line


@dataclass(frozen=True)
class Card:
    """One of the figures at the top."""

    title: str
    figure: str
    more: str = ""


@dataclass(frozen=True)
class Cell:
    """One value of a table: what is shown, how it is set, and of a number the value that it is sorted by."""

    text: str
    look: str = ""
    value: str | None = None


@dataclass(frozen=True)
class Column:
    """The head of a column."""

    title: str
    numeric: bool


@dataclass(frozen=True)
class Table:
    """A table; numbers stand to the right, and a sortable one is sorted by a click on a column's name."""

    kind: ClassVar[str] = "table"
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    sortable: bool = False
    anchor: str = ""


@dataclass(frozen=True)
class Pairs:
    """Tables of names and values side by side."""

    kind: ClassVar[str] = "pairs"
    tables: tuple[Table, ...]


@dataclass(frozen=True)
class Gallery:
    """Pictures side by side, each of which may be enlarged; and why others are missing."""

    kind: ClassVar[str] = "gallery"
    pictures: tuple[Picture, ...]
    missing: tuple[str, ...] = ()
    wide: bool = False


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    kind: ClassVar[str] = "bullets"
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Paragraph:
    """One or more sentences."""

    kind: ClassVar[str] = "paragraph"
    text: str


@dataclass(frozen=True)
class Listing:
    """Text that is shown as it stands."""

    kind: ClassVar[str] = "listing"
    text: str


Part = Table | Pairs | Gallery | Bullets | Paragraph | Listing


@dataclass(frozen=True)
class Section:
    """A section of the page: its anchor, its name in the navigation, its title, and what it holds."""

    anchor: str
    link: str
    title: str
    parts: tuple[Part, ...]
    lead: str = ""


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, sortable: bool = False, anchor: str = "") -> Table:
    """Return a table of Python values; a column is numeric where one of its values is a number."""
    values = [tuple(row) for row in rows]
    numeric = {place for row in values for place, value in enumerate(row) if _is_number(value)}
    heads = tuple(Column(title, place in numeric) for place, title in enumerate(columns))
    return Table(heads, tuple(tuple(map(_cell, row)) for row in values), sortable, anchor)


def pairs(*groups: tuple[str, Iterable[tuple[str, Any]]]) -> Pairs:
    """Return tables of names and values side by side, each under its title; an empty one is left out."""
    filled = [(title, list(rows)) for title, rows in groups]
    return Pairs(tuple(table((title, ""), rows) for title, rows in filled if rows))


def number(value: float | None) -> str:
    """Write a number in at most five digits."""
    if value is None or value != value:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.5g}"


def text(value: Any) -> str:
    """Write a value as the spec would; nothing for none."""
    if value is None:
        return ""
    return values.text(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cell(value: Any) -> Cell:
    if _is_number(value):
        return Cell(number(value), "number", repr(value))
    words = text(value)
    return Cell(words, "short" if len(words) <= _SHORT else "")
