"""Words for the results of a sweep beside its winner: the other figures, the baseline, the diagnosis.

Used by `summary` at a sweep's end and by `status` and `best` later.
"""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Sequence

from hpsearch.sweep.conclude.baseline import Baseline
from hpsearch.sweep.conclude.score import Score

_NAMES = {
    "test_precision_macro": "precision",
    "test_recall_macro": "recall",
    "test_f1_macro": "F1",
    "test_log_loss": "log loss",
    "test_rmse": "rmse",
}
_ENOUGH_R2 = 0.02


def more_text(score: Score) -> str:
    """Say the other figures of the test rows."""
    parts = [f"{word} {score.more[name]:.4g}" for name, word in _NAMES.items() if name in score.more]
    return ", ".join(parts) + (" (precision, recall, F1: means of the classes)" if score.classes else "")


def baseline_text(baseline: Baseline | None, value: float | None, low: float | None, rows: int) -> str:
    """Say what the baseline reached, and whether the winner with its `value` on the test rows is worth it."""
    if baseline is None:
        return ""
    text = baseline.in_words()
    if baseline.test is None or value is None:
        return text
    gain = value - baseline.test
    if gain <= 0:
        return f"{text}; the winner is no better"
    clear = gain > _ENOUGH_R2 if low is None else baseline.test < low
    doubt = "" if clear else f", within what chance explains on {rows} rows"
    return f"{text}; the winner is {gain:.4f} better{doubt}"


def diagnosis_lines(diagnosis: Sequence[str], indent: int) -> list[str]:
    """Return one line a sentence, one for none; in a terminal broken at its width."""
    diagnosis = diagnosis or ("nothing stands out",)
    if not sys.stdout.isatty():
        return list(diagnosis)
    width = max(40, shutil.get_terminal_size().columns - indent)
    paragraphs = (
        textwrap.wrap(sentence, width, subsequent_indent="  ", break_long_words=False) for sentence in diagnosis
    )
    return [line for lines in paragraphs for line in lines]
