"""`list` and `status`: the sweeps, and how far one of them is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from hpsearch.cli import options
from hpsearch.cli.look.store import open_lookup
from hpsearch.cli.look.text import baseline_of, best_text, score_text
from hpsearch.console.rows import print_rows

if TYPE_CHECKING:
    from hpsearch.results.lookup import SweepView


@click.command("list")
@options.home
@options.as_json
def list_sweeps(home: str | None, as_json: bool) -> None:
    """List the sweeps."""
    lookup = open_lookup(home)
    views = [lookup.sweep(name) for name in lookup.names()]
    if as_json:
        options.print_json([view.as_json() for view in views])
        return
    width = max((len(view.name) for view in views), default=4)
    for view in views:
        test = f"  test {score_text(view)}" if view.test else ""
        counts = f"{view.counts.finished}/{view.budget}"
        click.echo(f"{view.name:<{width}}  {view.state:<11}  {counts}  {best_text(view)}{test}")


@click.command()
@click.argument("name")
@options.home
@options.as_json
def status(name: str, home: str | None, as_json: bool) -> None:
    """Show the counts, the best trial and the time of the sweep NAME."""
    view = open_lookup(home).sweep(name)
    if as_json:
        options.print_json(view.as_json())
        return
    click.echo(f"{view.name}: {view.state}, {view.counts.finished} of {view.budget} trials, {view.running} running")
    print_rows(_rows(view), width=9)
    if view.state in ("interrupted", "stopped"):
        click.echo(f"go on with it: hpsearch resume {view.name}")


def _rows(view: SweepView) -> Iterator[tuple[str, Sequence[str]]]:
    from hpsearch.console.findings import diagnosis_lines
    from hpsearch.console.summary import count_text, time_text
    from hpsearch.study.pareto_front import front_lines
    from hpsearch.sweep.finalists.confirm import in_words

    yield "trials", [count_text(view.counts)]
    yield "best", [best_text(view)]
    if view.confirm is not None:
        yield "confirm", [in_words(view.confirm)]
    if view.test:
        yield "test", [score_text(view)]
        baseline = baseline_of(view)
        yield "baseline", [baseline] if baseline else []
    if view.seconds:
        yield "time", [time_text(view.seconds)]
    yield "front", front_lines(view.front, view.best)
    if view.diagnosis is not None and view.counts.finished:
        yield "diagnosis", diagnosis_lines(view.diagnosis, indent=12)


COMMANDS = (list_sweeps, status)
