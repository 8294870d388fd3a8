from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from sample_specs import loaded

from hpsearch.execution.in_process import InProcess
from hpsearch.sweep.conclude import gallery as galleries
from hpsearch.sweep.conclude.gallery import Gallery, best_of_each, gallery, gallery_choice
from hpsearch.sweep.finalists.repeats import Repeats
from hpsearch.sweep.models import Models
from hpsearch.sweep.prepare import prepare_sweep
from hpsearch.trial import State, TrialRecord

MOONS = {"dataset": "moons", "options": {"rows": 40}, "transform": "none"}
SPACE = {"kind": {"choices": ["a", "b"]}, "x": {"low": 0.0, "high": 1.0}}


def made(number, value, kind, seconds=1, state=State.COMPLETE):
    params = {"kind": kind, "x": 0.5}
    return TrialRecord(number, state, value, params, 5, "", 0, 1000 * seconds, 5)


def in_process(ready):
    return InProcess(ready.assignment(), ready.spec.workers)


def repeats(cluster=in_process):
    return Repeats(cluster, threading.Event(), lambda: None, lambda message: None)


@pytest.fixture
def ready():
    return prepare_sweep(loaded(data=MOONS, space=SPACE))


@pytest.fixture
def models(ready, tmp_path):
    return Models(tmp_path, ready, repeats())


def test_the_best_completed_trial_stands_for_its_value():
    trials = [made(0, 0.5, "a"), made(1, 0.9, "a"), made(2, 0.9, "a"), made(3, None, "b", state=State.FAILED)]
    assert {key: trial.number for key, trial in best_of_each(trials, "kind", maximize=True).items()} == {'"a"': 1}
    assert best_of_each(trials, "kind", maximize=False)['"a"'].number == 0


def test_one_model_a_value_in_the_order_of_the_choices(ready, models):
    found = gallery(ready, models, [made(0, 0.5, "b"), made(1, 0.6, "a")])
    assert found.choice == "kind"
    assert [label for label, _ in found.models] == ["a", "b"]
    assert set(found.models[0][1](np.array([[0.0, 1.0], [1.0, -1.0]]))) <= {0, 1}


def test_they_are_compared_on_validation_rows_because_the_test_rows_are_the_winner_s(ready, models):
    found = gallery(ready, models, [made(0, 0.5, "b"), made(1, 0.6, "a")])
    np.testing.assert_array_equal(found.rows.X, ready.data.validation.X)  # moons without a transform
    np.testing.assert_array_equal(found.rows.y, ready.data.validation.y)


def test_two_choices_or_three_features_have_none():
    two = {**SPACE, "hidden": {"choices": [[1], [2]]}}
    assert gallery_choice(prepare_sweep(loaded(data=MOONS, space=two))) is None
    assert gallery_choice(prepare_sweep(loaded(space=SPACE))) is None


def test_trials_that_took_long_are_not_trained_again(ready, models):
    trials = [made(0, 0.5, "b", seconds=galleries.SECONDS), made(1, 0.6, "a")]
    assert gallery(ready, models, trials) == Gallery()


def test_a_model_that_takes_longer_than_it_should_is_left_out(ready, models):
    assert models.again([made(0, 0.5, "a")], seconds=-1.0) == {}


def test_a_trial_that_fails_now_is_left_out_and_the_others_are_drawn(ready, models, monkeypatch):
    import sample_trainers

    true = sample_trainers.metrics

    def metrics(x, epoch):
        if x > 0.7:
            raise RuntimeError("out of order")
        return true(x, epoch)

    monkeypatch.setattr(sample_trainers, "metrics", metrics)
    two = [made(0, 0.5, "a"), replace(made(1, 0.6, "b"), params={"kind": "b", "x": 0.9})]
    assert [label for label, _ in gallery(ready, models, two).models] == ["a"]


def test_the_models_are_trained_on_workers_as_many_as_there_are_models(ready, tmp_path):
    asked = []

    def cluster(prepared):
        asked.append((prepared.spec.workers, prepared.spec.trial_timeout_seconds))
        return in_process(prepared)

    many = replace(ready, spec=ready.spec.model_copy(update={"workers": 8, "trial_timeout_seconds": 9.0}))
    models = Models(tmp_path, many, repeats(cluster))
    assert len(gallery(many, models, [made(0, 0.5, "b"), made(1, 0.6, "a")]).models) == 2
    assert asked == [(2, 9.0)]
