"""What the two leases of a sweep have in common: what their holder can ask, and how a second driver is refused.

`file_lease` is for the drivers of one machine, `database_lease` for all that reach the same PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hpsearch.errors import SweepBusy


def _nothing() -> None:
    """Do nothing: a lock of the kernel cannot get lost."""


@dataclass(frozen=True)
class Lease:
    """What the holder of a sweep's lease can ask of it.

    Attributes
    ----------
    keep : raises if the lease is known to be lost; costs nothing, so it may be called all the time
    look : makes sure now that the lease is still there, or takes it again; raises as `keep` does
    """

    keep: Callable[[], None] = _nothing
    look: Callable[[], None] = _nothing


def busy(name: str, holder: str) -> SweepBusy:
    """Return the error of a driver that comes second."""
    return SweepBusy(f"{name}: another driver is running this sweep: {holder}")
