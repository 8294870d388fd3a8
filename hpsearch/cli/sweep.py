"""`run` and `resume`: a sweep on this machine, with a progress bar, a summary and Ctrl-C that loses nothing."""

from __future__ import annotations

from collections.abc import Callable

import click
from rich.console import Console

from hpsearch.cli import examples, options
from hpsearch.cli.launch import launch_sweep, resume_sweep
from hpsearch.config.addresses import Addresses
from hpsearch.console.interrupts import Interrupts
from hpsearch.spec import load_spec

NO_TRIAL_COMPLETED = 1

here_option = click.option("--here", is_flag=True, help="Drive it in this process, even with a cluster configured.")
verbose_option = click.option("--verbose", is_flag=True, help="Let Ray, Optuna and MLflow speak.")


@click.command()
@click.argument("spec", required=False, type=click.Path())
@examples.option
@options.home
@options.overrides
@options.as_json
@here_option
@verbose_option
def run(
    spec: str | None,
    example: str | None,
    home: str | None,
    overrides: tuple[str, ...],
    as_json: bool,
    here: bool,
    verbose: bool,
) -> None:
    """Run the sweep described in SPEC; without SPEC, the built-in example.

    Where a cluster is configured, it runs there: as launch --follow does.
    """
    loaded = examples.load_named(spec, example, overrides)
    if not here and (addresses := Addresses.find(home)).jobs:
        launch_sweep(loaded, addresses, follow=True, as_json=as_json)
        return
    _sweep(home, as_json, verbose, lambda session: session.run(loaded))


@click.command()
@click.argument("name")
@click.option("--trials", type=click.IntRange(min=1), help="Raise the budget to this many finished trials.")
@click.option("--workers", type=click.IntRange(min=1), help="Go on with this many workers.")
@options.home
@options.as_json
@here_option
@verbose_option
def resume(
    name: str,
    trials: int | None,
    workers: int | None,
    home: str | None,
    as_json: bool,
    here: bool,
    verbose: bool,
) -> None:
    """Finish the interrupted sweep NAME, or go on with a finished one (--trials).

    NAME may also be the spec's file; it must then say what the sweep was begun with.
    """
    spec = load_spec(name) if name.endswith((".yaml", ".yml")) else None
    sweep = name if spec is None else spec.spec.name
    if not here and (addresses := Addresses.find(home)).jobs:
        limits = {"--trials": trials, "--workers": workers}
        flags = [f"{option} {value}" for option, value in limits.items() if value is not None]
        resume_sweep(sweep, spec, flags, addresses, as_json)
        return
    _sweep(home, as_json, verbose, lambda session: session.resume(sweep, trials, workers, spec))


def _sweep(home: str | None, as_json: bool, verbose: bool, work: Callable[..., object]) -> None:
    """Run `work` in a session, show its progress, print its summary and exit with its code."""
    from hpsearch.console.progress import ProgressBar
    from hpsearch.console.quiet import own_stdout, silence
    from hpsearch.console.summary import print_summary
    from hpsearch.sweep.conclude.summary import Summary
    from hpsearch.sweep.session import Session

    silence(verbose)
    addresses, interrupts = Addresses.find(home), Interrupts()
    with ProgressBar(Console(stderr=True)) as progress, interrupts.listening(progress.note), own_stdout(verbose):
        summary = work(Session(addresses, progress, interrupts.stop, verbose=verbose))
    assert isinstance(summary, Summary)
    if as_json:
        options.print_json(summary.as_json())
    else:
        print_summary(summary, addresses)
    code = interrupts.code if summary.interrupted else NO_TRIAL_COMPLETED if summary.best is None else 0
    click.get_current_context().exit(code)


COMMANDS = (run, resume)
