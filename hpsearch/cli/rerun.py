"""`rerun`: one trial again from its record, compared with its recorded curve bit for bit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hpsearch.cli import options
from hpsearch.config.addresses import Addresses

if TYPE_CHECKING:
    from hpsearch.results.rerun import Comparison, Difference

DIFFERENT = 1


@click.command()
@click.argument("name")
@click.argument("trial", type=click.IntRange(min=0))
@click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False, resolve_path=True),
    metavar="DIR",
    help="Where the spec lay.  [default: where the sweep was begun]",
)
@options.home
@options.as_json
def rerun(name: str, trial: int, folder: Path | None, home: str | None, as_json: bool) -> None:
    """Train TRIAL of the sweep NAME again; exit 0 if its curve is equal bit for bit, 1 if not."""
    from hpsearch.console.quiet import silence
    from hpsearch.results.rerun import rerun as train_again

    silence(verbose=False)
    addresses = Addresses.find(home)
    addresses.must_exist()
    comparison = train_again(addresses, name, trial, folder)
    if as_json:
        options.print_json(comparison.as_json())
    else:
        _print(comparison)
    click.get_current_context().exit(0 if comparison.equal else DIFFERENT)


def _print(comparison: Comparison) -> None:
    if comparison.first is None or comparison.largest is None:
        click.echo(f"{comparison.sweep}: trial {comparison.trial}: equal bit for bit, {comparison.epochs} epochs")
        return
    click.echo(f"{comparison.sweep}: trial {comparison.trial}: different")
    click.echo(f"  first     {_difference(comparison.first)}")
    click.echo(f"  largest   {_difference(comparison.largest)}")
    for place, reason in enumerate(comparison.reasons):
        click.echo(f"  {'' if place else 'why':<9} {reason}")


def _difference(one: Difference) -> str:
    where = f"epoch {one.epoch}, {one.metric}"
    if one.recorded is None or one.now is None:
        return f"{where}: recorded {_number(one.recorded)}, now {_number(one.now)}"
    return f"{where}: recorded {one.recorded!r}, now {one.now!r}, apart by {abs(one.now - one.recorded):.3g}"


def _number(value: float | None) -> str:
    return "nothing" if value is None else repr(value)


COMMANDS = (rerun,)
