"""Another sweep's trials teach the sampler: seen by it alone, never counted, never best, without runs."""

from __future__ import annotations

import pytest
from sample_specs import loaded

from hpsearch.errors import SpecError, UnknownSweep
from hpsearch.results.integrity import check_invariant
from hpsearch.study.study import Study
from hpsearch.sweep.session import Session
from hpsearch.tracking import open_store

pytestmark = [pytest.mark.usefixtures("no_pictures"), pytest.mark.slow]

TPE = {"name": "tpe", "n_startup_trials": 8}


@pytest.fixture
def taught(addresses):
    Session(addresses, in_process=True).run(loaded(name="teacher", search={"trials": 12, "sampler": "random"}))
    return addresses


def warm(name="pupil", **changes):
    return loaded(name=name, **{"search": {"trials": 5, "sampler": TPE, "warm_start": "teacher"}, **changes})


def test_the_sampler_knows_them_and_nobody_else_does(taught):
    summary = Session(taught, in_process=True).run(warm())
    study, store = Study.load(taught.storage, "pupil"), open_store(taught.tracking, taught.home)
    assert [trial.number for trial in study.trials()] == list(range(5)) and summary.counts.finished == 5
    assert check_invariant(study, store, "pupil", 5) == []
    own = {trial.value for trial in study.trials()}
    assert summary.best.value == max(own)
    seen = study._seen_by(study._draft(5), study._warm_start).get_trials(deepcopy=False)
    assert [t.number for t in seen] == [*range(-1, -13, -1), *range(5)]
    assert seen[0].user_attrs["foreign"] == ["teacher", 0] and len(study._warm_start) == 12


def test_a_warm_sampler_does_not_begin_at_random(taught):
    Session(taught, in_process=True).run(warm())
    Session(taught, in_process=True).run(loaded(name="cold", search={"trials": 5, "sampler": TPE}))
    first = {name: Study.load(taught.storage, name).trials()[0].params["x"] for name in ("pupil", "cold")}
    assert first["pupil"] != first["cold"]


def test_it_is_resumed_with_what_it_knew_even_if_the_other_sweep_went_on(taught):
    Session(taught, in_process=True).run(warm(name="whole", workers=1))
    Session(taught, in_process=True).run(warm(search={"trials": 2, "sampler": TPE, "warm_start": "teacher"}, workers=1))
    Session(taught, in_process=True).resume("teacher", trials=20)
    Session(taught, in_process=True).resume("pupil", trials=5)
    whole, parts = (Study.load(taught.storage, name).trials() for name in ("whole", "pupil"))
    assert [t.params for t in whole] == [t.params for t in parts]


def test_trials_outside_of_the_space_are_left_out(taught):
    Session(taught, in_process=True).run(warm(space={"x": {"low": 0.0, "high": 0.5}}))
    inside = [t for t in Study.load(taught.storage, "teacher").trials() if t.params["x"] <= 0.5]
    assert 0 < len(Study.load(taught.storage, "pupil")._warm_start) == len(inside) < 12


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"search": {"warm_start": "teacer"}}, UnknownSweep, "teacer: no such sweep"),
        ({"search": {"warm_start": "teacher", "sampler": "random"}}, SpecError, "random learns nothing from other"),
        ({"search": {"warm_start": "teacher", "metric": "val_loss"}}, SpecError, "teacher must have the metric and"),
        ({"space": {"kind": {"choices": ["a", "b"]}}}, SpecError, "teacher must have every parameter of this space"),
    ],
)
def test_what_cannot_teach_is_refused_and_nothing_is_begun(taught, changes, error, said):
    with pytest.raises(error) as caught:
        Session(taught, in_process=True).run(warm(**changes))
    assert said in str(caught.value) and "\n" not in str(caught.value)
    assert not Study.exists(taught.storage, "pupil") and not taught.sweep("pupil").exists()
