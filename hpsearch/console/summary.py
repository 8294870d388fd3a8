"""Prints what a sweep came to, and the commands that lead on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from hpsearch.config.addresses import DEFAULT_HOME, Addresses
from hpsearch.console.findings import baseline_text, diagnosis_lines, more_text
from hpsearch.console.progress import short
from hpsearch.console.rows import print_rows
from hpsearch.study.pareto_front import front_lines
from hpsearch.sweep.conclude.score import Score
from hpsearch.sweep.conclude.summary import Summary
from hpsearch.sweep.finalists.confirm import in_words
from hpsearch.sweep.finalists.refit import refit_text
from hpsearch.trial import Counts


def print_summary(summary: Summary, addresses: Addresses) -> None:
    """Print the summary on stdout, one fact a line."""
    click.echo(f"\n{summary.sweep}" + (" (interrupted)" if summary.interrupted else ""))
    print_rows(_rows(summary), width=11)
    option = home_option(addresses)
    if summary.interrupted or summary.best is None:
        click.echo(f"\ngo on with it:        hpsearch resume {summary.sweep}{option}")
    else:
        served = addresses.tracking.startswith("http")
        click.echo(f"\nlook at it:           {addresses.tracking if served else f'hpsearch ui{option}'}")
        click.echo(f"fetch the best model: hpsearch best {summary.sweep} --download model/{option}")


def _rows(summary: Summary) -> Iterator[tuple[str, Sequence[str]]]:
    yield "trials", [count_text(summary.counts)]
    if summary.best is not None:
        yield "best trial", [f"{summary.best.number}, {summary.metric} {short4(summary.best.value)}"]
        parameters = ", ".join(f"{name}={short(value)}" for name, value in summary.best.params.items())
        yield "parameters", [parameters] if parameters else []
    if summary.confirmed is not None:
        yield "confirmed", [in_words(summary.confirmed.as_json())]
    if summary.refit_epochs is not None:
        yield "refit", [f"the model was {refit_text(summary.refit_epochs)}; it is the one that is tested"]
    if summary.score is not None:
        yield from _score_rows(summary.score)
    yield "time", [time_text(summary.seconds)]
    if summary.deterministic and summary.idle is not None:
        yield "idle", [f"{summary.idle:.0%} of the workers' time, the price of the deterministic mode included"]
    if summary.ended and not summary.ended.startswith("search.trials"):
        yield "ended", [summary.ended]
    yield "front", front_lines(summary.front, summary.best)
    if summary.counts.finished:
        yield "diagnosis", diagnosis_lines(summary.diagnosis, indent=14)


def _score_rows(score: Score) -> Iterator[tuple[str, Sequence[str]]]:
    figures, baseline = more_text(score), baseline_text(score.baseline, score.value, score.low, score.rows)
    yield "test", [test_text(score), figures] if figures else [test_text(score)]
    yield "baseline", [baseline] if baseline else []


def home_option(addresses: Addresses) -> str:
    """Return the option that finds these addresses again, empty for the default home."""
    served = addresses.tracking.startswith("http") and not addresses.storage.startswith("sqlite")
    if served or addresses.home == DEFAULT_HOME.absolute():
        return ""
    try:
        return f" --home {addresses.home.relative_to(Path.cwd())}"
    except ValueError:
        return f" --home {addresses.home}"


def count_text(counts: Counts) -> str:
    """Say how many trials ended in which way."""
    return f"{counts.complete} complete, {counts.pruned} pruned, {counts.failed} failed"


def test_text(score: Score) -> str:
    """Say what the winner reached on the test rows."""
    name = score.metric.removeprefix("test_")
    text = f"{name} {score.value:.4f}"
    if score.low is not None and score.high is not None:
        text += f", 95% interval {score.low:.4f} to {score.high:.4f} (Wilson)"
    text += f", {score.rows} rows"
    return text if score.looks == 1 else f"{text}; winner {score.looks} to be scored on them"


def time_text(seconds: Mapping[str, float]) -> str:
    """Say where the time went."""
    parts = (f"{name} {seconds[name]:.1f} s" for name in ("training", "bookkeeping", "waiting"))
    return f"{seconds['total']:.1f} s in all; {', '.join(parts)}"


def short4(value: float | None) -> str:
    """Write a value with four decimal places."""
    return "none" if value is None else f"{value:.4f}"
