"""`list`, `status`, `best` and `trials`: what MLflow knows of the sweeps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hpsearch.cli import options
from hpsearch.config.addresses import Addresses
from hpsearch.errors import SettingsError

if TYPE_CHECKING:
    from hpsearch.results.lookup import Lookup, SweepView
    from hpsearch.trial import TrialRecord


def _lookup(home: str | None) -> Lookup:
    from hpsearch.console.quiet import silence
    from hpsearch.results.lookup import Lookup

    silence(verbose=False)
    addresses = Addresses.find(home)
    addresses.must_exist()
    return Lookup(addresses, _driven(addresses))


def _driven(addresses: Addresses) -> Callable[[str], bool | None] | None:
    """Let a cluster say which sweeps have a driver there; without its token it cannot, and MLflow's word stands."""
    if addresses.jobs is None:
        return None
    from hpsearch.launch.jobs_api import JobsApi
    from hpsearch.launch.sweep_jobs import SweepJobs

    try:
        return SweepJobs(JobsApi(addresses.jobs)).driven
    except SettingsError:
        return lambda _: None


@click.command("list")
@options.home
@options.as_json
def list_sweeps(home: str | None, as_json: bool) -> None:
    """List the sweeps."""
    lookup = _lookup(home)
    views = [lookup.sweep(name) for name in lookup.names()]
    if as_json:
        options.print_json([view.as_json() for view in views])
        return
    width = max((len(view.name) for view in views), default=4)
    for view in views:
        test = f"  test {_test(view)}" if view.test else ""
        click.echo(f"{view.name:<{width}}  {view.state:<11}  {view.counts.finished}/{view.budget}  {_best(view)}{test}")


@click.command()
@click.argument("name")
@options.home
@options.as_json
def status(name: str, home: str | None, as_json: bool) -> None:
    """Show the counts, the best trial and the time of the sweep NAME."""
    from hpsearch.console.findings import diagnosis_lines
    from hpsearch.console.summary import count_text, time_text
    from hpsearch.study.pareto_front import front_lines
    from hpsearch.sweep.finalists.confirm import in_words

    view = _lookup(home).sweep(name)
    if as_json:
        options.print_json(view.as_json())
        return
    click.echo(f"{view.name}: {view.state}, {view.counts.finished} of {view.budget} trials, {view.running} running")
    rows = {"trials": count_text(view.counts), "best": _best(view)}
    many = {"front": front_lines(view.front, view.best)}
    if view.confirm is not None:
        rows["confirm"] = in_words(view.confirm)
    if view.test:
        rows |= {"test": _test(view), "baseline": _baseline(view)}
    if view.seconds:
        rows["time"] = time_text(view.seconds)
    if view.diagnosis is not None and view.counts.finished:
        many["diagnosis"] = diagnosis_lines(view.diagnosis, indent=12)
    for word, text in rows.items():
        if text:
            click.echo(f"  {word:<9} {text}")
    for word, lines in many.items():
        for place, line in enumerate(lines):
            click.echo(f"  {'' if place else word:<9} {line}")
    if view.state in ("interrupted", "stopped"):
        click.echo(f"go on with it: hpsearch resume {view.name}")


@click.command()
@click.argument("name")
@click.option("--download", type=click.Path(path_type=Path), metavar="DIR", help="Write the model into this folder.")
@options.home
@options.as_json
def best(name: str, download: Path | None, home: str | None, as_json: bool) -> None:
    """Show the winner of the sweep NAME, and fetch its model (--download)."""
    from hpsearch.console.progress import short
    from hpsearch.results.download import download_winner
    from hpsearch.study.pareto_front import front_lines
    from hpsearch.sweep.finalists.confirm import in_words

    lookup = _lookup(home)
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
    for parameter, value in view.best.params.items():
        click.echo(f"  {parameter:<20} {short(value)}")
    click.echo(f"  {view.metric:<20} {view.best.value:.4f}")
    for place, line in enumerate(front_lines(view.front, view.best)):
        click.echo(f"  {'' if place else 'front':<20} {line}")
    if view.confirm is not None:
        click.echo(f"  {'confirmed':<20} {in_words(view.confirm)}")
    for metric, value in view.test.items():
        click.echo(f"  {metric:<20} {value:.4g}")
    if view.baseline is not None:
        click.echo(f"  {'baseline':<20} {_baseline(view)}")
    if view.model:
        click.echo(f"  {'model':<20} {view.model}" + (f", trained on {view.trained_on}" if view.trained_on else ""))
    if download is not None:
        click.echo(f"written to {download}; use it: hpsearch predict {download} ROWS.csv")


@click.command()
@click.argument("name")
@click.option("--csv", "csv", type=click.Path(path_type=Path), metavar="FILE", help="Write the table as CSV.")
@click.option("--parquet", "parquet", type=click.Path(path_type=Path), metavar="FILE", help="Write it as Parquet.")
@options.home
@options.as_json
def trials(name: str, csv: Path | None, parquet: Path | None, home: str | None, as_json: bool) -> None:
    """Print the table of the trials of the sweep NAME, or write it to a file."""
    from hpsearch.sweep.conclude.trials_table import trials_table, write_table

    records = _lookup(home).trials(name)
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
    kept = ("number", "value", "params", "epoch", "epochs", "started_ms", "ended_ms", "worker", "reason")
    return {"state": state, **{name: getattr(record, name) for name in kept}, "values": dict(record.values) or None}


def _best(view: SweepView) -> str:
    return (
        "no trial is complete"
        if view.best is None
        else f"{view.metric} {view.best.value:.4f} (trial {view.best.number})"
    )


def _baseline(view: SweepView) -> str:
    from hpsearch.console.findings import baseline_text

    name = _scored_by(view)
    rows = int(view.test.get("test_rows", 0))
    return baseline_text(view.baseline, view.test.get(name), view.test.get(f"{name}_low"), rows)


def _scored_by(view: SweepView) -> str:
    return "test_accuracy" if "test_accuracy" in view.test else "test_r2"


def _test(view: SweepView) -> str:
    name = _scored_by(view)
    low, high = view.test.get(f"{name}_low"), view.test.get(f"{name}_high")
    interval = "" if low is None or high is None else f" ({low:.4f} to {high:.4f})"
    refit = " (refit)" if view.refit else ""
    return f"{name.removeprefix('test_')} {view.test.get(name, float('nan')):.4f}{interval}{refit}"


COMMANDS = (list_sweeps, status, best, trials)
