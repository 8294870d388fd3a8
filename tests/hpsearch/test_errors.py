"""The tree of errors is as its docstring draws it, and the names people may catch do not change unnoticed."""

from __future__ import annotations

import inspect
import re

import pytest

import hpsearch
from hpsearch import errors

CLASSES = {
    name: kind
    for name, kind in vars(errors).items()
    if inspect.isclass(kind) and issubclass(kind, errors.HpsearchError)
}
BUILTINS = {
    "UserError": ValueError,
    "UnknownSweep": LookupError,
    "StoreError": OSError,
    "SweepBusy": RuntimeError,
    "TrackingUnreachable": ConnectionError,
    "SweepStopped": RuntimeError,
    "TrainerError": RuntimeError,
}


def drawn():
    """Read the docstring's tree: name -> name of the parent."""
    parents, above = {}, []
    for line in errors.__doc__.splitlines():
        match = re.match(r"    ((?:[│├└─ ]{4})*)(\w+)\b", line)
        if match and match[2] in CLASSES:
            depth = len(match[1]) // 4
            above[depth:] = [match[2]]
            parents[match[2]] = above[depth - 1] if depth else None
    return parents


def test_every_class_is_drawn_below_its_parent():
    parents = drawn()
    assert parents.keys() == CLASSES.keys()
    for name, parent in parents.items():
        if parent is None:
            assert name == "HpsearchError"
        else:
            assert CLASSES[parent] in CLASSES[name].__bases__


@pytest.mark.parametrize(("name", "builtin"), BUILTINS.items())
def test_an_error_is_also_a_builtin_one(name, builtin):
    assert issubclass(CLASSES[name], builtin)


def test_a_user_s_mistake_ends_with_2_and_a_fault_with_1():
    for name, kind in CLASSES.items():
        expected = 2 if issubclass(kind, errors.UserError) or name == "SweepBusy" else 1
        assert kind.exit_code == expected, name


def test_the_public_names_are_these():
    assert sorted(hpsearch.__all__) == [
        "HpsearchError",
        "Result",
        "SweepSpec",
        "UserError",
        "load_spec",
        "resume",
        "run",
    ]
    assert all(hasattr(hpsearch, name) for name in hpsearch.__all__)


def test_an_unknown_name_is_told_with_a_guess_and_all_choices():
    told = errors.unknown("trainer", "trainer", "mpl", ["mlp", "batchnorm"])
    assert told == "trainer: unknown trainer 'mpl' (did you mean 'mlp'?); choose from: batchnorm, mlp"
    assert errors.unknown("a", "b", "zzz", []) == "a: unknown b 'zzz'; choose from: none"
