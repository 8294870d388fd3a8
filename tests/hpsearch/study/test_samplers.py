"""Which sampler can search which space; every one of them proposes points inside it, reproducibly."""

from __future__ import annotations

import importlib.util

import pytest
from sample_specs import spec

from hpsearch.errors import SpecError
from hpsearch.spec.algorithms import SAMPLER_KINDS
from hpsearch.study.samplers import check_sampler
from hpsearch.study.study import Study
from hpsearch.trial import Outcome, State

NUMBERS = {"x": {"low": 0.0, "high": 1.0, "step": 0.05}, "n": {"low": 1, "high": 9}}
THERE = [n for n, k in SAMPLER_KINDS.items() if k.needs is None or importlib.util.find_spec(k.needs[0])]


def searched(url, name, sampler, trials=16):
    study = Study.create(url, spec(name=name, space=NUMBERS, search__sampler=sampler, search__trials=trials), {})
    study.prepare(5)
    for _ in range(trials):
        suggestion = study.ask()
        value = -((suggestion.params["x"] - 0.3) ** 2) - suggestion.params["n"] / 100
        study.tell(suggestion.number, Outcome(State.COMPLETE, value, 5, 5))
    return [trial.params for trial in study.trials()]


@pytest.mark.parametrize("name", THERE)
def test_a_sampler_searches_numbers_and_repeats_itself(addresses, name):
    settings = {"cmaes": {"popsize": 4}, "nsga2": {"population_size": 4}}.get(name, {})
    found = [searched(addresses.storage, once, {"name": name, **settings}) for once in ("one", "two")]
    assert found[0] == found[1]
    assert all(0 <= p["x"] <= 1 and 1 <= p["n"] <= 9 and isinstance(p["n"], int) for p in found[0])
    assert len({str(p) for p in found[0]}) > 8


def test_a_missing_package_is_told_with_the_extra_that_brings_it(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    said = r"^search\.sampler: cmaes needs the package cmaes; install it: pip install 'hpsearch\[cmaes\]'$"
    with pytest.raises(SpecError, match=said):
        check_sampler(spec(space=NUMBERS, search__sampler="cmaes"))
    with pytest.raises(SpecError, match=r"gp needs the package torch; install it: pip install 'hpsearch\[torch\]'"):
        check_sampler(spec(search__sampler="gp"))


@pytest.fixture
def everything_installed(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())


@pytest.mark.usefixtures("everything_installed")
@pytest.mark.parametrize(
    ("sampler", "space", "said"),
    [
        ("grid", {"x": {"low": 0.0, "high": 1.0}}, "space.x: the grid sampler needs a step or choices"),
        ("grid", {"x": {"low": 1, "high": 3}}, "search.trials: the grid has 3 points, got trials=5"),
        ("cmaes", {"x": {"low": 0.0, "high": 1.0}}, "cmaes needs two numeric parameters at least"),
        ("cmaes", {**NUMBERS, "kind": {"choices": ["a"]}}, "cmaes searches numbers only, got choices in space.kind"),
        ("grid", {n: {"low": 1, "high": 10**4} for n in "xy"}, "space: a grid may have 1000000 points at most"),
    ],
)
def test_a_space_that_a_sampler_cannot_search_is_refused(sampler, space, said):
    with pytest.raises(SpecError) as caught:
        check_sampler(spec(space=space, search__sampler=sampler))
    assert said in str(caught.value) and "\n" not in str(caught.value)
