"""The study over SQLite: ask and tell, trials that run again, samplers, pruners, and errors in words."""

from __future__ import annotations

import os
import sqlite3
import time

import optuna
import pytest
import sqlalchemy
from sample_specs import spec
from sqlalchemy import orm

from hpsearch.errors import SpecError, StoreError, StoreUnavailable, SweepBusy, SweepExists, UnknownSweep
from hpsearch.spec import Algorithm, Choices, Range
from hpsearch.study.engine import distribution, make_pruner
from hpsearch.study.study import Study, trial_seed
from hpsearch.trial import Counts, Outcome, State

MARKS = {"folder": "/nowhere", "data_fingerprint": "0"}


def complete(value, epoch=3):
    return Outcome(State.COMPLETE, value, epoch, epoch)


def failed(reason="diverged at epoch 2: val_loss is not finite"):
    return Outcome(State.FAILED, None, 2, 2, reason)


@pytest.fixture
def url(addresses):
    return addresses.storage


@pytest.fixture
def make(url):
    def make(**changes):
        study = Study.create(url, spec(**changes), MARKS)
        study.prepare(5)
        return study

    return make


def again(url, name="tiny"):
    study = Study.load(url, name)
    study.prepare(5)
    return study


def test_a_trial_is_asked_for_told_and_read_back_equal(make, url):
    study = make()
    suggestion = study.ask()
    assert (suggestion.number, suggestion.attempt, set(suggestion.params)) == (0, 1, {"x"})
    assert suggestion.settings == {"epochs": 5, **suggestion.params}
    study.tell(0, complete(0.75))
    record = again(url).trials()[0]
    assert (record.number, record.state, record.value, record.params, record.epoch, record.reason) == (
        0,
        State.COMPLETE,
        0.75,
        suggestion.params,
        3,
        "",
    )
    assert record.ended_ms >= record.started_ms > 0


def test_a_failed_and_a_pruned_trial_keep_their_reason_and_have_no_value(make, url):
    study = make()
    for _ in range(2):
        study.ask()
    study.report(1, 2, 0.5)
    study.tell(0, failed())
    study.tell(1, Outcome(State.PRUNED, None, 2, 2, "pruned after epoch 2: val_accuracy=0.5"))
    records = again(url).trials()
    assert [r.state for r in records] == [State.FAILED, State.PRUNED]
    assert [r.value for r in records] == [None, None]
    assert records[0].reason.startswith("diverged at epoch 2") and records[1].reason.startswith("pruned after epoch 2")
    assert study.counts() == Counts(complete=0, pruned=1, failed=1)


@pytest.mark.parametrize("sampler", ["tpe", "random", "qmc", "grid"])
def test_the_same_seed_gives_the_same_trials_with_every_sampler(url, sampler):
    seen = []
    for name in ("one", "two"):
        space = {"x": {"low": 0.0, "high": 1.0, "step": 0.1}, "kind": {"choices": ["a", "b"]}}
        study = Study.create(url, spec(name=name, space=space, search__sampler=sampler, search__trials=15), MARKS)
        study.prepare(5)
        for _ in range(15):
            suggestion = study.ask()
            study.tell(suggestion.number, complete(-((suggestion.params["x"] - 0.3) ** 2)))
        seen.append([trial.params for trial in study.trials()])
    assert seen[0] == seen[1]
    assert len({str(params) for params in seen[0]}) > 5


def test_another_seed_gives_other_trials(url):
    drawn = []
    for seed in (0, 1):
        study = Study.create(url, spec(name=f"s{seed}", search__seed=seed), MARKS)
        drawn.append(study.ask().params)
    assert drawn[0] != drawn[1]


def test_tpe_goes_on_after_a_restart_as_if_there_had_been_none(url):
    def told(study, times):
        for _ in range(times):
            suggestion = study.ask()
            study.tell(suggestion.number, complete(-((suggestion.params["x"] - 0.3) ** 2)))

    whole = Study.create(url, spec(name="whole", search__sampler="tpe"), MARKS)
    told(whole, 16)
    told(Study.create(url, spec(name="parts", search__sampler="tpe"), MARKS), 12)
    told(Study.load(url, "parts"), 4)
    assert [t.params for t in Study.load(url, "parts").trials()] == [t.params for t in whole.trials()]


