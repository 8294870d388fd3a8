"""Samplers and pruners in a spec: what may be set, and how a wrong setting is told."""

from __future__ import annotations

import inspect

import optuna
import pytest
from sample_specs import loaded, tiny

from hpsearch.errors import SpecError
from hpsearch.spec import load_spec
from hpsearch.spec.algorithms import PRUNER_KINDS, SAMPLER_KINDS

WRONG = [
    ("sampler", {"name": "tpe", "n_startup_trails": 3}, "tpe has no setting 'n_startup_trails' (did you mean"),
    ("sampler", {"name": "tpe", "n_startup_trials": -1}, "tpe: n_startup_trials must be a whole number of at least 0"),
    ("sampler", {"name": "tpe", "constant_liar": 1}, "tpe: constant_liar must be true or false, got 1"),
    ("sampler", {"name": "tpe", "group": True, "multivariate": False}, "tpe: group needs multivariate"),
    ("sampler", {"name": "grid", "wrong": 1}, "grid has no setting 'wrong'; choose from: none"),
    ("sampler", {"name": "qmc", "qmc_type": "sobel"}, "qmc: qmc_type must be one of sobol, halton, got 'sobel'"),
    ("sampler", {"name": "nsga2", "mutation_prob": 2}, "nsga2: mutation_prob must be a number from 0 to 1, got 2"),
    ("sampler", "cma", "unknown sampler 'cma' (did you mean 'cmaes'?); choose from: tpe, random"),
    ("pruner", {"name": "median", "n_startup_trials": -1}, "median: n_startup_trials must be a whole number"),
    ("pruner", {"name": "median", "interval_steps": "often"}, "interval_steps must be a whole number of at least 1"),
    ("pruner", {"name": "asha", "reduction_factor": 1}, "asha: reduction_factor must be a whole number of at least 2"),
    ("pruner", {"name": "asha", "min_resource": True}, "asha: min_resource must be a whole number of at least 1"),
    ("pruner", {"name": "none", "patience": 1}, "none has no setting 'patience'; choose from: none"),
    ("pruner", "threshold", "threshold: needs lower, upper or both"),
    (
        "pruner",
        {"name": "threshold", "lower": 1, "upper": 0.5},
        "lower must not be above upper, got lower=1, upper=0.5",
    ),
    ("pruner", "percentile", "percentile: needs percentile"),
    ("pruner", {"name": "patience", "wrapped": "none"}, "wrapped must be one of median, asha, hyperband"),
    ("pruner", {"name": "update_ratio", "low": 1.0, "high": 0.1}, "update_ratio: low must be below high, got low=1.0"),
    ("pruner", {"name": "update_ratio", "low": 1.0}, "update_ratio: low must be below high, got low=1.0, high=0.1"),
    ("pruner", {"name": "divergence", "factor": 0.5}, "divergence: factor must be a number of at least 1, got 0.5"),
]


@pytest.mark.parametrize(("role", "given", "said"), WRONG)
def test_a_wrong_setting_is_one_line_that_names_it_the_rule_and_the_value(role, given, said):
    with pytest.raises(SpecError) as caught:
        loaded(**{f"search__{role}": given})
    message = str(caught.value)
    assert message.startswith(f"search.{role}: ") and said in message and "\n" not in message


def test_a_wrong_setting_is_told_with_its_line(tmp_path):
    path = tmp_path / "sweep.yaml"
    head = "name: a\ndata: {dataset: iris}\nspace: {x: {low: 0, high: 1}}\n"
    path.write_text(head + "search:\n  sampler: {name: tpe, n: 1}\n")
    with pytest.raises(SpecError, match=r"sweep\.yaml:5: search\.sampler: tpe has no setting 'n'"):
        load_spec(path)


@pytest.mark.parametrize(("kinds", "engine"), [(SAMPLER_KINDS, optuna.samplers), (PRUNER_KINDS, optuna.pruners)])
def test_every_setting_is_one_of_the_engine_s_class(kinds, engine):
    ours = {"wilcoxon": {"interval_steps"}, "patience": {"wrapped"}}
    for name, kind in kinds.items():
        if kind.engine:
            known = set(inspect.signature(getattr(engine, kind.engine)).parameters)
            assert set(kind.knobs) - ours.get(name, set()) <= known, name


def test_the_settings_are_read_back_as_they_were_given():
    spec = load_spec({**tiny(), "search": {"sampler": {"name": "nsga2", "population_size": 8}}}).spec
    assert spec.search.sampler.settings == {"population_size": 8}
    assert type(spec).model_validate_json(spec.model_dump_json()) == spec
