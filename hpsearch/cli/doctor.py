"""`doctor`: is every part of the cluster there and sound, and was no trial of a sweep lost? One line a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hpsearch.cli import options
from hpsearch.cli.launch import cluster, examine_sweep
from hpsearch.config.addresses import Addresses
from hpsearch.spec.model import check_name

if TYPE_CHECKING:
    from hpsearch.study.study import Study


@click.command()
@click.argument("name", required=False)
@options.address
@options.home
@click.option("--here", is_flag=True, help="Read the study from here, even with a cluster configured.")
def doctor(name: str | None, address: str | None, home: str | None, here: bool) -> None:
    """Examine the cluster, or the records of the sweep NAME; exit 1 if something is wrong.

    With a cluster configured the records are compared there: a client does not reach the study.
    """
    from hpsearch.console.quiet import silence

    silence(verbose=False)
    if name is not None and not here and (addresses := Addresses.find(home, address)).jobs:
        examine_sweep(check_name(name), addresses)
        return
    wrong = _examine(home, address) if name is None else _compare(check_name(name), Addresses.find(home))
    click.get_current_context().exit(1 if wrong else 0)


def _examine(home: str | None, address: str | None) -> int:
    """Show every finding as it comes and count the wrong ones."""
    from hpsearch.launch.doctor import examine

    wrong = 0
    for finding in examine(cluster(home, address)):
        mark = click.style("FAIL", fg="red") if finding.wrong else click.style("ok  ", fg="green")
        click.echo(f"{mark} {finding.part:<17} {finding.detail}{f'; {finding.remedy}' if finding.wrong else ''}")
        wrong += finding.wrong
    return wrong


def _compare(name: str, addresses: Addresses) -> int:
    """Hold the study against MLflow, trial by trial; a sweep that somebody drives is never in step with it."""
    from hpsearch.locking.file_lease import held
    from hpsearch.results.integrity import check_winner, compare_records
    from hpsearch.study.study import Study
    from hpsearch.sweep.stop_reason import stop_reason
    from hpsearch.tracking import open_store_at

    holder = held(addresses.sweep(name))
    study = Study.load(addresses.storage, name)
    finished, ended = study.counts().finished, stop_reason(study)
    if holder is not None:
        click.echo(f"     {name}: still running, {finished} trials finished; ask again at its end: {holder}")
        return 0
    early = "" if ended.startswith("search.trials") else ended
    # What had finished when another limit ended the search is what was asked for.
    budget = finished if early else study.spec.search.trials
    store = open_store_at(addresses)
    findings = compare_records(study, store, name, budget)
    problems = [*findings.problems, *check_winner(study, store, name)]
    for problem in problems:
        click.echo(f"{click.style('FAIL', fg='red')} {problem}")
    for loss in findings.losses:
        click.echo(f"     {loss}")
    if not problems:
        reason = f" ({early})" if early else ""
        click.echo(
            f"{click.style('ok  ', fg='green')} {name}: {budget} trials, each recorded once, in both stores{reason}; "
            f"{_winner(study)}"
        )
    return len(problems)


def _winner(study: Study) -> str:
    """Say in words what `check_winner` has checked."""
    score = study.attributes.get("score")
    if score is None:
        return "no trial completed, so there is no winner"
    return f"the winner's model, downloaded, reaches its {score['metric']} of {score['value']:.4g} again"


COMMANDS = (doctor,)