def test_a_trial_s_seed_depends_on_the_sweep_s_seed_and_its_number_alone(make):
    study = make()
    assert [study.ask().seed for _ in range(3)] == [trial_seed(0, number) for number in range(3)]
    assert len({trial_seed(seed, number) for seed in range(20) for number in range(50)}) == 1000
    assert all(0 <= trial_seed(seed, 3) < 2**32 for seed in range(50))


@pytest.mark.parametrize("sampler", ["tpe", "random", "qmc", "grid"])
def test_a_trial_put_back_keeps_its_number_and_its_parameters(make, sampler):
    study = make(search__sampler=sampler, space={"x": {"low": 0.0, "high": 1.0, "step": 0.1}})
    first, second = study.ask(), study.ask()
    study.requeue(first.number)
    back = study.ask()
    assert (back.number, back.params, back.seed) == (first.number, first.params, first.seed)
    study.tell(back.number, complete(0.5))
    study.tell(second.number, complete(0.5))
    assert [trial.number for trial in study.trials()] == [0, 1]


def test_trials_of_a_dead_driver_run_again_and_those_of_the_living_do_not(make, url):
    dead = make()
    numbers = [dead.ask().number for _ in range(3)]
    dead.tell(1, complete(0.5))
    study = again(url)
    study.requeue_lost()
    asked = [study.ask().number for _ in range(3)]
    assert asked == [numbers[0], numbers[2], 3]
    study.requeue_lost()
    assert study.ask().number == 4  # its own trials run, they are not lost


def test_a_trial_that_runs_again_may_report_its_epochs_again(make):
    study = make(search__pruner="median")
    study.ask()
    study.report(0, 1, 0.4)
    study.requeue(0)
    study.ask()
    study.report(0, 1, 0.4)
    study.tell(0, complete(0.4))
    assert study.counts().complete == 1


def test_a_trial_that_begins_again_on_another_worker_is_judged_by_what_it_reports_then(make):
    study = make(search__pruner={"name": "asha", "min_resource": 1, "reduction_factor": 2})
    good, again = study.ask().number, study.ask().number
    assert not study.report(good, 1, 0.5)
    assert not study.report(again, 1, 0.9) and not study.report(again, 2, 0.9)
    assert study.report(again, 1, 0.1)  # the rungs it passed before it was lost do not count
    study.tell(again, Outcome(State.PRUNED, None, 1, 1, "pruned"))
    study.tell(good, complete(0.5))


def test_choices_of_every_kind_come_back_as_they_were_written(make, url):
    choices = [[50], [100, 100], "relu", None, True, 0.5, 3, {"a": 1}]
    study = make(space={"kind": {"choices": choices}}, search__sampler="grid", search__trials=8)
    for _ in choices:
        study.tell(study.ask().number, complete(0.1))
    tried = [trial.params["kind"] for trial in again(url).trials()]
    assert sorted(map(repr, tried)) == sorted(map(repr, choices))


def test_integers_stay_integers_and_steps_are_kept(make, url):
    study = make(
        space={
            "a": {"low": 1, "high": 9, "step": 2},
            "b": {"low": 1, "high": 1000, "log": True},
            "c": {"low": 0.0, "high": 1.0, "step": 0.25},
        }
    )
    for _ in range(10):
        params = study.ask().params
        assert isinstance(params["a"], int) and params["a"] in (1, 3, 5, 7, 9)
        assert isinstance(params["b"], int) and 1 <= params["b"] <= 1000
        assert isinstance(params["c"], float) and params["c"] % 0.25 == 0
    assert all(isinstance(trial.params["a"], int) for trial in again(url).trials())


def test_a_grid_visits_every_point_once_although_trials_fail_and_run_again(make):
    study = make(space={"x": {"low": 0.0, "high": 1.0, "step": 0.1}}, search__sampler="grid", search__trials=11)
    for turn in range(11):
        suggestion = study.ask()
        if turn % 4 == 1:
            study.requeue(suggestion.number)
            suggestion = study.ask()
        study.tell(suggestion.number, failed() if turn % 3 == 0 else complete(0.1))
    points = [round(trial.params["x"], 3) for trial in study.trials()]
    assert sorted(points) == [round(i / 10, 3) for i in range(11)]


