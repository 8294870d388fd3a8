"""What the commands of this folder say of a sweep in a few words: its best trial, its test score, its baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hpsearch.results.lookup import SweepView


def best_text(view: SweepView) -> str:
    """Say which trial is the best so far, and its value."""
    if view.best is None:
        return "no trial is complete"
    return f"{view.metric} {view.best.value:.4f} (trial {view.best.number})"


def score_text(view: SweepView) -> str:
    """Say what the winner reached on the test rows."""
    name = _score_name(view)
    low, high = view.test.get(f"{name}_low"), view.test.get(f"{name}_high")
    interval = "" if low is None or high is None else f" ({low:.4f} to {high:.4f})"
    refit = " (refit)" if view.refit else ""
    return f"{name.removeprefix('test_')} {view.test.get(name, float('nan')):.4f}{interval}{refit}"


def baseline_of(view: SweepView) -> str:
    """Say what the baseline reached on the same rows."""
    from hpsearch.console.findings import baseline_text

    name = _score_name(view)
    rows = int(view.test.get("test_rows", 0))
    return baseline_text(view.baseline, view.test.get(name), view.test.get(f"{name}_low"), rows)


def _score_name(view: SweepView) -> str:
    return "test_accuracy" if "test_accuracy" in view.test else "test_r2"
