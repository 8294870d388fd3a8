"""Options that several commands share."""

from __future__ import annotations

import json
from typing import Any

import click

home = click.option(
    "--home", type=click.Path(), help="Folder that holds everything.  [default: .hpsearch]", metavar="DIR"
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")


def print_json(content: Any) -> None:
    """Print one JSON object on stdout."""
    click.echo(json.dumps(content, indent=2, default=str))
