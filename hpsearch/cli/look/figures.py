"""`figures`: the pictures of a sweep as files, from MLflow alone."""

from __future__ import annotations

from pathlib import Path

import click

from hpsearch.cli import options
from hpsearch.cli.look.store import open_lookup


@click.command()
@click.argument("name")
@click.option("--output", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Folder for the files.")
@options.home
def figures(name: str, output: Path, home: str | None) -> None:
    """Write every picture of the sweep NAME as a PNG file; of an unfinished one, what there is to draw."""
    from hpsearch.results.redraw import pictures_of, write_pictures

    lookup = open_lookup(home)
    files = write_pictures(pictures_of(lookup, lookup.sweep(name)), output)
    for path in files:
        click.echo(str(path))
    if not files:
        click.echo(f"{name}: nothing to draw yet")


COMMANDS = (figures,)
