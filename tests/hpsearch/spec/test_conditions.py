"""Conditions on parameters, points of a space with conditions, and how mistakes in them are told."""

from __future__ import annotations

import pytest
from sample_specs import loaded, spec

from hpsearch.errors import SpecError
from hpsearch.spec.conditions import in_order, is_active, needed_for, point_with
from hpsearch.study.known_points import known_points

BRANCHES = {
    "memory": {"low": 0.5, "high": 0.9, "step": 0.4, "when": {"norm": True}},
    "trainer": {"choices": ["mlp", "batchnorm", "cnn"]},
    "norm": {"choices": [False, True], "when": {"trainer": ["batchnorm", "cnn"]}},
    "x": {"low": 0, "high": 1},
}


def space(**changes):
    return {**BRANCHES, **changes}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"x": {"low": 0, "high": 1, "when": {"trianer": "mlp"}}}, "x.when: unknown parameter 'trianer' (did you mean"),
        (
            {"x": {"low": 0, "high": 1, "when": {"trainer": "tree"}}},
            "x.when: trainer must be one of 'mlp', 'batchnorm'",
        ),
        ({"x": {"low": 0, "high": 1, "when": {"memory": 2}}}, "x.when: memory must be a number from 0.5 to 0.9 by 0.4"),
        ({"x": {"low": 0, "high": 1, "when": {"x": 1}}}, "x.when: conditions form a circle: x -> x"),
        (
            {"trainer": {"choices": ["mlp", "batchnorm", "cnn"], "when": {"memory": 0.5}}},
            "memory.when: conditions form a circle: memory -> norm -> trainer -> memory",
        ),
        ({"x": {"low": 0, "high": 1, "when": {}}}, "x.when: "),
        (
            {"trainer": {"low": 0, "high": 1}, "norm": {"choices": [True, False]}},
            "trainer: must be choices of trainers",
        ),
    ],
)
def test_a_condition_that_cannot_hold_is_one_line(changes, said):
    with pytest.raises(SpecError) as caught:
        loaded(space=space(**changes))
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_a_parameter_comes_behind_those_it_depends_on():
    assert in_order(spec(space=BRANCHES).space) == ["trainer", "norm", "memory", "x"]


def test_a_parameter_exists_where_its_condition_and_those_above_hold():
    given = spec(space=BRANCHES).space
    assert is_active(given, "memory", {"trainer": "cnn", "norm": True})
    assert not is_active(given, "memory", {"trainer": "cnn", "norm": False})
    assert not is_active(given, "norm", {"trainer": "mlp"})
    assert point_with(given, {}) == {"trainer": "mlp", "x": 0}
    assert needed_for(given, "memory") == {"trainer": "batchnorm", "norm": True}
    assert point_with(given, {**needed_for(given, "memory"), "memory": 0.9})["memory"] == 0.9


def test_a_grid_has_every_combination_once_and_no_parameter_that_does_not_exist():
    found = known_points(spec(space=BRANCHES, search__sampler="grid"))
    assert len(found) == 2 + 2 * 2 * (1 + 2)
    assert len({str(sorted(point.items())) for point in found}) == len(found)
    assert all(("memory" in point) == (point.get("norm") is True) for point in found)


@pytest.mark.parametrize(
    ("point", "said"),
    [
        ({"y": 1}, "search.enqueue.0: unknown parameter 'y'; choose from: memory, trainer, norm, x"),
        ({"x": 2}, "search.enqueue.0: x must be a whole number from 0 to 1, got 2"),
        ({"x": True}, "search.enqueue.0: x must be a whole number from 0 to 1, got True"),
        ({"trainer": "tree"}, "search.enqueue.0: trainer must be one of 'mlp', 'batchnorm', 'cnn', got 'tree'"),
        ({"trainer": "mlp", "norm": True}, "search.enqueue.0: norm exists only with trainer=['batchnorm', 'cnn']"),
        ({"trainer": "cnn", "norm": True, "memory": 0.7}, "memory must be a number from 0.5 to 0.9 by 0.4, got 0.7"),
    ],
)
def test_a_known_point_outside_of_the_space_is_one_line(point, said):
    with pytest.raises(SpecError) as caught:
        loaded(space=BRANCHES, search__enqueue=[point])
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_the_value_of_a_choice_may_itself_be_a_list():
    given = {"hidden": {"choices": [[5], [5, 5]]}, "x": {"low": 0, "high": 1, "when": {"hidden": [5, 5]}}}
    found = spec(space=given).space
    assert is_active(found, "x", {"hidden": [5, 5]}) and not is_active(found, "x", {"hidden": [5]})
