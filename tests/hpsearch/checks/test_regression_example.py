"""The example of linear regression does what it says: at every end of its space it comes to least squares."""

from __future__ import annotations

import numpy as np
import pytest

from hpsearch.examples import example_path
from hpsearch.spec import load_spec
from hpsearch.spec.conditions import point_with
from hpsearch.sweep.prepare import prepare_sweep
from hpsearch.training.loader import build


@pytest.fixture(scope="module")
def ready():
    return prepare_sweep(load_spec(example_path("d-regression")))


def ends(batch_size, ready):
    """Return the settings at the lowest and highest rate and, with all rows at once, momentum."""
    space = ready.spec.space
    both = [{name: getattr(space[name], end) for name in ("learning_rate", "momentum")} for end in ("low", "high")]
    return [{**ready.spec.settings, **point_with(space, {"batch_size": batch_size, **end})} for end in both]


@pytest.mark.parametrize("batch_size", [None, 1])
def test_it_agrees_with_least_squares_at_both_ends_of_the_space(batch_size, ready):
    train, validation = ready.data.train, ready.data.validation
    X = np.column_stack([train.X, np.ones(len(train.X))])
    expected = np.linalg.lstsq(X, train.y)[0]
    for settings in ends(batch_size, ready):
        trainer = build("linear", settings, seed=0)
        *_, last = trainer.train(train.X, train.y, validation.X, validation.y, classes=0)
        found = [last["parameter/weight1"], last["parameter/weight2"], last["parameter/intercept"]]
        np.testing.assert_allclose(found, expected, atol=0.1)
