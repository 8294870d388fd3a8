"""Renders the page: one file, with its pictures, its look and its script inside, and leave to load nothing else.

`sections` says what stands in it; the templates say how, and escape every value.
"""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from hpsearch.errors import StoreError
from hpsearch.report.gather import Source
from hpsearch.report.sections import cards, sections, subtitle


def write_page(source: Source, path: Path) -> None:
    """Write the report to `path`.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    try:
        path.write_text(page(source), encoding="utf-8")
    except OSError as error:
        raise StoreError(f"--output {path}: cannot be written: {error.strerror or error}") from None


def page(source: Source) -> str:
    """Return the report as HTML."""
    return (
        _templates()
        .get_template("page.html.jinja")
        .render(name=source.view.name, subtitle=subtitle(source), cards=cards(source), sections=sections(source))
    )


def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("hpsearch.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
