"""Every built-in data set can be listed, made and prepared; wrong options are named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hpsearch.data.prepare import prepare
from hpsearch.data.registry import DATASETS, load_builtin
from hpsearch.errors import DataError
from hpsearch.spec.model import DataSpec


def test_the_data_sets_of_the_articles_are_there():
    wanted = "oscillating random moons digits iris wine breast_cancer diamond square gates plane diabetes"
    assert set(DATASETS) == set(wanted.split())


@pytest.mark.parametrize("name", DATASETS)
def test_every_data_set_has_a_line_of_description_and_defaults(name):
    assert DATASETS[name].name == name
    assert 10 < len(DATASETS[name].description) < 100
    assert DATASETS[name].load(DATASETS[name].options).X.shape[0] > 0


@pytest.mark.parametrize("name", DATASETS)
def test_every_data_set_prepares_and_is_the_same_twice(name):
    first, again = (prepare(DataSpec(dataset=name), Path()) for _ in range(2))
    assert first.fingerprint == again.fingerprint
    assert first.train.X.tobytes() == again.train.X.tobytes()
    assert first.task == ("regression" if name in ("plane", "diabetes") else "classification")


@pytest.mark.parametrize("name", [name for name, builtin in DATASETS.items() if "seed" in builtin.options])
def test_another_seed_makes_other_rows(name):
    assert not np.array_equal(load_builtin(name, {"seed": 1}).X, load_builtin(name, {"seed": 2}).X)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("oscilating", {}, r"data\.dataset: unknown data set 'oscilating' \(did you mean 'oscillating'\?\); choose"),
        (
            "moons",
            {"noize": 1},
            r"data\.options\.noize: unknown option of data set 'moons' 'noize' \(did you mean 'noise'",
        ),
        ("digits", {"rows": 3}, "choose from: none"),
        ("moons", {"rows": 0}, r"data\.options\.rows: must be a whole number from 1 to 10,000,000, got 0"),
        ("moons", {"rows": True}, "must be a whole number"),
        ("moons", {"rows": 20.0}, "must be a whole number"),
        ("moons", {"rows": 10**12}, "must be a whole number"),
        ("moons", {"seed": -1}, "from 0 to"),
        ("moons", {"noise": float("nan")}, "must be a finite number"),
        ("moons", {"noise": "much"}, "must be a finite number"),
        ("gates", {"gate": "nor"}, r"unknown choice 'nor'.*choose from: and, nand, or, xor"),
        ("gates", {"gate": ["xor"]}, "unknown choice"),
        ("random", {"rows": 10**7, "features": 10**7}, "more rows than there is memory for"),
    ],
)
def test_a_wrong_name_or_option_is_named_with_the_rule(name, options, message):
    with pytest.raises(DataError, match=message):
        load_builtin(name, options)
