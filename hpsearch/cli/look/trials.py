"""`trials`: the table of a sweep's trials, printed or as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hpsearch.cli import options
from hpsearch.cli.look.store import open_lookup

if TYPE_CHECKING:
    from hpsearch.trial import TrialRecord


@click.command()
@click.argument("name")
@click.option("--csv", "csv", type=click.Path(path_type=Path), metavar="FILE", help="Write the table as CSV.")
@click.option("--parquet", "parquet", type=click.Path(path_type=Path), metavar="FILE", help="Write it as Parquet.")
@options.home
@options.as_json
def trials(name: str, csv: Path | None, parquet: Path | None, home: str | None, as_json: bool) -> None:
    """Print the table of the trials of the sweep NAME, or write it to a file."""
    from hpsearch.sweep.conclude.trials_table import trials_table, write_table

    records = open_lookup(home).trials(name)
    table = trials_table(records)
    for path in (csv, parquet):
        if path is not None:
            write_table(table, path)
            click.echo(f"{len(table)} trials written to {path}", err=as_json)
    if as_json:
        options.print_json([_trial(record, str(state)) for record, state in zip(records, table["state"], strict=True)])
    elif csv is None and parquet is None:
        click.echo(table.drop(columns=["started", "ended"]).to_string(index=False))


def _trial(record: TrialRecord, state: str) -> dict[str, Any]:
    """Return a trial as ``--json`` prints it; `state` is the table's word, which tells running from waiting."""
    names = ("number", "value", "params", "epoch", "epochs", "started_ms", "ended_ms", "worker", "reason")
    return {"state": state, **{name: getattr(record, name) for name in names}, "values": dict(record.values) or None}


COMMANDS = (trials,)
