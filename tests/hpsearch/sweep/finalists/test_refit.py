"""Refit: the winner once more on training and validation rows, labelled, and alone before the test rows."""

from __future__ import annotations

import numpy as np
import pytest
from sample_specs import loaded

from hpsearch.cli import main
from hpsearch.data.prepare import held_out, prepare, train_and_validation
from hpsearch.errors import SpecError
from hpsearch.model.bundle import load
from hpsearch.model.predictor import Predictor
from hpsearch.model.source import find
from hpsearch.results.download import download_winner
from hpsearch.results.lookup import Lookup
from hpsearch.study.study import Study
from hpsearch.sweep.events import Listener
from hpsearch.sweep.prepare import prepare_sweep
from hpsearch.sweep.session import Session
from hpsearch.tracking import open_store

pytestmark = pytest.mark.usefixtures("no_pictures")


class Heard(Listener):
    def __init__(self):
        self.notes = []

    def note(self, message):
        self.notes.append(message)


def spec(**changes):
    return loaded(**{"trainer": "sample_trainers:EarlyStopping", "search__refit": True, **changes})


def run(addresses, **changes):
    return Session(addresses, in_process=True).run(spec(**changes))


def model_of(addresses, target):
    lookup = Lookup(addresses)
    return load(find(download_winner(lookup.store, lookup.sweep("tiny"), target)))


def fingerprint(given):
    return prepare(given.spec.data, given.folder).fingerprint


def runs(addresses, kind):
    return list(open_store(addresses.tracking).find_runs({"hpsearch.kind": kind, "hpsearch.sweep": "tiny"}))


def test_the_model_and_its_transform_are_of_training_and_validation_rows(addresses, tmp_path):
    summary = run(addresses)
    model, given = model_of(addresses, tmp_path / "model"), spec()
    train, validation = train_and_validation(given.spec.data, given.folder, fingerprint(given))
    X, y = np.concatenate([train.X, validation.X]), np.concatenate([train.y, validation.y])
    np.testing.assert_allclose(model.transform.mean, X.mean(axis=0))
    seen = model.transform.apply(X)
    np.testing.assert_allclose(model.arrays["means"], [seen[y == code].mean(axis=0) for code in range(3)])
    assert summary.refit_epochs == 2


def test_the_test_accuracy_is_of_that_model_alone(addresses, tmp_path):
    summary = run(addresses)
    given = spec()
    predictor, rows = (
        Predictor.from_bundle(model_of(addresses, tmp_path / "model")),
        held_out(given.spec.data, given.folder, fingerprint(given)),
    )
    right = np.mean([predictor.classes[code] for code in rows.y] == predictor.predict(rows.X))
    assert summary.score.value == right
    assert summary.score.looks == 1
    (refit,) = runs(addresses, "refit")
    assert refit.metrics["test_accuracy"] == right
    assert refit.tags["hpsearch.epochs"] == "2"
    assert not any("test_accuracy" in trial.metrics for trial in runs(addresses, "trial"))


def test_figures_of_the_validation_rows_stay_those_of_the_model_that_had_not_seen_them(addresses):
    summary = run(addresses)
    with_refit = open_store(addresses.tracking).run(summary.run_id).metrics["val_accuracy"]
    plain = run(addresses, name="plain", search__refit=False)
    assert open_store(addresses.tracking).run(plain.run_id).metrics["val_accuracy"] == with_refit


def test_it_is_labelled_wherever_it_is_shown(addresses, capsys):
    summary = run(addresses)
    assert summary.as_json()["refit"] == {"epochs": 2, "trained_on": "training and validation rows"}
    assert "**Refit:** the model was trained once more on training and validation rows" in summary.as_markdown()
    for command in ("status", "best", "list"):
        with pytest.raises(SystemExit):
            main([command, *(["tiny"] if command != "list" else []), "--home", str(addresses.home)])
        assert "refit" in capsys.readouterr().out


def test_early_stopping_is_switched_off_where_the_trainer_has_it(addresses, monkeypatch):
    settings = {"epochs": 12, "hidden": [3], "patience": 2}
    space = {"learning_rate": {"low": 0.5, "high": 0.9}}
    summary = run(addresses, trainer="mlp", space=space, settings=settings, search__trials=2)
    (refit,) = runs(addresses, "refit")
    assert int(refit.tags["hpsearch.epochs"]) == summary.refit_epochs == summary.best.epoch


def test_after_a_confirmation_the_repeat_nearest_to_the_mean_is_refitted(addresses):
    summary = run(addresses, trainer="sample_trainers:Lucky", search__confirm={"top": 2, "seeds": 2})
    (refit,) = runs(addresses, "refit")
    winner = summary.confirmed.winner
    assert refit.tags["hpsearch.of"] == f"confirm-{winner.trial:04d}-{winner.nearest()}"
    assert summary.refit_epochs == 3
    same = {run.tags["hpsearch.seed"] for run in runs(addresses, "confirm")}
    assert refit.tags["hpsearch.seed"] in same


def test_a_finished_refit_is_not_done_again_and_a_new_winner_gets_its_own(addresses):
    run(addresses, search__trials=2)
    heard = Heard()
    Session(addresses, heard, in_process=True).resume("tiny")
    assert heard.notes == []
    before = Study.load(addresses.storage, "tiny").best().number
    summary = Session(addresses, heard, in_process=True).resume("tiny", trials=12)
    assert summary.best.number != before
    assert summary.refit_epochs == 2
    assert len(runs(addresses, "refit")) == 2


def test_a_refit_that_fails_leaves_the_winner_s_model(addresses, monkeypatch):
    import sample_trainers

    rows, train = len(prepare_sweep(spec()).data.train), sample_trainers.Means.fit

    def fit(X, *more, **settings):
        if len(X) > rows:
            raise RuntimeError("too many rows")
        return train(X, *more, **settings)

    monkeypatch.setattr(sample_trainers.Means, "fit", fit)
    heard = Heard()
    summary = Session(addresses, heard, in_process=True).run(spec())
    assert summary.refit_epochs is None
    assert summary.score is not None
    assert "failed, so its model of the training rows stays: RuntimeError: too many rows" in heard.notes[-1]


def test_a_trainer_without_epochs_is_refused():
    with pytest.raises(SpecError, match=r"search\.refit: needs a trainer with a setting 'epochs'"):
        prepare_sweep(spec(trainer="sample_trainers:Needs", space={"width": {"low": 1, "high": 2}}, settings={}))


def test_of_several_trainers_the_winner_s_is_refitted_and_each_needs_epochs(addresses):
    trainers = ["sample_trainers:Lucky", "sample_trainers:EarlyStopping"]
    space = {"x": {"low": 0.0, "high": 1.0}, "trainer": {"choices": trainers}}
    summary = run(addresses, space=space, trainer=trainers[0], settings={})
    (refit,) = runs(addresses, "refit")
    assert refit.params["trainer"] == summary.best.params["trainer"]
    assert summary.refit_epochs in (2, 3)
    space["trainer"]["choices"] = [*trainers, "sample_trainers:Needs"]
    with pytest.raises(SpecError, match=r"sample_trainers:Needs has none|needs 'width'|has no setting 'x'"):
        prepare_sweep(spec(space=space, settings={}))
