import numpy as np

from hpsearch.figures.curves.parameter_path import parameter_path
from hpsearch.trial import Curve

EPOCHS = np.arange(1, 101)
PATH = np.column_stack([1.5 - 1 / EPOCHS, 2 + 1 / EPOCHS, 5 - 3 / EPOCHS])
NAMES = ("parameter/bias", "parameter/x1", "parameter/x2")


def test_each_parameter_is_a_line_over_the_epochs():
    ax = parameter_path(Curve(NAMES, PATH)).axes[0]
    for place, line in enumerate(ax.lines):
        np.testing.assert_array_equal(line.get_ydata(), PATH[:, place])
    assert [line.get_label().split()[0] for line in ax.lines] == ["bias", "x1", "x2"]


def test_the_plane_holds_the_two_weights_from_the_first_to_the_last_epoch():
    ax = parameter_path(Curve(NAMES, PATH), goal={"x1": 2.0, "x2": 5.0}).axes[1]
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), PATH[:, 1:])
    marks = {c.get_label(): np.asarray(c.get_offsets())[0].tolist() for c in ax.collections}
    assert marks["epoch 1"] == PATH[0, 1:].tolist()
    assert marks["epoch 100"] == PATH[-1, 1:].tolist()
    assert marks["goal"] == [2.0, 5.0]


def test_with_one_weight_the_plane_is_that_of_weight_and_bias():
    ax = parameter_path(Curve(NAMES[:2], PATH[:, :2])).axes[1]
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), PATH[:, :2])


def test_one_parameter_has_no_plane_and_none_no_picture():
    assert len(parameter_path(Curve(NAMES[1:2], PATH[:, 1:2])).axes) == 1
    assert parameter_path(Curve(("train_loss",), PATH[:, :1])) is None
