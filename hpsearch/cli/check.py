"""`check`: what can go wrong with a sweep, found out before it costs hours. One line a check."""

from __future__ import annotations

import click

from hpsearch.cli import examples, options
from hpsearch.config.addresses import Addresses


@click.command()
@click.argument("spec", required=False, type=click.Path())
@options.home
@examples.option
@options.overrides
def check(spec: str | None, example: str | None, home: str | None, overrides: tuple[str, ...]) -> None:
    """Check SPEC, its data, its network's gradients and the stores; exit 1 if a check fails."""
    from hpsearch.checks import run_checks
    from hpsearch.console.quiet import silence

    silence(verbose=False)
    loaded = examples.load_named(spec, example, overrides)
    failed = 0
    for result in run_checks(loaded, Addresses.find(home)):
        mark = click.style("ok  ", fg="green") if result.passed else click.style("FAIL", fg="red")
        click.echo(f"{mark} {result.name:<10} {result.detail}")
        failed += not result.passed
    click.get_current_context().exit(1 if failed else 0)


COMMANDS = (check,)
