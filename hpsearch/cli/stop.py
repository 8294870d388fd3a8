"""`stop`: ends a sweep in good order, on a cluster or on this machine, and says what became of it, as MLflow knows."""

from __future__ import annotations

import click

from hpsearch.cli import options
from hpsearch.cli.launch import reach
from hpsearch.config.addresses import Addresses
from hpsearch.errors import StoreError, UnknownSweep
from hpsearch.spec.model import check_name

NOT_IN_ORDER = 1


@click.command()
@click.argument("name")
@options.address
@options.home
@click.option("--here", is_flag=True, help="Stop what is driven on this machine, even with a cluster configured.")
def stop(name: str, address: str | None, home: str | None, here: bool) -> None:
    """End the sweep NAME in good order: what runs is recorded, the winner so far scored and registered.

    Exit 1 if its driver had to be killed, or ended with an error.
    """
    from hpsearch.launch.stop_here import stop_here

    addresses = Addresses.find(home, address)
    check_name(name)
    if here or addresses.jobs is None:
        stop_here(addresses.sweep(name), name)
        state, code = _what_became(name, addresses, "", " --here" if addresses.jobs else "")
    else:
        state, code = _stop_there(name, addresses)
    click.echo(f"{name}: {state}", err=bool(code))
    click.get_current_context().exit(code)


def _stop_there(name: str, addresses: Addresses) -> tuple[str, int]:
    """Stop a sweep on the cluster; return what became of it and the exit code."""
    from hpsearch.launch.sweep_jobs import STOP_SECONDS

    _, jobs = reach(addresses)
    try:
        job = jobs.stop(name)
    except UnknownSweep as error:
        if not _driven_here(name, addresses):
            raise
        raise UnknownSweep(f"{error}; one runs on this machine: hpsearch stop {name} --here") from None
    if job.status == "SUCCEEDED":
        return "had finished", 0
    return _what_became(name, addresses, f" (Ray kills it {STOP_SECONDS} s after the signal)", "")


def _driven_here(name: str, addresses: Addresses) -> bool:
    from hpsearch.locking.file_lease import held

    try:
        return held(addresses.sweep(name)) is not None
    except StoreError:
        return False


def _what_became(name: str, addresses: Addresses, killed: str, option: str) -> tuple[str, int]:
    """Return in words what MLflow knows of a sweep whose driver has ended, and the exit code."""
    from hpsearch.console.quiet import silence
    from hpsearch.results.lookup import Lookup

    silence(verbose=False)
    try:
        addresses.must_exist()
        # Nobody drives it any more, so that its state is what the driver wrote last.
        state = Lookup(addresses, lambda _: True).sweep(name).state
    except UnknownSweep:
        return "stopped before anything of it was recorded", 0
    except StoreError as error:
        return f"its driver has ended; whether everything is recorded cannot be told: {error}", NOT_IN_ORDER
    resume = f"hpsearch resume {name}{option}"
    if state == "running":
        return f"its driver was killed{killed}, so not everything is recorded; put it in order: {resume}", NOT_IN_ORDER
    if state == "stopped":
        return f"its driver had ended with an error; go on with it: {resume}", NOT_IN_ORDER
    return ("had finished" if state in ("finished", "failed") else f"stopped; go on with it: {resume}"), 0


COMMANDS = (stop,)
