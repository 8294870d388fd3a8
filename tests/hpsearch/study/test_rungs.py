"""When a pruner looks at a trial."""

from __future__ import annotations

import pytest

from hpsearch.spec import Algorithm
from hpsearch.study.rungs import Rungs, rungs, settled


@pytest.mark.parametrize(
    ("name", "settings", "epochs", "expected"),
    [
        ("median", {}, 200, [10, 20, 30]),
        ("percentile", {"interval_steps": 7}, 200, [7, 14, 21]),
        ("patience", {}, 200, [1, 2, 3]),
        ("asha", {}, 500, [42, 126, 378]),
        ("hyperband", {}, 500, [19, 57, 171]),
        ("hyperband", {"min_resource": 4}, 36, [4, 12, 36]),
        ("asha", {"min_resource": 2, "reduction_factor": 2}, 10, [2, 4, 8]),
        ("asha", {"min_resource": 2, "min_early_stopping_rate": 1}, 100, [6, 18, 54]),
        ("divergence", {}, 40, [2, 4, 6]),
        ("update_ratio", {"interval_steps": 1}, None, [1, 2, 3]),
    ],
)
def test_rungs_follow_from_the_settings_and_the_epochs(name, settings, epochs, expected):
    found = rungs(Algorithm(name=name, **settings), epochs)
    seen, epoch = [], 0
    for _ in expected:
        epoch = found.after(epoch)
        seen.append(epoch)
    assert seen == expected


def test_without_a_pruner_there_are_no_rungs():
    assert rungs(Algorithm(name="none"), 100) is None


@pytest.mark.parametrize("epoch", range(30))
def test_the_next_rung_lies_behind_the_epoch(epoch):
    assert Rungs(3, 2).after(epoch) > epoch and Rungs(4).after(epoch) > epoch


def test_what_the_spec_says_wins_over_the_defaults():
    asha = settled(Algorithm(name="asha", min_resource=5), 500)
    assert asha["min_resource"] == 5 and asha["reduction_factor"] == 3
    assert settled(Algorithm(name="hyperband"), 500)["max_resource"] == 500
    assert settled(Algorithm(name="patience"), 200)["patience"] == 20
