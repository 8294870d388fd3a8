import numpy as np
import pytest

from hpsearch.figures.trials.best_so_far import best_so_far


@pytest.mark.parametrize(("maximize", "running"), [(True, np.maximum), (False, np.minimum)])
def test_the_line_is_the_running_best_and_ends_at_the_last_trial(trials, maximize, running):
    trials.loc[23, "state"] = "pruned"
    (ax,) = best_so_far(trials, "val_accuracy", maximize).axes
    done = trials[trials["state"] == "complete"]
    expected = running.accumulate(done["value"].to_numpy())
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), [*done["number"], 23])
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [*expected, expected[-1]])


def test_each_trial_is_marked_by_its_state(trials):
    (ax,) = best_so_far(trials, "val_accuracy").axes
    points = {c.get_label(): np.asarray(c.get_offsets()) for c in ax.collections}
    assert list(points) == ["complete (22)", f"best: trial 11, {trials['value'].max():.4g}", "pruned (1)", "failed (1)"]
    assert points["pruned (1)"][0, 0] == 4
    assert points["failed (1)"][0, 0] == 7


def test_rows_in_another_order_give_the_same_line(trials):
    (one,), (other,) = (best_so_far(t, "m").axes for t in (trials, trials.sample(frac=1, random_state=0)))
    np.testing.assert_array_equal(one.lines[0].get_ydata(), other.lines[0].get_ydata())


def test_without_a_complete_trial_there_is_no_picture(trials):
    assert best_so_far(trials[trials["state"] != "complete"], "val_accuracy") is None
    assert best_so_far(trials.iloc[:0], "val_accuracy") is None
