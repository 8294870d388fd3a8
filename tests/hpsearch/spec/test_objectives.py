"""Several aims in a spec."""

from __future__ import annotations

import pytest
from sample_specs import loaded, spec

from hpsearch.errors import SpecError
from hpsearch.spec import SweepSpec, load_spec
from hpsearch.study.samplers import check_sampler

TWO = {"metric": ["val_accuracy", "parameters"], "direction": ["maximize", "minimize"]}


def test_the_first_is_the_metric_and_the_others_are_kept_beside_it():
    search = spec(search=TWO).search
    assert (search.metric, search.direction, search.maximize) == ("val_accuracy", "maximize", True)
    assert search.maximizes == {"val_accuracy": True, "parameters": False}
    assert search.metrics == tuple(search.maximizes)


def test_directions_follow_from_the_names_where_none_is_given():
    assert spec(search={"metric": ["val_accuracy", "val_loss", "parameters"]}).search.maximizes == {
        "val_accuracy": True,
        "val_loss": False,
        "parameters": False,
    }


def test_a_list_of_one_is_one_aim():
    search = spec(search={"metric": ["val_loss"], "direction": ["minimize"]}).search
    assert search == spec(search={"metric": "val_loss", "direction": "minimize"}).search


def test_a_spec_with_several_aims_is_read_back_as_it_was():
    given = spec(search=TWO)
    assert SweepSpec.model_validate_json(given.model_dump_json()) == given
    assert load_spec(given.model_dump(mode="json")).spec == given


@pytest.mark.parametrize(
    ("search", "said"),
    [
        ({**TWO, "direction": "maximize"}, "direction must be a list with one for each of the 2 metrics, such as"),
        ({**TWO, "direction": ["maximize"]}, "got ['maximize']"),
        (
            {**TWO, "direction": ["up", "minimize"]},
            "direction must be 'maximize' or 'minimize' for each metric, got 'up'",
        ),
        ({"metric": "val_loss", "direction": ["minimize"]}, "metric must be a list of names where direction is a list"),
        ({"metric": ["a", "a"]}, "metric: each aim may stand once"),
        ({"metric": ["parameters", "a"]}, "metric: the first must be measured every epoch, got 'parameters'"),
        ({**TWO, "target": 0.5}, "target judges by one metric, got 2: val_accuracy, parameters"),
        ({**TWO, "patience": 5}, "patience judges by one metric"),
    ],
)
def test_what_cannot_be_an_aim_is_one_line(search, said):
    with pytest.raises(SpecError) as caught:
        loaded(search=search)
    assert said in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pruner": "median"}, "search.pruner: median judges by one metric, got 2; choose from: none, divergence"),
        ({"warm_start": "other", "sampler": "random"}, "search.warm_start: the sampler random learns nothing"),
    ],
)
def test_a_sampler_or_pruner_that_cannot_do_it_is_refused(changes, said):
    with pytest.raises(SpecError) as caught:
        check_sampler(spec(search={**TWO, **changes}))
    assert said in str(caught.value)
