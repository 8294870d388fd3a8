"""Shows the lines of a job on a cluster until it ends, and ends as the job does. Whoever stops looking stops nothing.

Used by the commands of `launch` and by `doctor`.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import click

from hpsearch.cli import options
from hpsearch.errors import ClusterError, HpsearchError, UnknownSweep

if TYPE_CHECKING:
    from hpsearch.launch.jobs_api import Job, JobsApi
    from hpsearch.results.lookup import Lookup


def follow_sweep(api: JobsApi, job_id: str, name: str, err: bool, result: Lookup | None = None) -> None:
    """Show a job's lines until it ends, print the result if one is asked for, and exit with the driver's code.

    Parameters
    ----------
    err : show the lines on stderr, since stdout is for the result alone
    result : looks the sweep up for the JSON object that is printed in the end; None: no object is asked for
    """
    from hpsearch.launch.follow import exit_code

    farewell = f"{name}: keeps running; watch it: hpsearch logs {name} -f; end it: hpsearch stop {name}"
    code = exit_code(watch(api, job_id, err, farewell, f"go on with it: hpsearch resume {name}"))
    if result is not None:
        _print_result(result, name, code)
    click.get_current_context().exit(code)


def watch(api: JobsApi, job_id: str, err: bool, farewell: str, remedy: str) -> Job:
    """Show a job's lines until it ends and return it.

    Parameters
    ----------
    farewell : said to who stops looking
    remedy : what to do where the head has forgotten the job
    """
    from hpsearch.launch.follow import Follower, exit_code
    from hpsearch.launch.jobs_api import UnknownJob

    try:
        job = Follower(api, lambda line: click.echo(line, err=err)).follow(job_id)
    except KeyboardInterrupt:
        click.echo(f"\n{farewell}", err=err)
        click.get_current_context().exit(128 + signal.SIGINT)
    except UnknownJob as error:
        raise ClusterError(f"{error}; {remedy}") from None
    if exit_code(job) and job.code is None and job.message:
        click.echo(f"hpsearch: job {job_id}: {job.status.lower()}: {job.message.strip().splitlines()[-1]}", err=True)
    return job


def _print_result(result: Lookup, name: str, code: int) -> None:
    """Print a sweep's result as JSON; where there is none, the code of its driver says more than what is missing."""
    try:
        view = result.sweep(name)
    except HpsearchError as error:
        if not code:
            raise
        unknown = isinstance(error, UnknownSweep)
        reason = (
            f"nothing of it is in MLflow; read hpsearch logs {name}" if unknown else f"no result can be read: {error}"
        )
        click.echo(f"hpsearch: {name}: its driver ended with exit code {code}; {reason}", err=True)
    else:
        options.print_json(view.as_json())
