"""Small pieces of HTML, with every text of a user's escaped: cards, tables, pictures, sections."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from hpsearch.report.pictures import Shown

_SHORT = 24  # characters that stay on one line


def section(anchor: str, title: str, content: str, lead: str = "") -> str:
    """Return a section of the page; empty content gives none."""
    if not content:
        return ""
    told = f'<p class="lead">{escape(lead)}</p>' if lead else ""
    return f'<section id="{anchor}"><h2>{escape(title)}</h2>{told}{content}</section>'


def card(title: str, figure: str, more: str = "") -> str:
    """Return one of the figures at the top."""
    return (
        f'<div class="card"><div class="name">{escape(title)}</div><div class="figure">{escape(figure)}</div>'
        f'<div class="more">{escape(more)}</div></div>'
    )


def gallery(pictures: Sequence[Shown], wide: bool = False) -> str:
    """Return pictures side by side; each may be enlarged."""
    return (
        f'<div class="gallery{" wide" if wide else ""}">{"".join(_picture(shown) for shown in pictures)}</div>'
        if pictures
        else ""
    )


def _picture(shown: Shown) -> str:
    caption = escape(shown.caption)
    return (
        f'<figure id="picture-{shown.name}"><img src="{shown.address}" alt="{caption}" width="1000" height="700">'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def bullets(sentences: Iterable[str]) -> str:
    """Return a list."""
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f"<ul>{items}</ul>" if items else ""


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, sortable: bool = False, anchor: str = "") -> str:
    """Return a table; numbers stand to the right, and a sortable one is sorted by a click on a column's name."""
    rows = [tuple(row) for row in rows]
    numeric = {place for row in rows for place, value in enumerate(row) if _is_number(value)}
    head = "".join(_head(column, place in numeric) for place, column in enumerate(columns))
    body = "".join(f"<tr>{''.join(_cell(value) for value in row)}</tr>" for row in rows)
    attributes = ' class="sortable"' if sortable else ""
    named = f' id="{anchor}"' if anchor else ""
    inner = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    return f'<div class="table"><table{named}{attributes}>{inner}</table></div>'


def _head(column: str, numeric: bool) -> str:
    kind = ' class="number"' if numeric else ""
    return f'<th scope="col"{kind}>{escape(column)}</th>'


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def pairs(*groups: tuple[str, Iterable[tuple[str, Any]]]) -> str:
    """Return tables of names and values side by side, each under its title."""
    filled = [(title, list(rows)) for title, rows in groups]
    return f'<div class="pairs">{"".join(table((title, ""), rows) for title, rows in filled if rows)}</div>'


def _cell(value: Any) -> str:
    if _is_number(value):
        return f'<td class="number" data-value="{value!r}">{number(value)}</td>'
    written = text(value)
    kind = ' class="short"' if len(written) <= _SHORT else ""
    return f"<td{kind}>{escape(written)}</td>"


def number(value: float | None) -> str:
    """Write a number in at most five digits."""
    if value is None or value != value:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.5g}"


def text(value: Any) -> str:
    """Write a value as the spec would; nothing for none."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, default=str)