def test_eight_trials_at_once_on_a_grid_are_eight_points(make):
    study = make(space={"x": {"low": 1, "high": 8}}, search__sampler="grid", search__trials=8)
    assert sorted(study.ask().params["x"] for _ in range(8)) == list(range(1, 9))


def test_the_best_is_the_first_of_equals_and_follows_the_direction(url):
    for direction, best in (("maximize", 1), ("minimize", 0)):
        study = Study.create(url, spec(name=direction, search__direction=direction), MARKS)
        assert study.best() is None
        for value in (0.1, 0.9, 0.9, 0.1):
            study.tell(study.ask().number, complete(value))
        study.tell(study.ask().number, failed())
        assert study.best().number == best


def test_a_value_of_zero_is_a_value(make):
    study = make(search__direction="minimize")
    study.tell(study.ask().number, complete(0.5))
    study.tell(study.ask().number, complete(0.0))
    assert study.best().number == 1


def test_a_taken_name_is_refused(make):
    make()
    with pytest.raises(SweepExists, match="hpsearch resume tiny"):
        make()


def test_an_unknown_name_lists_what_there_is(make, url):
    make()
    with pytest.raises(UnknownSweep, match=r"^other: no such sweep in sqlite:.*there are: tiny$"):
        Study.load(url, "other")


def test_looking_for_a_study_makes_no_database(tmp_path):
    url = f"sqlite:///{tmp_path / 'none.db'}"
    assert not Study.exists(url, "any")
    with pytest.raises(UnknownSweep):
        Study.load(url, "any")
    assert list(tmp_path.iterdir()) == []


def test_a_study_of_somebody_else_is_neither_taken_over_nor_read(url):
    theirs = optuna.create_study(storage=url, study_name="tiny")
    theirs.tell(theirs.ask(), 1.0)
    with pytest.raises(SweepExists):
        Study.create(url, spec(), MARKS)
    with pytest.raises(UnknownSweep, match="not one of hpsearch"):
        Study.load(url, "tiny")


def test_a_study_whose_maker_was_killed_at_once_is_made_anew(url):
    optuna.create_study(storage=url, study_name="tiny")
    assert not Study.exists(url, "tiny")
    Study.create(url, spec(), MARKS)
    assert Study.load(url, "tiny").attributes["folder"] == "/nowhere"


def test_attributes_and_a_changed_budget_are_remembered(make, url):
    study = make()
    study.remember("score", {"value": 0.5, "looks": 1})
    study.change_spec(study.spec.model_copy(update={"workers": 7}))
    assert again(url).attributes["score"] == {"value": 0.5, "looks": 1}
    assert again(url).spec.workers == 7
    assert again(url).spec.fingerprint() == study.spec.fingerprint()


def test_a_file_that_is_no_database_is_one_line_with_its_path(tmp_path):
    (tmp_path / "study.db").write_bytes(b"this is not a database, but it is long enough to be looked at as one" * 20)
    url = f"sqlite:///{tmp_path / 'study.db'}"
    for attempt in (
        lambda: Study.exists(url, "a"),
        lambda: Study.load(url, "a"),
        lambda: Study.create(url, spec(), {}),
    ):
        with pytest.raises(StoreError, match=r"study\.db.*file is not a database") as caught:
            attempt()
        assert "\n" not in str(caught.value)


def test_a_folder_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(StoreError, match="unable to open database file"):
        Study.create(f"sqlite:///{tmp_path}/none/study.db", spec(), MARKS)


@pytest.mark.parametrize("url", ["mysql+pymysql://u:secret@127.0.0.1/db", "nonsense://u:secret@h/db"])
def test_a_storage_that_cannot_be_used_is_an_error_without_its_password(url):
    with pytest.raises(StoreError) as caught:
        Study.create(url, spec(), MARKS)
    assert "secret" not in str(caught.value) and "\n" not in str(caught.value)


