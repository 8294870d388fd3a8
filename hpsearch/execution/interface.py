"""The seam between a trial and where it runs: what every cluster offers, and the events it reports.

`ray_workers` runs workers as Ray actors, `in_process` runs one in the calling thread; one conformance suite holds
both to this page. `supervisor` knows nothing else about them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hpsearch.training.messages import Chunk, Pull
from hpsearch.trial import Suggestion


@dataclass(frozen=True)
class Lost:
    """The worker of a trial is gone or does not answer; the trial may be begun again elsewhere.

    `by_node` tells that the machine failed, not the process alone: then the trial itself is hardly to blame. `heard` is
    False where the worker was dead before it heard of the trial: then the trial never began.
    """

    number: int
    attempt: int
    reason: str
    by_node: bool = False
    detail: str = ""
    heard: bool = True


Event = Chunk | Lost


class Cluster(Protocol):
    """Workers that each run one trial at a time."""

    def free(self) -> int:
        """Count the workers that could begin a trial now; those that died while they were idle are none."""

    def run(self, suggestion: Suggestion, pull: Pull) -> str:
        """Begin a trial on a free worker and name that worker; the first answer comes through `wait`."""

    def proceed(self, number: int, pull: Pull) -> None:
        """Ask for more of a trial whose last answer was not its end."""

    def stack(self, number: int) -> str:
        """Return where the trainer of a running trial is right now; empty where that cannot be told."""

    def drop(self, number: int) -> None:
        """Ask no more for a trial; its worker is free again."""

    def wait(self, seconds: float) -> list[Event]:
        """Return what happened, waiting up to `seconds` for the first event; a little where none can come."""

    def close(self) -> None:
        """End every worker; what still runs is abandoned."""
