"""A sweep with several aims from end to end: the front in the study, in MLflow and in what is shown."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner
from sample_specs import loaded

from hpsearch.cli.main import command
from hpsearch.report.gather import gather
from hpsearch.report.page import page
from hpsearch.results.lookup import Lookup
from hpsearch.study.study import Study
from hpsearch.sweep.session import Session
from hpsearch.trial import State

pytestmark = pytest.mark.usefixtures("no_pictures")


def two_aims(**changes):
    search = {
        "trials": 12,
        "sampler": {"name": "tpe", "n_startup_trials": 4},
        "metric": ["val_loss", "parameters"],
        "direction": ["minimize", "minimize"],
        "seed": 1,
    }
    space = {
        "learning_rate": {"low": 0.01, "high": 0.1, "log": True},
        "hidden": {"choices": [[2], [10], [50]]},
    }
    return loaded(trainer="mlp", space=space, settings={"epochs": 10}, search={**search, **changes})


def test_the_front_and_its_knee_are_the_same_in_the_study_in_mlflow_and_in_the_summary(addresses):
    summary = Session(addresses, in_process=True).run(two_aims())
    study, view = Study.load(addresses.storage, "tiny"), Lookup(addresses).sweep("tiny")
    numbers = [trial.number for trial in study.front()]
    assert numbers and numbers == [t.number for t in summary.front] == [t.number for t in view.front]
    assert study.best().number == summary.best.number == view.best.number and view.best.number in numbers
    assert [dict(t.values) for t in view.front] == [dict(t.values) for t in study.front()]
    assert summary.as_json()["front"] == view.as_json()["front"]
    assert summary.score is not None  # the knee's model is there and was scored
    sizes = {str(t.params["hidden"]): t.values["parameters"] for t in study.trials()}
    assert sizes["[2]"] < sizes["[10]"] < sizes["[50]"]
    shown = CliRunner().invoke(command, ["status", "tiny", "--home", str(addresses.home)]).output
    assert all(f"trial {number}: val_loss " in shown for number in numbers) and "(the knee)" in shown
    as_json = json.loads(CliRunner().invoke(command, ["best", "tiny", "--home", str(addresses.home), "--json"]).output)
    assert [trial["number"] for trial in as_json["front"]] == numbers
    cards = re.findall(
        r'<div class="card"><div class="name">(.*?)</div>.*?<div class="more">(.*?)</div>',
        page(gather(Lookup(addresses), "tiny")),
    )
    told = f"trial {study.best().number}, knee of the front"
    assert cards[:2] == [("val loss", told), ("parameters", told)]


def test_an_aim_that_the_trainer_does_not_report_fails_the_trial_with_the_names_it_has(addresses):
    search = {"trials": 1, "sampler": "random", "metric": ["val_loss", "speed"]}
    Session(addresses, in_process=True).run(loaded(search=search))
    trial = Study.load(addresses.storage, "tiny").trials()[0]
    assert trial.state is State.FAILED
    assert trial.reason.startswith("search.metric: 'speed' is not among the metrics: train_loss")


@pytest.mark.parametrize("workers", [1, 4])
def test_a_deterministic_sweep_with_several_aims_repeats_itself(addresses, workers):
    Session(addresses, in_process=True).run(two_aims(deterministic=True, window=4))
    first = [(t.params, dict(t.values)) for t in Study.load(addresses.storage, "tiny").trials()]
    given = two_aims(deterministic=True, window=4)
    again = given.spec.model_copy(update={"name": "again", "workers": workers})
    Session(addresses, in_process=True).run(type(given)(again, given.folder))
    assert [(t.params, dict(t.values)) for t in Study.load(addresses.storage, "again").trials()] == first
