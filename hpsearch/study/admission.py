"""Whether another trial may begin: the budget, and the window of the deterministic mode.

The driver asks before each new trial. In the deterministic mode trial n begins when trials 0 to n - window were told,
and the budget is judged by those alone, so that neither the number of workers nor a restart changes which trials
there are.
"""

from __future__ import annotations

from collections.abc import Iterable

from hpsearch.spec import SearchSpec
from hpsearch.study.budget import EpochBudget, Progress, Stopwatch
from hpsearch.trial import State, TrialRecord

_End = tuple[State, float | None, int]


class Admission:
    """Decides which trial may begin; made anew for every session from what the study knows."""

    def __init__(self, search: SearchSpec, trials: Iterable[TrialRecord]) -> None:
        ended = [trial for trial in trials if trial.state is not None]
        self.epoch_budget = EpochBudget(
            None if search.deterministic else search.epochs, sum(t.epochs or 0 for t in ended)
        )
        self.watch = Stopwatch(max((trial.clock for trial in ended), default=0.0))
        self._search, self._finished = search, 0
        self._window = search.window or 1 if search.deterministic else None
        self._progress, self._ended, self._counted = Progress(search), dict[int, _End](), 0
        # By the search's own clock: one on the wall may have been set back between two trials.
        for trial in sorted(ended, key=lambda t: (t.clock, t.number)):
            assert trial.state is not None
            self.told(trial.number, trial.state, trial.value, trial.epochs or 0)

    def told(self, number: int, state: State, value: float | None, epochs: int) -> None:
        """Count a trial that ended."""
        self._finished += 1
        if self._window is None:
            self._progress.note(state, value, epochs)
        else:
            self._ended[number] = (state, value, epochs)

    def admits(self, number: int) -> bool:
        """Whether trial `number`, the next new one, may begin now."""
        return self._sees_enough(number) and not self.ended() and not self.epoch_budget.empty

    def ended(self) -> str:
        """Return which limit ended the search, empty while none did."""
        if self._finished >= self._search.trials:
            return f"search.trials={self._search.trials} are finished"
        return self._limit()

    def over(self, number: int) -> bool:
        """Whether no trial will begin any more, `number` being the next."""
        return bool(self._sees_enough(number) and self.ended())

    def cuts(self) -> str:
        """Return why trials that still run should stop; in the deterministic mode they run to their end."""
        return self._limit() if self._window is None else ""

    def starves(self) -> str:
        """Return why trials that wait for more epochs will not get any."""
        limit = self.epoch_budget.limit
        return f"search.epochs={limit} were trained" if limit is not None and self.epoch_budget.spent >= limit else ""

    def _limit(self) -> str:
        limit = self._search.seconds
        if limit is not None and self.watch.seconds >= limit:
            return f"search.seconds={limit:g} are over"
        return self._progress.ended()

    def _sees_enough(self, number: int) -> bool:
        """Take note of the trials that trial `number` may know of, in their order; False where one still runs."""
        if self._window is None:
            return True
        while self._counted <= number - self._window:
            if self._counted not in self._ended:
                return False
            self._progress.note(*self._ended[self._counted])
            self._counted += 1
        return True
