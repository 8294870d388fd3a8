"""The checks that `hpsearch check` runs: cheap, in this process, nothing of the sweep is begun.

Each is a function that returns one line or raises one of our errors; `networks` and `training` look at what will be
trained, `surroundings` at the data and the stores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hpsearch.checks.networks import gradients, initial_loss
from hpsearch.checks.surroundings import data, stores
from hpsearch.checks.training import dead_layers, overfit
from hpsearch.config.addresses import Addresses
from hpsearch.errors import HpsearchError
from hpsearch.spec import LoadedSpec
from hpsearch.sweep.prepare import prepare_sweep
from hpsearch.sweep.prepared import PreparedSweep

CHECKS: dict[str, Callable[[PreparedSweep], str]] = {
    "data": data,
    "gradients": gradients,
    "first loss": initial_loss,
    "overfit": overfit,
    "dead units": dead_layers,
}


@dataclass(frozen=True)
class CheckResult:
    """One line of the report."""

    name: str
    passed: bool
    detail: str


def run_checks(loaded: LoadedSpec, addresses: Addresses) -> Iterator[CheckResult]:
    """Run every check in turn; one that fails does not keep the next from running, unless it needs the spec."""
    try:
        ready = prepare_sweep(loaded)
    except HpsearchError as error:
        yield CheckResult("spec", False, str(error))
        return
    spec = ready.spec
    yield CheckResult("spec", True, f"{spec.name}: {spec.trainer}, {len(spec.space)} searched settings")
    for name, work in CHECKS.items():
        yield _result(name, work, ready)
    yield _result("stores", lambda _: stores(addresses), ready)


def _result(name: str, work: Callable[[PreparedSweep], str], ready: PreparedSweep) -> CheckResult:
    try:
        return CheckResult(name, True, work(ready))
    except HpsearchError as error:
        return CheckResult(name, False, str(error))
