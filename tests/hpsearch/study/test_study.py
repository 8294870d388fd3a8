"""The study over SQLite: ask and tell, trials that run again, samplers, pruners, and errors in words."""

from __future__ import annotations

import sqlite3

import optuna
import pytest
from sample_specs import spec

from hpsearch.errors import StoreUnavailable, SweepBusy, SweepExists, UnknownSweep
from hpsearch.locking.retry import Timer
from hpsearch.spec import Algorithm
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


class Impatient(Timer):
    """Lets its waits pass at once."""

    def wait(self, seconds):
        pass


def lose_an_answer(study, before=0):
    """Have the database do what a commit says and break the connection before it answers; `before` others succeed."""
    dialect, commits = study._storage.engine.dialect, []
    commit = dialect.do_commit

    def silent(connection):
        commit(connection)
        commits.append(connection)
        if len(commits) == before + 1:
            error = sqlite3.OperationalError("the connection broke")
            error.sqlite_errorcode = sqlite3.SQLITE_PROTOCOL
            raise error

    dialect.do_commit = silent


def test_a_trial_whose_creation_was_not_answered_is_not_created_twice(url):
    study = Study.create(url, spec(search__trials=4), MARKS, timer=Impatient())
    study.tell(study.ask().number, complete(0.1))
    lose_an_answer(study)
    suggestion = study.ask()
    study.tell(suggestion.number, complete(0.9))
    study.tell(study.ask().number, complete(0.3))
    stored = again(url).trials()
    assert [(trial.number, trial.value) for trial in stored] == [(0, 0.1), (1, 0.9), (2, 0.3)]
    assert stored[1].params == suggestion.params


@pytest.mark.parametrize("before", [0, 1])
def test_a_trial_of_whose_end_a_part_was_not_answered_is_told_once(url, before):
    """First its outcome is stored, then its state."""
    study = Study.create(url, spec(), MARKS, timer=Impatient())
    number = study.ask().number
    lose_an_answer(study, before)
    study.tell(number, complete(0.9))
    assert [(trial.number, trial.value, trial.epoch) for trial in again(url).trials()] == [(0, 0.9, 3)]


def test_whoever_lost_the_sweep_meanwhile_writes_nothing_after_the_database_was_away(make, url, monkeypatch):
    study = make()
    asked = study.ask()
    monkeypatch.setattr(
        Study, "_write_reports", lambda *_: (_ for _ in ()).throw(StoreUnavailable("gone for a moment"))
    )

    def lost():
        raise SweepBusy("another driver")

    study.guard_with(lost)
    with pytest.raises(SweepBusy):
        study.tell(asked.number, complete(0.5))
    assert again(url).trials()[0].state is None


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
