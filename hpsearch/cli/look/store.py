"""Opens what the commands of this folder read: MLflow, and where a cluster is configured its word on who drives."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hpsearch.config.addresses import Addresses
from hpsearch.errors import SettingsError

if TYPE_CHECKING:
    from hpsearch.results.lookup import Lookup


def open_lookup(home: str | None) -> Lookup:
    """Return what looks sweeps up.

    Raises
    ------
    StoreError
        If there is no store yet, or it cannot be read.
    """
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
        return SweepJobs(JobsApi.find(addresses)).driven
    except SettingsError:
        return lambda _: None
