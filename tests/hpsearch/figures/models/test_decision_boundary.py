import numpy as np
import pytest

from hpsearch.figures import style
from hpsearch.figures.models import regions
from hpsearch.figures.models.decision_boundary import decision_boundary

X = np.array([[-1.0, -2.0], [-1.0, 2.0], [1.0, 0.0], [3.0, 1.0]])
Y = np.array(["left", "left", "right", "right"])


def halves(rows):
    return np.where(rows[:, 0] < 0, "left", "right")


def test_the_regions_have_the_colours_of_the_predicted_classes():
    (ax,) = decision_boundary(halves, X, Y, ("left", "right"), ("a", "b")).axes
    (image,) = ax.images
    left, right, *_ = image.get_extent()
    x = np.linspace(left, right, regions.GRID)
    pale = regions.PALE + (1 - regions.PALE) * style.colours(2)
    np.testing.assert_allclose(image.get_array()[0], pale[(x >= 0).astype(int)])


def test_every_row_is_a_point_of_its_class_within_the_picture():
    (ax,) = decision_boundary(halves, X, Y, ("left", "right"), ("a", "b")).axes
    points = {c.get_label(): np.asarray(c.get_offsets()) for c in ax.collections if c.get_label() in ("left", "right")}
    np.testing.assert_array_equal(points["left"], X[:2])
    np.testing.assert_array_equal(points["right"], X[2:])
    left, right, bottom, top = ax.images[0].get_extent()
    assert left < -1 and right > 3 and bottom < -2 and top > 2
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("a", "b")


def test_the_model_is_asked_with_raw_rows_of_two_features(sweep):
    asked = []

    def predict(rows):
        asked.append(rows)
        return sweep.predict(rows)

    decision_boundary(predict, sweep.X_test, sweep.y_test, sweep.classes, sweep.features)
    assert asked[0].shape == (regions.GRID**2, 2)
    assert asked[0].dtype == np.float64


@pytest.mark.parametrize("count", [2, 9, 40])
def test_any_number_of_classes_can_be_drawn(count):
    rng = np.random.default_rng(0)
    rows, classes = rng.normal(size=(200, 2)), tuple(range(count))
    figure = decision_boundary(
        lambda r: (np.abs(r[:, 0]) * 9).astype(int) % count, rows, rng.integers(0, count, 200), classes, ("a", "b")
    )
    assert style.png(figure).startswith(b"\x89PNG")
    assert len(np.unique(style.colours(count), axis=0)) == count


def test_one_row_or_a_constant_feature_still_has_a_plane():
    figure = decision_boundary(halves, X[:1], Y[:1], ("left", "right"), ("a", "b"))
    left, right, bottom, top = figure.axes[0].images[0].get_extent()
    assert left < right and bottom < top


def test_an_answer_outside_the_classes_is_white():
    (ax,) = decision_boundary(lambda r: np.full(len(r), "neither"), X, Y, ("left", "right"), ("a", "b")).axes
    assert (ax.images[0].get_array() == 1).all()


def test_of_very_many_rows_an_even_selection_is_drawn_and_named():
    rows = np.random.default_rng(0).normal(size=(10_000, 2))
    figure = decision_boundary(halves, rows, halves(rows), ("left", "right"), ("a", "b"))
    labelled = [c for c in figure.axes[0].collections if c.get_label() in ("left", "right")]
    assert sum(len(c.get_offsets()) for c in labelled) == regions.MOST_POINTS
    assert "3,000 of 10,000 rows" in figure.texts[-1].get_text()


def test_three_features_are_refused():
    with pytest.raises(ValueError, match=r"two features, got shape \(4, 3\)"):
        decision_boundary(halves, np.ones((4, 3)), Y, ("left", "right"), ("a", "b", "c"))
