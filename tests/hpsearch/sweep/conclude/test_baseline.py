"""The baseline is scikit-learn's own model on the sweep's training rows, and stays cheap."""

from __future__ import annotations

import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from hpsearch.data.dataset import Rows
from hpsearch.data.prepare import Prepared, held_out, prepare
from hpsearch.data.transform import fit
from hpsearch.spec.model import DataSpec
from hpsearch.sweep.conclude.baseline import MOST_ITERATIONS, MOST_ROWS, Baseline, fit_baseline, iterations


def made(rows, features, classes, seed=0):
    """Return blobs of rows as a sweep would have them."""
    rng = np.random.default_rng(seed)
    y = rng.integers(classes, size=rows)
    X = rng.normal(size=(rows, features)) + y[:, None]
    part = Rows(X, y)
    return Prepared(
        part, part, X[:5], fit("none", X), tuple(range(classes)), ("x",) * features, None, "classification", "", {}
    )


def test_it_equals_logistic_regression_fitted_by_hand():
    spec = DataSpec(dataset="iris", transform="standardize")
    data = prepare(spec, Path())
    test = held_out(spec, Path(), data.fingerprint)
    model = LogisticRegression(max_iter=1000).fit(data.train.X, data.train.y)
    found = fit_baseline(data).scored(test.X, test.y)
    assert found == Baseline(
        "logistic regression",
        "accuracy",
        model.score(data.validation.X, data.validation.y),
        model.score(data.transform.apply(test.X), test.y),
    )


def test_for_targets_it_is_least_squares_and_finds_the_plane():
    spec = DataSpec(dataset="plane", options={"rows": 400})
    data = prepare(spec, Path())
    test = held_out(spec, Path(), data.fingerprint)
    found = fit_baseline(data).scored(test.X, test.y)
    assert (found.name, found.metric) == ("linear regression", "r2")
    assert found.test == pytest.approx(1 - 0.25 / np.var(test.y), abs=0.002)


def test_names_in_mlflow_say_metric_and_part():
    assert Baseline("logistic regression", "accuracy", 0.5, 0.25).points() == {
        "baseline_val_accuracy": 0.5,
        "baseline_test_accuracy": 0.25,
    }
    assert Baseline("linear regression", "r2", 0.5).points() == {"baseline_val_r2": 0.5}


def test_few_rows_get_all_iterations_and_many_fewer():
    assert iterations(400, 2, 4) == MOST_ITERATIONS
    assert 20 <= iterations(20_000, 784, 10) < 100
    assert iterations(10**9, 1000, 1000) == 20


def test_it_says_that_it_was_stopped_and_does_not_warn(monkeypatch):
    monkeypatch.setattr("hpsearch.sweep.conclude.baseline.iterations", lambda *_: 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fit_baseline(made(300, 5, 3)).baseline.name == "logistic regression (stopped after 3 iterations)"


def test_of_very_many_rows_a_part_is_enough():
    started = time.perf_counter()
    found = fit_baseline(made(5 * MOST_ROWS, 8, 3)).baseline
    assert time.perf_counter() - started < 10
    assert found.validation > 0.8
