"""What the summary says of baseline, figures and diagnosis."""

from __future__ import annotations

from hpsearch.console.findings import baseline_text, diagnosis_lines, more_text
from hpsearch.sweep.conclude.baseline import Baseline
from hpsearch.sweep.conclude.score import Score


def score(value, test, low=None, rows=200, metric="accuracy", **more):
    baseline = None if test is None else Baseline("logistic regression", metric, 0.6, test)
    return Score(0, "", f"test_{metric}", value, rows, low, value if low else None, more=more, baseline=baseline)


def said(*args, **more):
    one = score(*args, **more)
    return baseline_text(one.baseline, one.value, one.low, one.rows)


def test_a_winner_outside_the_baselines_reach_is_better():
    text = said(0.8, 0.6, low=0.75)
    assert text == (
        "logistic regression: validation accuracy 0.6000, test accuracy 0.6000; the winner is 0.2000 better"
    )


def test_a_gain_within_the_interval_may_be_chance():
    assert said(0.8, 0.78, low=0.74).endswith("0.0200 better, within what chance explains on 200 rows")


def test_a_winner_that_gains_nothing_is_told_so():
    assert said(0.8, 0.8, low=0.74).endswith("the winner is no better")


def test_without_a_baseline_there_is_no_line():
    assert said(0.8, None) == ""


def test_regression_needs_two_points_of_r2():
    assert said(0.9, 0.5, metric="r2").endswith("0.4000 better")
    assert "chance" in said(0.9, 0.89, metric="r2")


def test_the_other_figures_stand_in_one_line():
    figures = {"test_precision_macro": 0.5, "test_recall_macro": 0.25, "test_f1_macro": 0.3, "test_log_loss": 1.5}
    assert more_text(score(0.8, None, **figures)).startswith("precision 0.5, recall 0.25, F1 0.3, log loss 1.5")


def test_sentences_are_whole_lines_where_nobody_looks():
    assert diagnosis_lines(["a " * 200, "b"], indent=14) == ["a " * 200, "b"]
