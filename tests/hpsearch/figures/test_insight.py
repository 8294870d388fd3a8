"""The pictures of what a search found out: importance, contour, parallel coordinates, timeline, pruning, curves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hpsearch.figures import style
from hpsearch.figures.trials.contour import contour
from hpsearch.figures.trials.importance import importance
from hpsearch.figures.trials.parallel_coordinates import parallel_coordinates
from hpsearch.figures.trials.pruning import pruning
from hpsearch.figures.trials.timeline import _lanes, timeline
from hpsearch.figures.trials.trial_curves import TrialCurve, trial_curves
from hpsearch.spec import Choices, Range
from hpsearch.study.importance import importances
from hpsearch.sweep.conclude.trials_table import trials_table
from hpsearch.trial import State, TrialRecord

SPACE = {
    "learning_rate": Range(low=1e-4, high=1.0, log=True),
    "hidden": Choices(choices=[[20], [50, 50]]),
    "momentum": Range(low=0.0, high=0.9),
}


def records(count=30, states=("complete", "complete", "pruned", "complete", "failed")):
    draw = np.random.default_rng(0)
    made = []
    for number in range(count):
        state = State(states[number % len(states)])
        rate = float(10 ** draw.uniform(-4, 0))
        params = {
            "learning_rate": rate,
            "hidden": SPACE["hidden"].choices[number % 2],
            "momentum": draw.uniform(0, 0.9),
        }
        value = 1 - (np.log10(rate) + 1.5) ** 2 / 10 if state is State.COMPLETE else None
        begun, epochs = 1000 * (number // 2), 20 if state is State.COMPLETE else 3
        made.append(TrialRecord(number, state, value, params, epochs, "", begun, begun + 40 * epochs, epochs))
    return made


TRIALS = trials_table(records(), parameters=tuple(SPACE))
NONE = trials_table([], parameters=tuple(SPACE))


def said(figure):
    """Return every text of a figure, drawn: so a picture that cannot be rendered fails here."""
    assert style.png(figure).startswith(b"\x89PNG")
    texts = [text.get_text() for ax in figure.axes for text in ax.texts]
    labels = [t.get_text() for ax in figure.axes for t in (*ax.get_xticklabels(), *ax.get_yticklabels())]
    legends = [t.get_text() for legend in figure.legends for t in legend.get_texts()]
    return [*texts, *labels, *legends, *(t.get_text() for t in figure.texts), figure._suptitle.get_text()]


class TestImportance:
    def test_the_parameter_that_alone_decides_explains_nearly_everything(self):
        shares = importances(SPACE, records(), maximize=True)
        assert list(shares) == sorted(shares, key=lambda name: -shares[name])
        assert next(iter(shares)) == "learning_rate"
        assert shares["learning_rate"] > 0.5
        assert sum(shares.values()) == pytest.approx(1)

    def test_the_same_trials_have_the_same_importance(self):
        assert importances(SPACE, records(), maximize=True) == importances(SPACE, records(), maximize=True)

    @pytest.mark.parametrize("trials", [[], records(3), records(20, states=("pruned",))])
    def test_too_few_trials_have_none(self, trials):
        assert importances(SPACE, trials, maximize=True) == {}

    def test_bars_are_named_and_labelled_and_none_means_no_picture(self):
        texts = said(importance({"momentum": 0.1, "learning_rate": 0.9}, "val_accuracy"))
        assert "90.0%" in texts
        assert texts.index("90.0%") < texts.index("10.0%")
        assert importance({}, "val_accuracy") is None


class TestContour:
    def test_the_two_most_important_ranges_are_its_axes(self):
        figure = contour(TRIALS, "val_accuracy", SPACE, ranking=("hidden", "momentum", "learning_rate"))
        assert "best: trial" in " ".join(said(figure))
        assert figure.axes[0].get_xlabel() == "momentum"
        assert figure.axes[0].get_ylabel() == "log10(learning_rate)"

    def test_it_needs_two_ranges_and_points_that_span_a_plane(self):
        assert contour(TRIALS, "v", {name: SPACE[name] for name in ("learning_rate", "hidden")}) is None
        assert contour(TRIALS[:4], "v", SPACE) is None
        assert contour(NONE, "v", SPACE) is None
        flat = TRIALS.assign(**{"params.momentum": 0.5})
        assert contour(flat, "v", SPACE) is None

    def test_equal_values_are_drawn_without_a_landscape(self):
        assert said(contour(TRIALS.assign(value=0.5), "v", SPACE))


class TestParallelCoordinates:
    def test_there_is_an_axis_a_parameter_in_the_ranking_and_one_for_the_value(self):
        texts = said(parallel_coordinates(TRIALS, "val_accuracy", SPACE, ranking=("momentum",)))
        names = [text for text in texts if text in (*SPACE, "val_accuracy")]
        assert names == ["momentum", "learning_rate", "hidden", "val_accuracy"]
        assert "[50, 50]" in texts
        assert any(text.startswith("≤ ") for text in texts)

    def test_a_trial_without_a_parameter_passes_below_its_axis(self):
        without = TRIALS.assign(**{"params.momentum": TRIALS["params.momentum"].where(TRIALS["number"] % 3 > 0)})
        assert "none" in said(parallel_coordinates(without, "v", SPACE))
        assert "none" not in said(parallel_coordinates(TRIALS, "v", SPACE))

    def test_smaller_may_be_better_and_one_trial_is_enough(self):
        assert any(text.startswith("≥ ") for text in said(parallel_coordinates(TRIALS, "l", SPACE, maximize=False)))
        assert said(parallel_coordinates(TRIALS[:1], "v", SPACE))
        assert parallel_coordinates(NONE, "v", SPACE) is None


class TestTimeline:
    def test_trials_that_overlap_lie_in_lanes_of_their_own(self):
        started, ended = np.array([0.0, 0.0, 1.0, 2.0, 2.0]), np.array([2.0, 1.0, 3.0, 4.0, 5.0])
        assert _lanes(started, ended).tolist() == [0, 1, 1, 0, 2]

    def test_every_state_and_the_best_are_named(self):
        texts = said(timeline(TRIALS, best=1))
        assert {"best: trial 1", "complete (18)", "pruned (6)", "failed (6)"} <= set(texts)
        assert "2 trials at once at most" in " ".join(texts)

    def test_each_worker_has_its_lane_in_the_order_in_which_they_began(self):
        names = [f"node/{100 - number % 3}" for number in range(len(TRIALS))]
        texts = said(timeline(TRIALS.assign(worker=names)))
        assert [text for text in texts if text.startswith("node/")] == ["node/100", "node/99", "node/98"]
        assert "2 trials at once at most" in " ".join(texts)

    def test_a_trial_that_has_not_ended_is_left_out(self):
        assert timeline(TRIALS.assign(ended=pd.NaT)) is None
        assert timeline(NONE) is None


class TestPruning:
    def test_what_was_saved_is_counted(self):
        texts = " ".join(said(pruning(TRIALS)))
        assert "6 of 30 trials pruned: 102 epochs saved, 20% of all there would be" in texts

    def test_without_pruned_or_without_complete_trials_there_is_nothing_to_say(self):
        assert pruning(TRIALS[TRIALS["state"] != "pruned"]) is None
        assert pruning(TRIALS[TRIALS["state"] != "complete"]) is None


class TestTrialCurves:
    def test_the_winner_is_named_and_pruned_ones_share_a_label(self):
        curves = [
            TrialCurve(n, np.arange(1.0, 6), np.linspace(0, n, 5), pruned=state == "pruned")
            for n, state in enumerate(("complete", "complete", "pruned", "pruned"))
        ]
        texts = said(trial_curves(curves, "val_accuracy", best=1))
        assert {"trial 0", "trial 1 (winner)", "pruned (2)"} <= set(texts)
        assert trial_curves(curves[2:], "v") is None


def test_an_svg_is_the_same_each_time_and_loads_nothing():
    first, second = (style.svg(importance({"a": 1.0}, "v")) for _ in range(2))
    assert first == second
    assert b"<svg" in first
    assert b"<script" not in first
