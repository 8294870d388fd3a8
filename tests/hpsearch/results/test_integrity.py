"""`doctor NAME`: what does not hold of a sweep's records is found, its curves included."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from sample_specs import loaded

from hpsearch.results.integrity import check_invariant, compare_records
from hpsearch.study.study import Study
from hpsearch.sweep.session import Session
from hpsearch.tracking import open_store_at
from hpsearch.tracking.client.database import DatabaseStore
from hpsearch.tracking.spool import read_curve, write_curve
from hpsearch.trial import Curve

BUDGET = 3


@pytest.fixture(scope="module")
def finished_home(empty_home, tmp_path_factory):
    """A home with a finished sweep, which the tests copy."""
    from hpsearch.config.addresses import Addresses
    from hpsearch.figures.render import RenderedFigures
    from hpsearch.sweep.conclude import finish

    home = Path(shutil.copytree(empty_home, tmp_path_factory.mktemp("finished") / "home"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finish, "draw", lambda _: RenderedFigures({"best_so_far": b"PNG"}, {}))
        Session(Addresses.find(home), in_process=True).run(loaded(search__trials=BUDGET))
    return home


@pytest.fixture
def stores(finished_home, tmp_path):
    """Study and MLflow of a copy; files that MLflow names by their place are the copy's, too."""
    import sqlite3

    home = Path(shutil.copytree(finished_home, tmp_path / "home"))
    with sqlite3.connect(home / "mlflow.db") as database:
        for table, column in (("runs", "artifact_uri"), ("experiments", "artifact_location")):
            moved = f"update {table} set {column} = replace({column}, ?, ?)"
            database.execute(moved, (str(finished_home), str(home)))
    from hpsearch.config.addresses import Addresses

    addresses = Addresses.find(home)
    store = open_store_at(addresses)
    yield Study.load(addresses.storage, "tiny"), store
    store.close()


def run_of(stores, number):
    return next(stores[1].find_runs({"hpsearch.kind": "trial", "hpsearch.trial": str(number)}))


def curve_file(stores, number):
    return Path(run_of(stores, number).artifacts, "curves.parquet")


def problems(stores):
    return check_invariant(*stores, "tiny", BUDGET)


def test_a_sweep_as_it_ended_is_sound_and_has_lost_nothing(stores):
    findings = compare_records(*stores, "tiny", BUDGET)
    assert (findings.problems, findings.losses) == ((), ())


def test_an_empty_curve_is_found(stores):
    write_curve(Curve(), curve_file(stores, 1))
    epochs = stores[0].trials()[1].epochs
    assert problems(stores) == [
        f"trial 1: its curves.parquet must have a row for each of its {epochs} epochs, got 0; "
        "the study keeps no curve to mend it with"
    ]


def test_a_curve_of_another_trial_is_found_by_its_value_and_by_its_last_points(stores):
    curve = read_curve(curve_file(stores, 1))
    write_curve(Curve(curve.names, curve.values + 0.5), curve_file(stores, 1))
    found = problems(stores)
    value, epoch = stores[0].trials()[1].value, stores[0].trials()[1].epoch
    assert len(found) == 1 + len(curve.names)
    assert found[0].startswith(f"trial 1: its val_accuracy is {value!r} in the study, {value + 0.5!r} at epoch {epoch}")
    for name, text in zip(curve.names, found[1:], strict=True):
        shown = run_of(stores, 1).metrics[name]
        last = float(curve.values[-1, curve.names.index(name)]) + 0.5
        assert text.startswith(f"trial 1: its {name} ends at {last!r} in curves.parquet, in MLflow at {shown!r}")


@pytest.mark.parametrize("content", [None, b"", b"PAR1 and nothing behind it"])
def test_a_curve_that_cannot_be_read_is_found(stores, content):
    file = curve_file(stores, 1)
    file.unlink() if content is None else file.write_bytes(content)
    (found,) = problems(stores)
    assert found.startswith("trial 1: its curves.parquet cannot be read: ") and "\n" not in found


def test_a_lost_curve_is_said_once_and_is_no_problem(stores):
    curve_file(stores, 1).unlink()
    stores[1].write(run_of(stores, 1).run_id, tags={"hpsearch.curve": "lost"})
    findings = compare_records(*stores, "tiny", BUDGET)
    assert findings.problems == ()
    assert findings.losses == ("trial 1: its curve was lost with the disk of an earlier driver",)


def test_points_of_an_earlier_attempt_that_got_further_are_no_problem(stores):
    run, epochs = run_of(stores, 1), stores[0].trials()[1].epochs
    points = [(name, 0.25, run.started_ms + epochs + 9, epochs + 9) for name in read_curve(curve_file(stores, 1)).names]
    stores[1].write(run.run_id, points)
    assert run_of(stores, 1).metrics["val_accuracy"] == 0.25
    assert problems(stores) == []


def test_curves_that_are_not_on_this_machine_are_fetched(stores, monkeypatch):
    monkeypatch.setattr(Path, "is_file", lambda _: False)
    fetched, fetch = [], DatabaseStore.fetch
    monkeypatch.setattr(
        DatabaseStore, "fetch", lambda store, run_id, *more: fetched.append(run_id) or fetch(store, run_id, *more)
    )
    assert problems(stores) == [] and len(set(fetched)) == BUDGET


@pytest.mark.parametrize(
    ("hurt", "said"),
    [
        (lambda store, run: store.reopen_run(run), "trial 1: its run is RUNNING; fix it: hpsearch resume tiny"),
        (lambda store, run: store.end_run(run, "FAILED"), "'FAILED' in MLflow; fix it: hpsearch resume tiny"),
        (lambda store, run: store.delete_run(run), "trial 1 has no run in MLflow; fix it: hpsearch resume tiny"),
        (lambda store, run: store.write(run, tags={"hpsearch.trial": "7"}), "MLflow has trial 7, the study has not"),
        (
            lambda store, run: store.write(run, tags={"hpsearch.reason": "x"}),
            "delete its run in MLflow, then hpsearch ",
        ),
        (lambda store, run: store.write(run, [("value", 9.0, 10**13, 99)]), "its value is "),
        (lambda store, run: store.write(run, [("odd", 1.7e308, 1, 1)]), "its metric odd is not a finite number"),
    ],
)
def test_what_is_wrong_is_said_with_the_way_out(stores, hurt, said):
    hurt(stores[1], run_of(stores, 1).run_id)
    assert any(said in text for text in problems(stores)), problems(stores)


@pytest.mark.parametrize("hurt", ["reopen_run", "delete_run", "end_run"])
@pytest.mark.usefixtures("no_pictures")
def test_what_resume_is_said_to_mend_it_mends_without_touching_a_curve(stores, hurt):
    from hpsearch.config.addresses import Addresses

    store, run = stores[1], run_of(stores, 1)
    curve = read_curve(curve_file(stores, 1))
    getattr(store, hurt)(run.run_id, *(["FAILED"] if hurt == "end_run" else []))
    assert problems(stores)
    home = Path(run.artifacts).parents[2]
    Session(Addresses.find(home), in_process=True).resume("tiny")
    findings = compare_records(*stores, "tiny", BUDGET)
    assert findings.problems == ()
    if hurt == "delete_run":
        assert findings.losses == ("trial 1: its curve was lost with the disk of an earlier driver",)
    else:
        assert findings.losses == ()
        np.testing.assert_array_equal(read_curve(curve_file(stores, 1)).values, curve.values)