def test_a_trial_whose_creation_was_not_answered_is_not_created_twice(make, monkeypatch):
    study = make(search__trials=4)
    study.prepare(5)
    study.tell(study.ask().number, complete(0.1))
    commit, lost = orm.Session.commit, iter([True])

    def silent(session):
        creates = any(type(row).__name__ == "TrialModel" for row in session.identity_map.values())
        commit(session)
        if creates and next(lost, False):
            raise sqlalchemy.exc.OperationalError("COMMIT", {}, Exception("server closed the connection unexpectedly"))

    monkeypatch.setattr(orm.Session, "commit", silent)
    asked = study.ask()
    study.tell(asked.number, complete(0.9))
    assert next(lost, None) is None, "no answer was lost"
    study.tell(study.ask().number, complete(0.3))
    stored = again(study._where).trials()
    assert [(trial.number, trial.value) for trial in stored] == [(0, 0.1), (1, 0.9), (2, 0.3)]
    assert stored[1].params == asked.params


def test_whoever_lost_the_sweep_meanwhile_writes_nothing_after_the_database_was_away(make, monkeypatch):
    study = make()
    study.prepare(5)
    asked = study.ask()
    monkeypatch.setattr(
        Study, "_write_reports", lambda *_: (_ for _ in ()).throw(StoreUnavailable("gone for a moment"))
    )

    def lost():
        raise SweepBusy("another driver")

    study.guard_with(lost)
    with pytest.raises(SweepBusy):
        study.tell(asked.number, complete(0.5))
    assert again(study._where).trials()[0].state is None


def test_two_first_sweeps_in_one_home_may_begin_at_once(tmp_path):
    url, begin = f"sqlite:///{tmp_path / 'study.db'}", time.monotonic() + 0.5
    children = []
    for name in ("a", "b", "c", "d"):
        child = os.fork()
        if not child:
            code = 1
            try:
                time.sleep(max(0.0, begin - time.monotonic()))
                Study.create(url, spec(name=name), {})
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0, 0]
    assert all(Study.exists(url, name) for name in ("a", "b", "c", "d"))


def test_a_database_locked_for_a_moment_is_waited_for(make, url):
    study = make()
    lock = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False)
    lock.execute("BEGIN EXCLUSIVE")
    import threading

    threading.Timer(1.5, lambda: lock.execute("ROLLBACK")).start()
    study.tell(study.ask().number, complete(0.5))
    assert study.counts().complete == 1


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


@pytest.mark.parametrize(
    ("algorithm", "epochs", "reports"),
    [
        (Algorithm(name="none"), 10, []),
        (Algorithm(name="median"), 10, list(range(1, 11))),
        (Algorithm(name="median"), 200, [10, 20, 30]),
        (Algorithm(name="median", interval_steps=50), 200, [50, 100, 150]),
        (Algorithm(name="asha", min_resource=2, reduction_factor=3), 60, [2, 6, 18, 54]),
        (Algorithm(name="asha"), 81, [7, 21, 63]),
        (Algorithm(name="asha"), None, [7, 21]),
        (Algorithm(name="median"), None, [1, 2, 3]),
    ],
)
def test_a_pruner_is_asked_at_its_rungs(url, algorithm, epochs, reports):
    given = {"name": algorithm.name, **algorithm.settings}
    study = Study.create(url, spec(search__pruner=given), MARKS)
    study.prepare(epochs)
    seen, epoch = [], 0
    for _ in reports:
        epoch = study.next_report(epoch)
        seen.append(epoch)
    assert seen == reports
    assert reports or study.next_report(0) is None


def test_a_bad_trial_is_pruned_and_a_good_one_is_not(make):
    study = make(search__pruner={"name": "median", "n_startup_trials": 2})
    for value in (0.5, 0.6):
        number = study.ask().number
        assert not study.report(number, 1, value)
        study.tell(number, complete(value))
    bad, good = study.ask().number, study.ask().number
    assert study.report(bad, 1, 0.1)
    assert not study.report(good, 1, 0.9)


def test_what_only_the_engine_can_refuse_is_told_as_the_spec_s():
    with pytest.raises(SpecError, match=r"^search\.pruner: hyperband: .*auto"):
        make_pruner(Algorithm(name="hyperband", max_resource="soon"), 10)
