"""The account of a trial that takes too long: the rule it broke, and where its trainer was when it was ended.

Used by `driver` and by `repeats`, which both hold trials to ``trial_timeout_seconds``.
"""

from __future__ import annotations

from hpsearch.cluster.interface import Cluster
from hpsearch.trial import Outcome, State

_STACK_LINES = 49  # with the reason in front, the fifty lines that are kept of an error


def end_overdue(cluster: Cluster, number: int, epochs: int, limit_seconds: float) -> Outcome:
    """Take a trial from its worker, also where that hangs within an epoch, and say how it failed."""
    stack = cluster.stack(number).splitlines()[-_STACK_LINES:]
    cluster.drop(number)
    reason = f"timeout: took longer than trial_timeout_seconds={limit_seconds:g}"
    return Outcome(State.FAILED, None, epochs, epochs, reason, "\n".join([reason, *stack]))
