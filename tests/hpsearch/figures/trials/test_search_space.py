import numpy as np
import pytest

from hpsearch.figures.trials.search_space import search_space
from hpsearch.spec import Choices, Range


def drawn(ax):
    """Return the points of each label, ``complete`` for example."""
    found = {c.get_label().split(" (")[0].split(":")[0]: np.asarray(c.get_offsets()) for c in ax.collections}
    return {name: points for name, points in found.items() if not name.startswith("_")}


def test_one_panel_a_parameter_with_every_complete_trial_as_a_dot(trials, space):
    figure = search_space(trials, "val_accuracy", space)
    done = trials[trials["state"] == "complete"]
    assert [ax.get_xlabel() for ax in figure.axes] == ["log10(learning_rate)", "log10(l2)", "momentum", "hidden"]
    for ax, name in zip(figure.axes, ("learning_rate", "l2"), strict=False):
        values = np.log10(done[f"params.{name}"])
        np.testing.assert_allclose(drawn(ax)["complete"], np.column_stack([values, done["value"]]))
    np.testing.assert_allclose(drawn(figure.axes[2])["complete"][:, 0], done["params.momentum"])


def test_the_best_trial_is_marked(trials, space):
    for maximize, best in ((True, trials["value"].idxmax()), (False, trials["value"].idxmin())):
        ax = search_space(trials, "metric", space, maximize=maximize).axes[0]
        rate, value = trials.loc[best, ["params.learning_rate", "value"]]
        np.testing.assert_allclose(drawn(ax)["best"], [[np.log10(rate), value]])


def test_pruned_and_failed_trials_stand_at_the_bottom_edge(trials, space):
    points = drawn(search_space(trials, "val_accuracy", space).axes[0])
    for state, row in (("pruned", 4), ("failed", 7)):
        ((x, height),) = points[state]
        assert x == pytest.approx(np.log10(trials.loc[row, "params.learning_rate"]))
        assert height < 0.05


def test_each_choice_has_a_strip_of_its_own(trials, space):
    ax = search_space(trials, "val_accuracy", space).axes[3]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["[50]", "[100, 100]", "[20, 20, 20]"]
    cells = trials.loc[trials["state"] == "complete", "params.hidden"]
    addresses = [["[50]", "[100, 100]", "[20, 20, 20]"].index(cell) for cell in cells]
    np.testing.assert_array_equal(np.round(drawn(ax)["complete"][:, 0]), addresses)


def test_numeric_and_boolean_choices_are_matched_by_value(trials):
    trials["params.size"] = np.where(trials["number"] % 2, 5.0, 50.0)
    trials["params.nesterov"] = (trials["number"] % 2 == 0).astype("boolean")
    space = {"size": Choices(choices=(5, 50)), "nesterov": Choices(choices=(False, True))}
    even = trials.loc[trials["state"] == "complete", "number"] % 2 == 0
    for ax in search_space(trials, "val_accuracy", space).axes:
        np.testing.assert_array_equal(np.round(drawn(ax)["complete"][:, 0]), even)


def test_one_diverging_trial_does_not_flatten_the_others(trials, space):
    trials.loc[3, "value"] = 1e6
    assert search_space(trials, "val_loss", space, maximize=False).axes[0].get_yscale() == "log"
    trials.loc[3, "value"] = -1e6
    assert search_space(trials, "val_r2", space).axes[0].get_yscale() == "symlog"


def test_the_axis_spans_the_whole_range(trials, space):
    low, high = search_space(trials, "val_accuracy", space).axes[0].get_xlim()
    assert low < -4 < -1 < high


def test_without_an_ended_trial_or_a_column_there_is_no_picture(trials, space):
    assert search_space(trials.iloc[:0], "val_accuracy", space) is None
    assert search_space(trials, "val_accuracy", {"other": Range(low=0, high=1)}) is None


def test_failed_trials_alone_still_show_where_they_were(trials, space):
    points = drawn(search_space(trials[trials["state"] == "failed"], "val_accuracy", space).axes[0])
    assert len(points["complete"]) == 0
    assert len(points["failed"]) == 1
