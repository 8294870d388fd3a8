"""Transforms follow the articles' formulas, are fitted on what they are given, and survive being stored."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hpsearch.data.transform import TRANSFORMS, fit, from_state
from hpsearch.errors import DataError

SEEDS = st.integers(0, 2**32 - 1)


def correlated(rows: int, features: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    scales = 10.0 ** rng.uniform(0, 3, features)
    mixed = rng.normal(size=(rows, features)) @ (np.eye(features) + 0.3 * rng.normal(size=(features, features)))
    return mixed * scales + rng.normal(0, 100, features)


@given(st.integers(1, 8), SEEDS)
def test_whitened_training_rows_have_zero_mean_and_identity_covariance(features, seed):
    X = correlated(20 * features, features, seed)
    X -= X.mean(axis=0)
    smallest = np.linalg.svd(X.T @ X / len(X))[1].min()
    Z = fit("whiten", X).apply(X)
    assert np.allclose(Z.mean(axis=0), 0, atol=1e-8)
    assert np.allclose(Z.T @ Z / len(Z), np.eye(features), atol=1e-6 + 2e-5 / smallest)


def test_whitening_is_the_articles_formula():
    X, later = correlated(50, 3, 0), correlated(7, 3, 1)
    mean = X.mean(axis=0)
    U, S, _ = np.linalg.svd((X - mean).T @ (X - mean) / 50)
    assert np.allclose(fit("whiten", X).apply(later), (later - mean) @ U / np.sqrt(S + 1e-5))


def test_standardizing_is_the_articles_formula():
    X, later = correlated(50, 3, 0), correlated(7, 3, 1)
    assert np.allclose(fit("standardize", X).apply(later), (later - X.mean(axis=0)) / (X.std(axis=0) + 1e-5))


def test_none_returns_the_rows_themselves():
    X = correlated(5, 2, 0)
    assert fit("none", X).apply(X) is X


@pytest.mark.parametrize("kind", ["standardize", "whiten"])
@pytest.mark.parametrize("constant", [0.0, 0.1, 1e6])
def test_a_feature_constant_in_training_does_not_blow_up_in_later_rows(kind, constant):
    X = np.column_stack([correlated(30, 2, 0), np.full(30, constant)])
    later = X.copy()
    later[:, 2] += 1
    transform = fit(kind, X)
    assert np.allclose(transform.apply(later), transform.apply(X), atol=1e-6)
    assert np.abs(transform.apply(X)).max() < 10


def test_a_feature_that_is_a_sum_of_others_does_not_blow_up_when_whitened():
    X = correlated(30, 2, 0)
    X = np.column_stack([X, X.sum(axis=1)])
    later = X + np.array([0, 0, 1.0])
    assert np.abs(fit("whiten", X).apply(later)).max() < 10


@pytest.mark.parametrize("kind", TRANSFORMS)
@given(X=hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=6), elements=st.floats(-1e6, 1e6)))
def test_any_finite_rows_stay_finite(kind, X):
    assert np.isfinite(fit(kind, X).apply(X)).all()


@pytest.mark.parametrize("kind", TRANSFORMS)
@given(seed=SEEDS)
def test_storing_and_restoring_changes_no_bit(kind, seed):
    X = correlated(12, 3, seed)
    transform = fit(kind, X)
    assert from_state(*transform.state()).apply(X).tobytes() == transform.apply(X).tobytes()


@pytest.mark.parametrize("kind", ["standardize", "whiten"])
def test_values_whose_variance_overflows_are_refused(kind):
    X = np.array([[1.0, 1e200], [2.0, -1e200], [3.0, 0.0]])
    with pytest.raises(DataError, match=rf"data\.transform: {kind}.*overflow in feature 2"):
        fit(kind, X)


def test_an_unknown_transform_names_the_one_meant():
    with pytest.raises(DataError, match="did you mean 'whiten'"):
        fit("whitten", np.zeros((3, 2)))


@pytest.mark.parametrize(
    ("config", "arrays", "message"),
    [
        ({"kind": "magic", "features": 2}, {}, "unknown kind 'magic'"),
        ({"kind": "none", "features": True}, {}, "features must be a whole number"),
        ({"kind": "none", "features": 2}, {"mean": np.zeros(2)}, "arrays must be"),
        ({"kind": "standardize", "features": 2}, {"mean": np.zeros(2)}, "arrays must be"),
        ({"kind": "standardize", "features": 2}, {"mean": np.zeros(3), "scale": np.zeros(2)}, "mean must be float64"),
        ({"kind": "standardize", "features": 1}, {"mean": np.zeros(1, "i4"), "scale": np.zeros(1)}, "got int32"),
    ],
)
def test_a_state_that_does_not_fit_is_refused(config, arrays, message):
    with pytest.raises(ValueError, match=message):
        from_state(config, arrays)
