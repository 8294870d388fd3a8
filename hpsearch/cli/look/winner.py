"""`best`: the winner of a sweep, and its model as a folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hpsearch.cli import options
from hpsearch.cli.look.store import open_lookup
from hpsearch.cli.look.text import baseline_of
from hpsearch.console.rows import print_rows

if TYPE_CHECKING:
    from hpsearch.results.lookup import SweepView
    from hpsearch.trial import TrialRecord


@click.command()
@click.argument("name")
@click.option("--download", type=click.Path(path_type=Path), metavar="DIR", help="Write the model into this folder.")
@options.home
@options.as_json
def best(name: str, download: Path | None, home: str | None, as_json: bool) -> None:
    """Show the winner of the sweep NAME, and fetch its model (--download)."""
    from hpsearch.results.download import download_winner

    lookup = open_lookup(home)
    view = lookup.sweep(name)
    if download is not None:
        download_winner(lookup.store, view, download)
    if as_json:
        options.print_json({**view.as_json(), "downloaded": download and str(download)})
        return
    if view.best is None:
        click.echo(f"{name}: no trial is complete")
        return
    click.echo(f"{name}: trial {view.best.number}, run {view.best_run}")
    print_rows(_rows(view, view.best), width=20)
    if download is not None:
        click.echo(f"written to {download}; use it: hpsearch predict {download} ROWS.csv")


def _rows(view: SweepView, winner: TrialRecord) -> Iterator[tuple[str, Sequence[str]]]:
    from hpsearch.console.progress import short
    from hpsearch.study.pareto_front import front_lines
    from hpsearch.sweep.finalists.confirm import in_words

    for parameter, value in winner.params.items():
        yield parameter, [short(value)]
    yield view.metric, [f"{winner.value:.4f}"]
    yield "front", front_lines(view.front, winner)
    if view.confirm is not None:
        yield "confirmed", [in_words(view.confirm)]
    for metric, figure in view.test.items():
        yield metric, [f"{figure:.4g}"]
    if view.baseline is not None:
        yield "baseline", [baseline_of(view)]
    if view.model:
        yield "model", [view.model + (f", trained on {view.trained_on}" if view.trained_on else "")]


COMMANDS = (best,)
