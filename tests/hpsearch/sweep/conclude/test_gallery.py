from __future__ import annotations

import numpy as np
import pytest
from sample_specs import loaded

from hpsearch.sweep.conclude import gallery as galleries
from hpsearch.sweep.conclude.gallery import Gallery, best_of_each, gallery, gallery_choice
from hpsearch.sweep.models import Models
from hpsearch.sweep.prepare import prepare_sweep
from hpsearch.trial import State, TrialRecord

MOONS = {"dataset": "moons", "options": {"rows": 40}, "transform": "none"}
SPACE = {"kind": {"choices": ["a", "b"]}, "x": {"low": 0.0, "high": 1.0}}


def made(number, value, kind, seconds=1, state=State.COMPLETE):
    params = {"kind": kind, "x": 0.5}
    return TrialRecord(number, state, value, params, 5, "", 0, 1000 * seconds, 5)


@pytest.fixture
def ready():
    return prepare_sweep(loaded(data=MOONS, space=SPACE))


def test_the_best_completed_trial_stands_for_its_value():
    trials = [made(0, 0.5, "a"), made(1, 0.9, "a"), made(2, 0.9, "a"), made(3, None, "b", state=State.FAILED)]
    assert {key: trial.number for key, trial in best_of_each(trials, "kind", maximize=True).items()} == {'"a"': 1}
    assert best_of_each(trials, "kind", maximize=False)['"a"'].number == 0


def test_one_model_a_value_in_the_order_of_the_choices(ready, tmp_path):
    found = gallery(ready, Models(tmp_path, ready), [made(0, 0.5, "b"), made(1, 0.6, "a")])
    assert found.choice == "kind"
    assert [label for label, _ in found.models] == ["a", "b"]
    assert set(found.models[0][1](np.array([[0.0, 1.0], [1.0, -1.0]]))) <= {0, 1}


def test_they_are_compared_on_validation_rows_because_the_test_rows_are_the_winner_s(ready, tmp_path):
    found = gallery(ready, Models(tmp_path, ready), [made(0, 0.5, "b"), made(1, 0.6, "a")])
    np.testing.assert_array_equal(found.rows.X, ready.data.validation.X)  # moons without a transform
    np.testing.assert_array_equal(found.rows.y, ready.data.validation.y)


def test_two_choices_or_three_features_have_none():
    two = {**SPACE, "hidden": {"choices": [[1], [2]]}}
    assert gallery_choice(prepare_sweep(loaded(data=MOONS, space=two))) is None
    assert gallery_choice(prepare_sweep(loaded(space=SPACE))) is None


def test_trials_that_took_long_are_not_trained_again(ready, tmp_path):
    trials = [made(0, 0.5, "b", seconds=galleries.SECONDS), made(1, 0.6, "a")]
    assert gallery(ready, Models(tmp_path, ready), trials) == Gallery()


def test_a_model_that_takes_longer_than_it_should_is_left_out(ready, tmp_path):
    assert Models(tmp_path, ready).again(made(0, 0.5, "a"), seconds=-1.0) is None
