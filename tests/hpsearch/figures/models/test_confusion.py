import numpy as np
import pytest

from hpsearch.figures import style
from hpsearch.figures.models.confusion import confusion, count

TRUE = np.array(["a", "a", "a", "b", "c", "c"])
TAKEN = np.array(["a", "a", "b", "b", "a", "c"])


def test_cells_show_counts_and_colours_show_shares_of_the_true_class():
    ax = confusion(TRUE, TAKEN, ("a", "b", "c")).axes[0]
    np.testing.assert_allclose(ax.images[0].get_array(), [[2 / 3, 1 / 3, 0], [0, 1, 0], [0.5, 0, 0.5]])
    cells = {tuple(t.get_position()): t.get_text() for t in ax.texts}
    assert cells == {(0, 0): "2", (1, 0): "1", (1, 1): "1", (0, 2): "1", (2, 2): "1"}


def test_the_axes_and_the_title_say_what_is_counted():
    figure = confusion(TRUE, TAKEN, ("a", "b", "c"))
    ax = figure.axes[0]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted class", "true class")
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b", "c"]
    assert figure.texts[-1].get_text() == "accuracy 0.667 on 6 rows"


def test_counts_equal_scikit_learns():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    true, taken = rng.integers(0, 7, 500), rng.integers(0, 7, 500)
    np.testing.assert_array_equal(count(true, taken, 7), metrics.confusion_matrix(true, taken))


@pytest.mark.parametrize(("classes", "numbered"), [(30, True), (31, False), (150, False)])
def test_many_classes_stay_readable(classes, numbered):
    labels = np.arange(classes)
    ax = confusion(labels, labels, tuple(range(classes))).axes[0]
    assert bool(ax.texts) == numbered
    assert len(ax.get_xticks()) <= 40


def test_labels_outside_the_classes_and_empty_classes_are_no_error():
    ax = confusion(np.array(["a", "z"]), np.array(["a", "a"]), ("a", "b")).axes[0]
    np.testing.assert_array_equal(ax.images[0].get_array(), [[1, 0], [0, 0]])
    assert style.png(confusion(TRUE[:0], TAKEN[:0], ("a", "b"))).startswith(b"\x89PNG")
