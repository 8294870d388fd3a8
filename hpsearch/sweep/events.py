"""What a sweep says while it runs, to whoever shows it: the progress bar, a notebook, a test."""

from __future__ import annotations

from hpsearch.trial import Counts, Outcome, Suggestion, TrialRecord


class Listener:
    """Hears of a sweep's progress; every method does nothing until it is overridden."""

    def started(self, name: str, total: int, done: Counts) -> None:
        """The search begins, `done` of `total` trials ended earlier."""

    def ended(self, suggestion: Suggestion, outcome: Outcome, counts: Counts, best: TrialRecord | None) -> None:
        """A trial ended."""

    def note(self, message: str) -> None:
        """Something happened that a person may want to know."""
