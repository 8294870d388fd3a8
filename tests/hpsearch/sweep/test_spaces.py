"""Sweeps over several trainers, with conditions and with known points, from end to end."""

from __future__ import annotations

import pytest
from sample_specs import loaded

from hpsearch.errors import SpecError
from hpsearch.model.bundle import load
from hpsearch.results.integrity import check_invariant
from hpsearch.study.study import Study
from hpsearch.sweep.prepare import prepare_sweep
from hpsearch.sweep.session import Session
from hpsearch.tracking import open_store

pytestmark = pytest.mark.slow

TWO = {
    "trainer": {"choices": ["mlp", "batchnorm"]},
    "learning_rate": {"low": 0.01, "high": 0.1, "log": True},
    "norm_momentum": {"low": 0.5, "high": 0.9, "when": {"trainer": "batchnorm"}},
}
FIXED = {"hidden": [4], "epochs": 3}


def trials_of(addresses, name="tiny"):
    return Study.load(addresses.storage, name).trials()


@pytest.mark.parametrize("sampler", ["tpe", "random", "qmc", "nsga2"])
def test_several_trainers_are_searched_at_once(addresses, sampler, tmp_path):
    settings = {"tpe": {"n_startup_trials": 4}, "nsga2": {"population_size": 4}}.get(sampler, {})
    given = loaded(
        trainer=None, space=TWO, settings=FIXED, search={"trials": 12, "sampler": {"name": sampler, **settings}}
    )
    summary = Session(addresses, in_process=True).run(given)
    trials = trials_of(addresses)
    assert {trial.params["trainer"] for trial in trials} == {"mlp", "batchnorm"}
    assert all(("norm_momentum" in t.params) == (t.params["trainer"] == "batchnorm") for t in trials)
    assert summary.counts.complete == 12 and summary.score is not None
    store = open_store(addresses.tracking, addresses.home)
    assert check_invariant(Study.load(addresses.storage, "tiny"), store, "tiny", 12) == []
    bundle = load(addresses.sweep("tiny") / "models" / f"trial-{summary.best.number:04d}")
    assert bundle.trainer == summary.best.params["trainer"]


@pytest.mark.usefixtures("no_pictures")
def test_known_points_run_first_and_are_counted(addresses):
    given = loaded(
        trainer="sample_trainers:Quadratic",
        space={"x": {"low": 0.0, "high": 1.0}, "kind": {"choices": ["a", "b"]}, "hidden": {"choices": [[5], [5, 5]]}},
        search__trials=4,
        search__enqueue=[{"x": 1, "kind": "b", "hidden": [5, 5]}, {"kind": "a"}],
    )
    Session(addresses, in_process=True).run(given)
    trials = trials_of(addresses)
    assert trials[0].params == {"x": 1.0, "kind": "b", "hidden": [5, 5]}
    assert trials[1].params["kind"] == "a" and 0 <= trials[1].params["x"] <= 1
    assert [trial.number for trial in trials] == [0, 1, 2, 3]


@pytest.mark.usefixtures("no_pictures")
def test_known_points_come_before_the_grid_s(addresses):
    given = loaded(
        space={"x": {"low": 0.0, "high": 1.0, "step": 0.5}},
        search={"trials": 4, "sampler": "grid", "enqueue": [{"x": 0.5}]},
    )
    Session(addresses, in_process=True).run(given)
    assert trials_of(addresses)[0].params["x"] == 0.5
    assert sorted(t.params["x"] for t in trials_of(addresses)) == [0.0, 0.5, 0.5, 1.0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"settings": {**FIXED, "norm_memory": 0.9}}, "mlp has no setting 'norm_memory'"),
        ({"space": {**TWO, "norm_momentum": {"low": 0.5, "high": 0.9}}}, "mlp has no setting 'norm_momentum'"),
        (
            {
                "space": {
                    **TWO,
                    "trainer": {"choices": ["mlp", "tree"]},
                    "norm_momentum": {"low": 0, "high": 1, "when": {"trainer": "tree"}},
                }
            },
            "'tree'",
        ),
        (
            {"search": {"sampler": "gp"}},
            "search.sampler: gp searches spaces without conditions (when); choose from: tpe",
        ),
    ],
)
def test_a_setting_that_one_of_the_trainers_refuses_is_told_before_anything_starts(changes, said):
    given = {"trainer": None, "space": TWO, "settings": FIXED, "search": {"trials": 2}, **changes}
    with pytest.raises(SpecError) as caught:
        prepare_sweep(loaded(**given))
    assert said in str(caught.value) and "\n" not in str(caught.value)
