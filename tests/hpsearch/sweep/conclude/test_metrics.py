"""The figures equal scikit-learn's, also where a class is never predicted or has no row."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn import metrics as theirs

from hpsearch.sweep.conclude.metrics import classification, log_loss, regression

TRUTH = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2])
PREDICTED = np.array([0, 0, 1, 1, 2, 2, 2, 0, 2])
LABELS = ("ham", "egg", "jam")


def test_overall_figures_equal_scikit_learns():
    found = classification(TRUTH, PREDICTED, LABELS).overall
    assert found == pytest.approx(
        {
            "accuracy": theirs.accuracy_score(TRUTH, PREDICTED),
            "precision_macro": theirs.precision_score(TRUTH, PREDICTED, average="macro"),
            "recall_macro": theirs.recall_score(TRUTH, PREDICTED, average="macro"),
            "f1_macro": theirs.f1_score(TRUTH, PREDICTED, average="macro"),
        }
    )


def test_each_class_has_its_label_rows_and_figures():
    jam = classification(TRUTH, PREDICTED, LABELS).classes[2]
    assert (jam.label, jam.rows) == ("jam", 4)
    assert (jam.precision, jam.recall, jam.f1) == pytest.approx((3 / 4, 3 / 4, 3 / 4))


def test_a_class_that_is_never_predicted_counts_as_zero_without_a_warning():
    found = classification(np.array([0, 1]), np.array([0, 0]), ("a", "b"))
    assert found.classes[1].precision == 0
    assert found.overall["precision_macro"] == pytest.approx(0.25)


def test_a_class_without_rows_keeps_its_place():
    found = classification(np.array([0, 2]), np.array([0, 2]), LABELS)
    assert [one.rows for one in found.classes] == [1, 0, 1]


def test_log_loss_is_the_mean_surprise_at_the_truth():
    probabilities = np.array([[0.5, 0.5], [0.1, 0.9]])
    assert log_loss(np.array([0, 1]), probabilities) == pytest.approx(-(math.log(0.5) + math.log(0.9)) / 2)


def test_log_loss_takes_float32_sums_and_a_class_that_no_row_has():
    probabilities = np.array([[0.7000001, 0.2, 0.1], [0.3, 0.6, 0.1]], dtype=np.float32)
    found = log_loss(np.array([0, 1]), probabilities)
    assert found == pytest.approx(-(math.log(0.7) + math.log(0.6)) / 2, abs=1e-5)


def test_log_loss_stays_finite_where_the_truth_was_thought_impossible():
    assert math.isfinite(log_loss(np.array([1]), np.array([[1.0, 0.0]])))


def test_regression_figures_equal_scikit_learns():
    truth, predicted = np.array([1.0, 2.0, 4.0]), np.array([1.5, 2.0, 3.0])
    found = regression(truth, predicted).overall
    assert found["r2"] == pytest.approx(theirs.r2_score(truth, predicted))
    assert found["rmse"] == pytest.approx(theirs.root_mean_squared_error(truth, predicted))


def test_r2_is_zero_where_all_targets_are_equal():
    assert regression(np.ones(3), np.zeros(3)).overall["r2"] == 0
