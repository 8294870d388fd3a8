"""`launch` and `logs`: a sweep on a cluster, commanded from a machine that may be closed meanwhile.

Speaks to Ray's Jobs API and to MLflow, never to the study. `run` and `resume` end up here where a cluster is
configured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hpsearch.cli import options
from hpsearch.cli.follow import follow_sweep, watch
from hpsearch.config.addresses import Addresses
from hpsearch.config.settings import HTTP
from hpsearch.errors import SettingsError
from hpsearch.spec import LoadedSpec, load_spec
from hpsearch.spec.model import check_name

if TYPE_CHECKING:
    from hpsearch.launch.jobs_api import JobsApi
    from hpsearch.launch.sweep_jobs import SweepJobs
    from hpsearch.results.lookup import Lookup


@click.command()
@click.argument("spec", type=click.Path())
@options.address
@click.option("--follow", is_flag=True, help="Show the driver's lines until the sweep ends; exit as it does.")
@options.overrides
@options.as_json
def launch(spec: str, address: str | None, follow: bool, overrides: tuple[str, ...], as_json: bool) -> None:
    """Run the sweep described in SPEC on a cluster; returns as soon as it is submitted.

    Data files that SPEC names and Python files beside it travel along.
    """
    launch_sweep(load_spec(spec, overrides), cluster(None, address), follow, as_json)


@click.command()
@click.argument("name")
@click.option("-f", "--follow", is_flag=True, help="Go on until the sweep ends; exit as it does.")
@options.address
def logs(name: str, follow: bool, address: str | None) -> None:
    """Show what the driver of the sweep NAME printed."""
    from hpsearch.launch.follow import lines_of

    api, jobs = reach(cluster(None, address))
    job = jobs.latest(check_name(name))
    if follow:
        follow_sweep(api, job.id, name, err=False)
    else:
        for line in lines_of(api.logs(job.id)):
            click.echo(line)


def cluster(home: str | None, address: str | None) -> Addresses:
    """Return the addresses of a client, which must know a cluster and an MLflow server.

    Raises
    ------
    SettingsError
        If it does not.
    """
    addresses = Addresses.find(home, address)
    addresses.jobs_url()
    if not addresses.tracking.startswith(HTTP):
        raise SettingsError(
            "MLFLOW_TRACKING_URI: must be the URL of the cluster's MLflow server, such as http://127.0.0.1:5000, "
            f"got {addresses.tracking!r}"
        )
    return addresses


def launch_sweep(loaded: LoadedSpec, addresses: Addresses, follow: bool, as_json: bool) -> None:
    """Check a sweep as far as that goes from here, submit it, and follow it where that is asked for."""
    from hpsearch.launch.job_package import pack

    name = loaded.spec.name
    api, jobs = reach(addresses)
    _check(loaded)
    lookup = _lookup(addresses, jobs)
    job_id = jobs.launch(name, pack(loaded), lambda sweep: sweep in lookup.names())
    _announce(name, job_id, addresses, follow, as_json)
    if follow:
        follow_sweep(api, job_id, name, err=as_json, result=lookup if as_json else None)


def resume_sweep(name: str, spec: LoadedSpec | None, options: list[str], addresses: Addresses, as_json: bool) -> None:
    """Submit a job that goes on with a sweep, and follow it."""
    from hpsearch.launch.job_package import pack

    api, jobs = reach(addresses)
    lookup = _lookup(addresses, jobs)
    lookup.sweep(check_name(name))  # says which there are
    job_id = jobs.resume(name, options, None if spec is None else pack(spec))
    _announce(name, job_id, addresses, True, as_json)
    follow_sweep(api, job_id, name, err=as_json, result=lookup if as_json else None)


def examine_sweep(name: str, addresses: Addresses) -> None:
    """Compare the records of a sweep in the cluster, where its study can be read, and exit as that does."""
    from hpsearch.launch.follow import exit_code

    api, jobs = reach(addresses)
    farewell = f"{name}: the comparison of its records keeps running, which changes nothing and ends by itself"
    job = watch(api, jobs.examine(name), False, farewell, f"ask again: hpsearch doctor {name}")
    click.get_current_context().exit(exit_code(job))


def reach(addresses: Addresses) -> tuple[JobsApi, SweepJobs]:
    """Reach the Jobs API, or say at once why not."""
    from hpsearch.launch.jobs_api import JobsApi
    from hpsearch.launch.sweep_jobs import SweepJobs

    api = JobsApi.find(addresses)
    api.version()
    return api, SweepJobs(api)


def _lookup(addresses: Addresses, jobs: SweepJobs) -> Lookup:
    from hpsearch.console.quiet import silence
    from hpsearch.results.lookup import Lookup

    silence(verbose=False)
    return Lookup(addresses, jobs.driven)


def _check(loaded: LoadedSpec) -> None:
    """Refuse what the driver would refuse; data that are the cluster's own it alone can check."""
    from hpsearch.launch.job_package import stays_behind
    from hpsearch.sweep.prepare import prepare_sweep, try_settings, use_folder

    if stays_behind(loaded.spec):
        use_folder(loaded.folder, *loaded.spec.trainers)
        try_settings(loaded.spec)
    else:
        prepare_sweep(loaded)


def _announce(name: str, job_id: str, addresses: Addresses, follow: bool, as_json: bool) -> None:
    if as_json and not follow:
        job = {"sweep": name, "job": job_id, "address": addresses.jobs, "tracking_uri": addresses.tracking}
        options.print_json(job)
        return
    click.echo(f"{name}: submitted as job {job_id} to {addresses.jobs}", err=as_json)
    if not follow:
        click.echo(f"watch it:  hpsearch logs {name} -f   or {addresses.tracking}\nend it:    hpsearch stop {name}")


COMMANDS = (launch, logs)
