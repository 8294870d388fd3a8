"""The picture of several aims: a panel a pair, the front, its knee."""

from __future__ import annotations

import pandas as pd

from hpsearch.figures import style
from hpsearch.figures.trials.pareto_front import front

TRIALS = pd.DataFrame(
    {
        "number": [0, 1, 2, 3, 4],
        "state": ["complete", "complete", "complete", "pruned", "complete"],
        "values.val_accuracy": [0.9, 0.8, 0.7, float("nan"), 0.6],
        "values.parameters": [9000.0, 400.0, 20.0, float("nan"), 500.0],
        "values.val_loss": [0.1, 0.2, 0.3, float("nan"), 0.9],
    }
)
TWO = {"val_accuracy": True, "parameters": False}


def test_the_front_its_knee_and_what_it_beats_are_named():
    figure = front(TRIALS, TWO, [0, 1, 2], best=1)
    assert style.png(figure).startswith(b"\x89PNG")
    labels = {text.get_text() for legend in figure.legends for text in legend.get_texts()}
    assert labels == {"beaten (1)", "front (3)", "the knee: trial 1"}
    (ax,) = figure.axes
    assert ax.get_xlabel() == "val_accuracy (larger is better)"
    assert ax.get_ylabel() == "parameters (smaller is better)"
    line = next(line for line in ax.get_lines() if line.get_label().startswith("front"))
    assert line.get_xdata().tolist() == [0.7, 0.8, 0.9]  # along the front, not in the order of the trials
    assert ax.get_yscale() == "log"
    assert ax.get_xscale() == "linear"


def test_three_aims_have_a_panel_for_each_pair():
    figure = front(TRIALS, TWO | {"val_loss": False}, [0, 1, 2], best=0)
    assert len(figure.axes) == 3
    assert style.png(figure)


def test_one_aim_or_no_complete_trial_has_no_front():
    assert front(TRIALS, {"val_accuracy": True}, [0]) is None
    assert front(TRIALS, TWO, []) is None
