"""Shows a running sweep on stderr: a progress bar with the best value, a line for every trial that ended.

Without a terminal the lines come alone. Listens to `sweep`, knows nothing else of it.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from hpsearch.sweep.events import Listener
from hpsearch.trial import Counts, Outcome, State, Suggestion, TrialRecord

_MARKS = {State.COMPLETE: "", State.PRUNED: "[yellow]", State.FAILED: "[red]"}


class ProgressBar(Listener):
    """A listener with a bar; a context manager that cleans the line up."""

    def __init__(self, console: Console) -> None:
        self._console = console
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task("starting", total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._bar.stop()

    def started(self, name: str, total: int, done: Counts) -> None:
        """Show the bar."""
        self._bar.update(self._task, description=escape(name), total=total, completed=done.finished)

    def ended(self, suggestion: Suggestion, outcome: Outcome, counts: Counts, best: TrialRecord | None) -> None:
        """Print one line and move the bar."""
        self._bar.print(self._line(suggestion, outcome), highlight=False, soft_wrap=True)
        text = "" if best is None else f"best {best.value:.4g} (trial {best.number})"
        self._bar.update(self._task, description=text, completed=counts.finished)

    def note(self, message: str) -> None:
        """Print a remark."""
        self._bar.print(escape(message), style="yellow", soft_wrap=True)

    def _line(self, suggestion: Suggestion, outcome: Outcome) -> str:
        params = ", ".join(f"{name}={short(value)}" for name, value in suggestion.params.items())
        if outcome.state is State.COMPLETE and outcome.value is not None:
            result = f"{outcome.value:.4f}"
        else:
            result = f"{_MARKS[outcome.state]}{outcome.state.value}[/]: {escape(outcome.reason)}"
        return f"trial {suggestion.number:>4}  {result}  [dim]{escape(params)}[/]"


def short(value: object) -> str:
    """Write a parameter in a few characters."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)
