"""`report`: a sweep as one HTML page that needs no network."""

from __future__ import annotations

from pathlib import Path

import click

from hpsearch.cli import options
from hpsearch.config.addresses import Addresses


@click.command()
@click.argument("name")
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, metavar="FILE", help="The page's file."
)
@options.home
def report(name: str, output: Path, home: str | None) -> None:
    """Write the report of the sweep NAME: curves, importance, slices, timeline, diagnosis, spec; from MLflow alone."""
    from hpsearch.console.quiet import silence
    from hpsearch.report.gather import gather
    from hpsearch.report.page import write_page
    from hpsearch.results.lookup import Lookup

    silence(verbose=False)
    addresses = Addresses.find(home)
    addresses.must_exist()
    write_page(gather(Lookup(addresses), name), output)
    click.echo(f"{name}: written to {output}")


COMMANDS = (report,)
