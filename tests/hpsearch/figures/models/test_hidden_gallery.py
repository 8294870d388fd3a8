import numpy as np
import pytest

from hpsearch.figures.models.hidden_gallery import hidden_gallery

X = np.array([[-1.0, 0], [-0.5, 1], [0.5, 0], [1.0, 1]])
Y = np.array([0, 0, 1, 1])


def cut(at):
    return lambda rows: (rows[:, 0] > at).astype(int)


def test_one_panel_a_model_titled_with_its_value_and_accuracy():
    models = [("1", cut(0)), ("[5, 5]", cut(-0.7)), ("20", cut(9))]
    figure = hidden_gallery(models, X, Y, (0, 1), ("a", "b"), choice="hidden")
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["1: 1.000", "[5, 5]: 0.750", "20: 0.500"]
    assert "hidden" in figure.texts[-1].get_text()


def test_each_panel_has_the_regions_of_its_own_model():
    figure = hidden_gallery([("a", cut(0)), ("b", cut(9))], X, Y, (0, 1), ("a", "b"))
    colours = [len(np.unique(ax.images[0].get_array().reshape(-1, 3), axis=0)) for ax in figure.axes]
    assert colours == [2, 1]


@pytest.mark.parametrize(("models", "panels"), [(7, 7), (30, 12)])
def test_at_most_twelve_models_are_drawn(models, panels):
    assert len(hidden_gallery([("m", cut(0))] * models, X, Y, (0, 1), ("a", "b")).axes) == panels


def test_without_models_there_is_no_picture():
    assert hidden_gallery([], X, Y, (0, 1), ("a", "b")) is None
