"""Prints facts in two columns, a name and its lines; shared by a sweep's summary and the commands that look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click


def print_rows(rows: Iterable[tuple[str, Sequence[str]]], width: int) -> None:
    """Print each name, filled up to `width`, with its lines below each other; nothing of a name without lines."""
    for name, lines in rows:
        for place, line in enumerate(lines):
            click.echo(f"  {'' if place else name:<{width}} {line}")
