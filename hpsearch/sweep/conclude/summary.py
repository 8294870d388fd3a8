"""What a sweep came to, as values: the end of a run, of `status`, and of ``--json``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hpsearch.study.pareto_front import front_json
from hpsearch.sweep.conclude.score import Score
from hpsearch.sweep.finalists.confirm import Confirmed, in_words
from hpsearch.sweep.finalists.refit import refit_text
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
    diagnosis: tuple[str, ...] = ()
    ended: str = ""
    front: Sequence[TrialRecord] = ()
    deterministic: bool = False
    confirmed: Confirmed | None = None
    refit_epochs: int | None = None
    failures: tuple[str, ...] = ()  # one line of each part of the end that could not be made

    @property
    def idle(self) -> float | None:
        """Share of the workers' time without a trial; None where nothing was searched."""
        workers = self.seconds.get("workers", 0.0)
        return self.seconds.get("waiting", 0.0) / workers if workers > 0 else None

    def as_json(self) -> dict[str, Any]:
        """Return the object that ``--json`` prints."""
        best, test = self.best, self.score
        content: dict[str, Any] = {
            "sweep": self.sweep,
            "trials": {"complete": self.counts.complete, "pruned": self.counts.pruned, "failed": self.counts.failed},
            "best": None if best is None else {"number": best.number, "value": best.value, "params": best.params},
            "confirm": self.confirmed and self.confirmed.as_json(),
            "refit": self.refit_epochs and {"epochs": self.refit_epochs, "trained_on": "training and validation rows"},
            "test": None,
            "baseline": None,
            "diagnosis": list(self.diagnosis),
            "failures": list(self.failures),
            "model_uri": self.model_uri,
            "tracking_uri": self.tracking_uri,
            "run_id": self.run_id,
            "front": [front_json(trial) for trial in self.front] or None,
            "seconds": self.seconds,
            "ended": self.ended or None,
            "deterministic": self.deterministic,
            "idle": None if self.idle is None else round(self.idle, 4),
        }
        if test is not None:
            name = test.metric.removeprefix("test_")
            more = {key.removeprefix("test_"): value for key, value in test.more.items()}
            content["test"] = {name: test.value, "low": test.low, "high": test.high, "rows": test.rows, **more}
            content["baseline"] = test.baseline and test.baseline.as_json()
        return content

    def as_markdown(self) -> str:
        """Return what MLflow shows as the description of the sweep's run."""
        lines = [f"{self.counts.complete} trials complete, {self.counts.pruned} pruned, {self.counts.failed} failed."]
        if self.best is not None:
            params = ", ".join(f"{name} = {value}" for name, value in self.best.params.items())
            lines.append(f"**Winner:** trial {self.best.number}, {self.metric} {self.best.value:.4f} ({params}).")
        if self.confirmed is not None:
            lines.append(f"**Confirmed:** {in_words(self.confirmed.as_json())}.")
        if self.refit_epochs is not None:
            lines.append(f"**Refit:** the model was {refit_text(self.refit_epochs)}.")
        if self.score is not None:
            interval = ""
            if self.score.low is not None and self.score.high is not None:
                interval = f", 95% interval {self.score.low:.4f} to {self.score.high:.4f}"
            name = self.score.metric.replace("_", " ")
            lines.append(f"**{name.capitalize()}:** {self.score.value:.4f}{interval}, {self.score.rows} rows.")
            if self.score.baseline is not None:
                lines.append(f"**Baseline:** {self.score.baseline.in_words()}.")
        if self.model_uri is not None:
            lines.append(f"**Model:** `{self.model_uri}`")
        if self.diagnosis:
            lines.append("**Diagnosis:**\n\n" + "\n".join(f"- {sentence}" for sentence in self.diagnosis))
        if self.failures:
            lines.append("**Left out:**\n\n" + "\n".join(f"- {line}" for line in self.failures))
        return "\n\n".join(lines)
