"""Options that several commands share."""

from __future__ import annotations

import json
from typing import Any

import click

home = click.option(
    "--home", type=click.Path(), help="Folder that holds everything.  [default: .hpsearch]", metavar="DIR"
)
address = click.option(
    "--address", metavar="URL", help="Ray's Jobs API of a cluster.  [default: HPSEARCH_RAY or hpsearch.toml]"
)
overrides = click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override one value of the spec."
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")


def print_json(content: Any) -> None:
    """Print one JSON object on stdout."""
    click.echo(json.dumps(content, indent=2, default=str))
