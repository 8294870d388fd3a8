"""The front of several aims, and its knee."""

from __future__ import annotations

import random

import pytest

from hpsearch.study.pareto_front import front, front_json, front_lines, knee
from hpsearch.trial import State, TrialRecord

AIMS = {"accuracy": True, "size": False}


def record(number, accuracy, size, state=State.COMPLETE):
    values = {} if accuracy is None else {"accuracy": accuracy, "size": size}
    return TrialRecord(number, state, accuracy, {"x": number}, 1, "", 0, 0, 1, values=values)


TRIALS = [
    record(0, 0.9, 100),
    record(1, 0.8, 20),
    record(2, 0.7, 30),  # beaten by 1
    record(3, 0.5, 10),
    record(4, 0.9, 100),  # equal to 0, and later
    record(5, None, None, State.FAILED),
]


def test_the_front_has_every_trial_that_no_other_beats_and_of_equals_the_first():
    assert [trial.number for trial in front(TRIALS, AIMS)] == [0, 1, 3]
    assert [trial.number for trial in front(reversed(TRIALS), AIMS)] == [0, 1, 3]
    assert front([], AIMS) == []


def test_the_knee_lies_nearest_to_the_best_of_every_aim():
    assert knee(front(TRIALS, AIMS), AIMS).number == 1
    assert knee([], AIMS) is None
    assert knee([record(3, 0.5, 10)], AIMS).number == 3


@pytest.mark.parametrize("seed", range(5))
def test_the_front_is_what_comparing_all_pairs_gives(seed):
    luck = random.Random(seed)
    trials = [record(n, luck.randrange(6), luck.randrange(6)) for n in range(40)]

    def beats(a, b):
        pairs = [(-a.values["accuracy"], -b.values["accuracy"]), (a.values["size"], b.values["size"])]
        equal = all(x == y for x, y in pairs)
        return all(x <= y for x, y in pairs) and (not equal or a.number < b.number)

    expected = [t.number for t in trials if not any(beats(one, t) for one in trials if one is not t)]
    assert [trial.number for trial in front(trials, AIMS)] == expected


def test_the_front_is_shown_with_its_knee_marked():
    assert front_lines(TRIALS[:2], TRIALS[1]) == [
        "trial 0: accuracy 0.9, size 100",
        "trial 1: accuracy 0.8, size 20 (the knee)",
    ]
    assert front_json(TRIALS[1]) == {"number": 1, "values": {"accuracy": 0.8, "size": 20}, "params": {"x": 1}}
