"""What a sweep came to, as values: the end of a run, of `status`, and of ``--json``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hpsearch.sweep.score import Score
from hpsearch.trial import Counts, TrialRecord


@dataclass(frozen=True)
class Summary:
    """The result of a sweep, or its state where it was interrupted."""

    sweep: str
    metric: str
    counts: Counts
    best: TrialRecord | None
    score: Score | None
    model_uri: str | None
    tracking_uri: str
    run_id: str
    seconds: dict[str, float]
    interrupted: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the object that ``--json`` prints."""
        best, test = self.best, self.score
        shown: dict[str, Any] = {
            "sweep": self.sweep,
            "trials": {"complete": self.counts.complete, "pruned": self.counts.pruned, "failed": self.counts.failed},
            "best": None if best is None else {"number": best.number, "value": best.value, "params": best.params},
            "test": None,
            "model_uri": self.model_uri,
            "tracking_uri": self.tracking_uri,
            "run_id": self.run_id,
            "seconds": self.seconds,
        }
        if test is not None:
            name = test.metric.removeprefix("test_")
            shown["test"] = {name: test.value, "low": test.low, "high": test.high, "rows": test.rows}
        return shown
