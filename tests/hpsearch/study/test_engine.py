"""Optuna's own objects for what a spec says, and the private names of Optuna: which there are, and that they work."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import optuna
import pytest

import hpsearch.study
from hpsearch.errors import SpecError
from hpsearch.spec import Algorithm, Choices, Range
from hpsearch.study.engine import NumberedQmc, distribution, make_pruner, suggest
from hpsearch.study.trial_records import RUNG_NOTE

ROOM = Path(hpsearch.study.__file__).parent
PRIVATE = {"_find_sample_id", RUNG_NOTE}


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        (Range(low=1, high=9), optuna.distributions.IntDistribution(1, 9)),
        (Range(low=1, high=9, step=2), optuna.distributions.IntDistribution(1, 9, step=2)),
        (Range(low=1, high=9, log=True), optuna.distributions.IntDistribution(1, 9, log=True)),
        (Range(low=0.0, high=1), optuna.distributions.FloatDistribution(0, 1)),
        (Range(low=1e-4, high=1.0, log=True), optuna.distributions.FloatDistribution(1e-4, 1, log=True)),
        (Range(low=1, high=9, type="float"), optuna.distributions.FloatDistribution(1, 9)),
        (Choices(choices=["a", [1]]), optuna.distributions.CategoricalDistribution(["a", "[1]"])),
    ],
)
def test_a_parameter_becomes_the_distribution_of_the_same_values(parameter, expected):
    assert distribution(parameter) == expected


def test_what_only_the_engine_can_refuse_is_told_as_the_spec_s():
    with pytest.raises(SpecError, match=r"^search\.pruner: hyperband: .*auto"):
        make_pruner(Algorithm(name="hyperband", max_resource="soon"), 10)


@pytest.mark.parametrize(
    "parameter",
    [
        Range(low=1, high=9),
        Range(low=1, high=9, step=2),
        Range(low=1, high=100, log=True),
        Range(low=0.0, high=1.0),
        Range(low=0.0, high=1.0, step=0.25),
        Range(low=1e-4, high=1.0, log=True),
        Choices(choices=["a", [1], None]),
    ],
)
def test_a_parameter_is_suggested_from_its_own_distribution(parameter):
    trial, values = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0)).ask(), distribution(parameter)
    suggest(trial, "x", values)
    assert trial.distributions == {"x": values}


def of_others(tree):
    """Yield the names with an underscore that are read off something else than one's own object or class."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__"):
            if not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")):
                yield node.attr
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("optuna"):
            yield from (part for part in (node.module or "").split(".") if part.startswith("_"))
            yield from (alias.name for alias in node.names if alias.name.startswith("_"))


def overridden():
    """Yield the private names of Optuna's classes that classes of ours have, too."""
    for kind in (*classes(optuna.samplers.BaseSampler), *classes(optuna.pruners.BasePruner), *storages()):
        theirs = {name for base in kind.__mro__ if base.__module__.startswith("optuna") for name in vars(base)}
        yield from (name for name in vars(kind) if name.startswith("_") and not name.endswith("__") and name in theirs)


def storages():
    return classes(optuna.storages.BaseStorage)


def classes(base):
    ours = [kind for kind in base.__subclasses__() if kind.__module__.startswith("hpsearch")]
    return ours + [deeper for kind in base.__subclasses__() for deeper in classes(kind)]


def test_no_private_name_of_optuna_is_used_but_those_with_a_reason():
    names = {name for path in ROOM.rglob("*.py") for name in of_others(ast.parse(path.read_text(encoding="utf-8")))}
    assert names == set(), "a private name of another object"
    assert {*overridden()} - {"_abc_impl"} == PRIVATE - {RUNG_NOTE}
    assert len(PRIVATE) <= 3


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_optuna_asks_its_private_method_for_the_point_of_a_sequence():
    """Where this fails, `NumberedQmc` does nothing any more: every restart would begin the sequence again."""
    assert "self._find_sample_id(" in inspect.getsource(optuna.samplers.QMCSampler)

    def second(number):
        study = optuna.create_study(sampler=NumberedQmc(number, seed=0, scramble=True))
        study.add_trial(optuna.create_trial(value=0.0, params={"x": 0.5}, distributions={"x": space}))
        return study.ask({"x": space}).params["x"]

    space = optuna.distributions.FloatDistribution(0.0, 1.0)
    points = [second(number) for number in (1, 2, 3, 2)]
    assert len(set(points)) == 3 and points[1] == points[3]


def test_optuna_notes_rungs_under_the_prefix_that_we_know():
    """Where this fails, what asha noted is neither kept when a trial ends nor forgotten when it begins again."""
    study = optuna.create_study(pruner=optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=2))
    trial = study.ask()
    trial.report(0.5, 2)
    trial.should_prune()
    notes = study.trials[0].system_attrs
    assert notes and all(name.startswith(RUNG_NOTE) for name in notes)
