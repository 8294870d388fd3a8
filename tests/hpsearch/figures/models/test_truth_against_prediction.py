import numpy as np
import pytest

from hpsearch.figures.models.truth_against_prediction import quality, truth_against_prediction

X = np.array([[0.0, 0], [1, 0], [2, 0], [3, 0], [4, 0]])
TRUE = np.array([1, 1, 0, 0, 0])
TAKEN = np.array([1, 0, 1, 0, 0])


def test_each_outcome_is_marked_apart():
    (ax,) = truth_against_prediction(X, TRUE, TAKEN, (0, 1), ("a", "b")).axes
    points = {c.get_label(): np.asarray(c.get_offsets())[:, 0].tolist() for c in ax.collections}
    assert points == {
        "true positive (1)": [0],
        "true negative (2)": [3, 4],
        "false positive (1)": [2],
        "false negative (1)": [1],
    }
    assert len({c.get_paths()[0].vertices.tobytes() for c in ax.collections}) == 4


def test_the_title_holds_accuracy_precision_and_recall_of_the_second_class():
    figure = truth_against_prediction(X, TRUE, TAKEN, (0, 1), ("a", "b"))
    text = figure.texts[-1].get_text()
    assert text == "accuracy 0.600, precision 0.500, recall 0.500; positive: 1; 5 rows"


def test_quality_equals_scikit_learns():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    true, taken = rng.random(300) < 0.3, rng.random(300) < 0.4
    found = quality(true, taken)
    assert found.accuracy == pytest.approx(metrics.accuracy_score(true, taken))
    assert found.precision == pytest.approx(metrics.precision_score(true, taken))
    assert found.recall == pytest.approx(metrics.recall_score(true, taken))


def test_nothing_predicted_positive_leaves_the_precision_open():
    assert np.isnan(quality(np.array([True]), np.array([False])).precision)


def test_with_a_model_its_regions_lie_below():
    (ax,) = truth_against_prediction(
        X, TRUE, TAKEN, (0, 1), ("a", "b"), predict=lambda rows: (rows[:, 0] > 2).astype(int)
    ).axes
    assert len(np.unique(ax.images[0].get_array().reshape(-1, 3), axis=0)) == 2


def test_three_classes_are_refused():
    with pytest.raises(ValueError, match="got 3 classes"):
        truth_against_prediction(X, TRUE, TAKEN, (0, 1, 2), ("a", "b"))
