"""Every loss: its gradient against central differences, its bounds, and its decisions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from trainers.losses import LOSSES, SoftmaxCrossEntropy

CLASSES = {"softmax_cross_entropy": 3, "binary_cross_entropy": 2, "mean_squared_error": 0}


@pytest.fixture(params=LOSSES)
def case(request):
    loss, classes = LOSSES[request.param](), CLASSES[request.param]
    rng = np.random.default_rng(1)
    y = rng.integers(0, classes, 6) if classes else rng.standard_normal(6)
    scores = rng.standard_normal((loss.outputs(classes), 6))
    return loss, classes, scores, loss.encode(y, classes, np.dtype(np.float64)), y


def test_the_gradient_of_scores_equals_central_differences(case):
    loss, _, scores, targets, _ = case
    weights = np.array([0.1, 0.2, 0.3, 0.4])
    loss.forward(scores, targets)
    gradient = loss.backward(weights).copy()
    numerical = np.empty_like(scores)
    for i in np.ndindex(scores.shape):
        ends = []
        for step in (1e-5, -1e-5):
            moved = scores.copy()
            moved[i] += step
            ends.append(float(loss.forward(moved, targets)[:4] @ weights))
        numerical[i] = (ends[0] - ends[1]) / 2e-5
    np.testing.assert_allclose(gradient, numerical[:, :4], rtol=1e-6, atol=1e-9)


def test_probabilities_sum_to_one_and_decide(case):
    loss, classes, scores, _, _ = case
    if classes:
        probabilities = loss.probabilities(scores)
        assert probabilities.shape == (classes, 6)
        np.testing.assert_allclose(probabilities.sum(axis=0), 1)
        np.testing.assert_array_equal(probabilities.argmax(axis=0), loss.decide(scores))


@pytest.mark.parametrize("kind", [kind for kind in LOSSES if CLASSES[kind]])
@given(data=st.data())
def test_losses_of_classes_are_finite_for_scores_up_to_1e30(kind, data):
    loss, classes = LOSSES[kind](), CLASSES[kind]
    shape = (loss.outputs(classes), 4)
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    scores = data.draw(arrays(np.float64, shape, elements=st.floats(-1e30, 1e30))).astype(dtype)
    y = data.draw(arrays(np.int64, 4, elements=st.integers(0, classes - 1)))
    losses = loss.forward(scores, loss.encode(y, classes, np.dtype(dtype)))
    assert np.isfinite(losses).all()
    assert (losses >= 0).all()
    assert np.isfinite(loss.backward(np.full(4, 0.25, dtype))).all()
    assert np.isfinite(loss.probabilities(scores)).all()


def test_softmax_equals_its_definition_where_that_is_stable():
    loss, scores = SoftmaxCrossEntropy(), np.array([[1.0, 0.0], [2.0, -1.0], [0.5, 3.0]])
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=0)
    np.testing.assert_allclose(loss.probabilities(scores), probabilities)
    losses = loss.forward(scores, loss.encode(np.array([0, 2]), 3, np.dtype(np.float64)))
    np.testing.assert_allclose(losses, -np.log([probabilities[0, 0], probabilities[2, 1]]))


def test_losses_equal_scikit_learn_s(case):
    theirs = pytest.importorskip("sklearn.metrics")
    loss, classes, scores, targets, y = case
    ours = float(np.mean(loss.forward(scores, targets)))
    if classes:
        expected = theirs.log_loss(y, loss.probabilities(scores).T, labels=range(classes))
    else:
        expected = theirs.mean_squared_error(y, scores[0])
    assert ours == pytest.approx(expected, rel=1e-12)
