import numpy as np

from hpsearch.figures.models.misclassified import misclassified

IMAGES = np.arange(5 * 4, dtype=float).reshape(5, 4)
TRUE = np.array(["x", "y", "x", "y", "x"])
TAKEN = np.array(["x", "x", "y", "y", "y"])
PROBABILITIES = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.1, 0.9], [0.3, 0.7]])


def test_only_wrong_images_are_drawn_the_surest_first():
    figure = misclassified(IMAGES, (2, 2), TRUE, TAKEN, PROBABILITIES, classes=("x", "y"))
    drawn = [np.asarray(ax.images[0].get_array()).ravel().tolist() for ax in figure.axes]
    assert drawn == IMAGES[[2, 4, 1]].tolist()
    assert "3 of 5 images are wrong" in figure.texts[-1].get_text()


def test_each_image_names_both_classes_with_their_probabilities():
    figure = misclassified(IMAGES, (2, 2), TRUE, TAKEN, PROBABILITIES, classes=("x", "y"))
    assert figure.axes[0].get_title() == "true x (20.0%)\ntaken for y (80.0%)"


def test_at_most_twenty_four_are_drawn():
    wrong = np.tile(PROBABILITIES[1], (100, 1))
    figure = misclassified(np.zeros((100, 4)), (2, 2), np.full(100, "y"), np.full(100, "x"), wrong, classes=("x", "y"))
    assert len(figure.axes) == 24


def test_without_a_mistake_there_is_no_picture():
    assert misclassified(IMAGES, (2, 2), TRUE, TRUE, PROBABILITIES, classes=("x", "y")) is None
