import numpy as np
import pytest

from hpsearch.figures.curves.learning_curves import learning_curves
from hpsearch.trial import Curve


def lines_by_label(ax):
    return {line.get_label().split(" (")[0]: line for line in ax.lines}


def test_two_panels_hold_log10_of_the_losses_and_the_accuracies(trained):
    _, curve = trained
    loss, accuracy = learning_curves(curve, 0.03, 1e-4).axes
    for ax, kind, change in ((loss, "loss", np.log10), (accuracy, "accuracy", np.asarray)):
        lines = lines_by_label(ax)
        for label, key in (("training", "train"), ("validation", "val")):
            expected = change(curve.values[:, curve.names.index(f"{key}_{kind}")])
            np.testing.assert_allclose(lines[label].get_ydata(), expected)
            np.testing.assert_array_equal(lines[label].get_xdata(), np.arange(1, curve.epochs + 1))
    assert loss.get_ylabel() == "log10(data loss)"
    assert accuracy.get_xlabel() == "epoch"


def test_the_title_carries_log10_of_the_rates_that_are_known(trained):
    both, one = learning_curves(trained[1], 0.01, 1e-4), learning_curves(trained[1], 0.01, 0)
    assert both.texts[-1].get_text() == "log10(learning rate) = -2.00, log10(l2) = -4.00"
    assert one.texts[-1].get_text() == "log10(learning rate) = -2.00"


def test_regression_draws_rmse_on_the_left_and_r2_on_the_right():
    curve = Curve(("val_rmse", "val_r2"), np.array([[30.0, -900.0], [2.0, 0.5], [1.0, 0.9]]))
    left, right = learning_curves(curve).axes
    np.testing.assert_array_equal(left.lines[0].get_ydata(), [30, 2, 1])
    np.testing.assert_array_equal(right.lines[0].get_ydata(), [-900, 0.5, 0.9])
    assert right.get_ylim()[0] == -1.0
    assert left.get_yscale() == "log"


@pytest.mark.parametrize("names", [("train_loss",), ("val_accuracy",)])
def test_a_curve_with_one_metric_gets_one_panel(names):
    assert len(learning_curves(Curve(names, np.array([[0.5], [0.4]]))).axes) == 1


@pytest.mark.parametrize(
    "curve", [Curve(), Curve(("other",), np.ones((3, 1))), Curve(("val_loss",), np.full((3, 1), np.nan))]
)
def test_a_curve_with_nothing_to_draw_gives_no_picture(curve):
    assert learning_curves(curve) is None


def test_values_that_are_not_finite_or_not_positive_leave_gaps():
    curve = Curve(("train_loss",), np.array([[1.0], [np.inf], [0.0], [0.1]]))
    np.testing.assert_allclose(learning_curves(curve).axes[0].lines[0].get_ydata(), [0, np.nan, np.nan, -1])


def test_the_epoch_of_the_kept_weights_is_marked_unless_it_is_the_last(trained):
    _, curve = trained
    marked = lines_by_label(learning_curves(curve, epoch=17).axes[0])["weights of epoch 17"]
    assert list(marked.get_xdata()) == [17, 17]
    assert len(learning_curves(curve, epoch=curve.epochs).axes[0].lines) == 2
