import numpy as np

from hpsearch.figures.curves import update_ratios as module
from hpsearch.figures.curves.update_ratios import update_ratios
from hpsearch.trial import Curve


def test_one_panel_a_layer_and_one_line_a_kind(trained):
    _, curve = trained
    axes = update_ratios(curve).axes
    assert [ax.get_title(loc="left").split(":")[0] for ax in axes] == ["layer1", "layer2", "layer3"]
    for layer, ax in enumerate(axes, 1):
        assert [line.get_label() for line in ax.lines] == ["weights", "biases"]
        expected = curve.values[:, curve.names.index(f"update_ratio/layer{layer}/weights")]
        np.testing.assert_allclose(ax.lines[0].get_ydata(), np.log10(expected))


def test_the_healthy_band_lies_around_minus_three(trained):
    for ax in update_ratios(trained[1]).axes:
        (band,) = ax.patches
        assert (band.get_y(), band.get_y() + band.get_height()) == (-3.5, -2.5)
        assert ax.get_ylim()[0] < -3.5
        assert ax.get_ylim()[1] > -2.5


def test_a_first_step_from_a_bias_of_next_to_nothing_does_not_flatten_the_rest(trained):
    _, curve = trained
    assert curve.values[0].max() > 1e6
    assert all(ax.get_ylim()[1] <= module.HIGHEST + 0.3 for ax in update_ratios(curve).axes)


def test_a_ratio_far_below_and_far_above_the_band_is_inside_the_picture():
    curve = Curve(("update_ratio/a/weights", "update_ratio/b/gammas"), np.tile([1e-6, 0.1], (50, 1)))
    for ax in update_ratios(curve).axes:
        assert ax.get_ylim()[0] < -6
        assert ax.get_ylim()[1] > -1


def test_of_many_layers_the_first_twelve_are_drawn_and_the_title_says_so():
    curve = Curve(tuple(f"update_ratio/layer{i}/weights" for i in range(20)), np.full((3, 20), 1e-3))
    figure = update_ratios(curve)
    assert len(figure.axes) == 12
    assert "the first 12 of 20 layers" in figure.texts[-1].get_text()


def test_the_title_says_what_the_ratio_is_and_names_the_rates_by_their_log10_where_known():
    curve = Curve(("update_ratio/layer1/weights",), np.full((3, 1), 1e-3))
    said = [update_ratios(curve, **rates).texts[-1].get_text() for rates in ({}, {"learning_rate": 0.1, "l2": 1e-4})]
    assert said[0] == "sum|Δp| / sum|p|, mean over an epoch's steps"
    assert said[1] == said[0] + "; log10(learning rate) = -1.00, log10(l2) = -4.00"
    assert update_ratios(curve, learning_rate=0.0, l2=0.0).texts[-1].get_text() == said[0]


def test_the_longest_title_fits_into_the_picture():
    curve = Curve(tuple(f"update_ratio/layer{i}/weights" for i in range(20)), np.full((3, 20), 1e-3))
    figure = update_ratios(curve, "Update ratios", learning_rate=1e-4, l2=1e-5)
    figure.draw_without_rendering()
    assert figure.texts[-1].get_window_extent().x1 < figure.bbox.x1


def test_a_curve_without_ratios_gives_no_picture():
    assert update_ratios(Curve(("train_loss",), np.ones((3, 1)))) is None
    assert update_ratios(Curve(("update_ratio/layer1/weights",), np.zeros((3, 1)))) is None
