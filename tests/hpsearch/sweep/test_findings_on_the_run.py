"""Metrics, baseline and diagnosis of a whole sweep: in the summary, and on the sweep's run in MLflow."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sample_specs import tiny
from sklearn import metrics as theirs

from hpsearch import resume, run
from hpsearch.data.prepare import held_out, prepare
from hpsearch.spec.model import DataSpec
from hpsearch.sweep.conclude import baseline
from hpsearch.tracking import open_store


@pytest.fixture
def result(home, no_pictures):
    return run(tiny(), home=home, progress=False, in_process=True)


def store_of(addresses):
    return open_store(addresses.tracking, addresses.home)


def test_the_figures_of_the_test_rows_equal_scikit_learns(result, tmp_path, addresses):
    iris = DataSpec(dataset="iris")
    rows = held_out(iris, tmp_path, prepare(iris, tmp_path).fingerprint)
    truth = np.array(result.model.classes)[rows.y]
    predicted = result.model.predict(rows.X)
    expected = {
        "test_accuracy": theirs.accuracy_score(truth, predicted),
        "test_precision_macro": theirs.precision_score(truth, predicted, average="macro"),
        "test_recall_macro": theirs.recall_score(truth, predicted, average="macro"),
        "test_f1_macro": theirs.f1_score(truth, predicted, average="macro"),
        "test_log_loss": theirs.log_loss(rows.y, result.model.predict_proba(rows.X)),
    }
    recorded = store_of(addresses).run(result.summary.run_id).metrics
    assert {name: recorded[name] for name in expected} == pytest.approx(expected)
    assert recorded["val_accuracy"] > 0.8


def test_every_class_has_its_row_in_the_table(result, addresses, tmp_path):
    store = store_of(addresses)
    table = pd.read_csv(store.fetch(result.summary.run_id, "metrics.csv", tmp_path))
    assert list(table.columns) == ["part", "label", "rows", "precision", "recall", "f1"]
    assert list(table.label) == ["setosa", "versicolor", "virginica"] * 2
    content = json.loads(store.fetch(result.summary.run_id, "metrics.json", tmp_path).read_text())
    assert content["test"]["rows"] == table[table.part == "test"].rows.sum() == result.test.rows
    assert content["baseline"]["name"] == "logistic regression"


def test_the_baseline_stands_beside_the_winner(result, addresses):
    shown = result.summary.as_json()["baseline"]
    recorded = store_of(addresses).run(result.summary.run_id)
    assert shown["test"] == recorded.metrics["baseline_test_accuracy"] > 0.8
    assert shown["validation"] == recorded.metrics["baseline_val_accuracy"] > 0.8
    assert "**Baseline:** logistic regression" in recorded.tags["mlflow.note.content"]


def test_a_baseline_that_fails_costs_only_itself(home, no_pictures, monkeypatch):
    def fail(*_, **__):
        raise MemoryError("too large")

    monkeypatch.setattr("sklearn.linear_model.LogisticRegression.fit", fail)
    found = run(tiny(), home=home, progress=False, in_process=True)
    assert found.test.baseline is None
    assert found.model is not None


def test_a_resumed_sweep_does_not_fit_it_again(result, home, monkeypatch):
    monkeypatch.setattr(baseline, "fit_baseline", lambda _: pytest.fail("fitted again"))
    monkeypatch.setattr("hpsearch.sweep.conclude.finish.fit_baseline", lambda _: pytest.fail("fitted again"))
    again = resume("tiny", trials=7, home=home, progress=False, in_process=True)
    assert again.test.baseline == result.test.baseline


def test_the_diagnosis_is_on_the_run_and_in_its_note(home, addresses, no_pictures, tmp_path):
    space = {"x": {"low": 0.3, "high": 5.0}}
    found = run(tiny(space=space, search__trials=8), home=home, progress=False, in_process=True).summary
    (sentence,) = [sentence for sentence in found.diagnosis if sentence.startswith("the best x, ")]
    store = store_of(addresses)
    assert sentence in store.fetch(found.run_id, "diagnosis.md", tmp_path).read_text()
    assert sentence in store.run(found.run_id).tags["mlflow.note.content"]
    assert found.as_json()["diagnosis"] == list(found.diagnosis)


def test_regression_has_r2_rmse_and_a_line_as_baseline(home, addresses, no_pictures):
    data = {"dataset": "plane"}
    spec = tiny(data=data, trainer="linear", space={"learning_rate": {"low": 0.01, "high": 0.1}})
    found = run({**spec, "settings": {"epochs": 50}}, home=home, progress=False, in_process=True)
    recorded = store_of(addresses).run(found.summary.run_id).metrics
    assert recorded["test_r2"] > 0.99 and recorded["test_rmse"] < 1.0
    assert recorded["baseline_test_r2"] > 0.99
    assert found.summary.as_json()["test"]["rmse"] == recorded["test_rmse"]
