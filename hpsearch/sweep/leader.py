"""The best trial so far, and whether another takes its place: what a finished model has to beat to be kept.

Used by `driver`, which saves the model of a trial that leads before it tells the study.
"""

from __future__ import annotations

from hpsearch.study.study import Study
from hpsearch.trial import Outcome, TrialRecord


class Leader:
    """The best trial of a study; with several objectives whatever joins the front takes its place for a moment."""

    def __init__(self, study: Study) -> None:
        self._study, self._search = study, study.spec.search
        self.best: TrialRecord | None = None
        self.look()

    def look(self) -> None:
        """Ask the study again."""
        self.best = self._study.best()

    @property
    def value(self) -> float | None:
        """The best value, None where no trial completed."""
        return None if self.best is None else self.best.value

    def standing(self, finished: int) -> tuple[float, int] | None:
        """Return the best value and the number of trials it is the best of, as the recorder shows them."""
        return None if self.best is None else (self.best.value or 0.0, finished)

    def yields_to(self, number: int, outcome: Outcome) -> bool:
        """Whether a trial that completed takes the lead; of equals the first has it."""
        if self._search.aims:  # whatever joins the front may turn out to be its knee
            return number in {trial.number for trial in self._study.front_with(number, outcome)}
        if self.best is None or self.best.value is None or outcome.value is None:
            return outcome.value is not None
        sign = 1 if self._search.maximize else -1
        return (sign * outcome.value, -number) > (sign * self.best.value, -self.best.number)
