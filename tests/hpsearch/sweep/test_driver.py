"""The search's loop, without processes: budgets, states, losses and what is handed back."""

from __future__ import annotations

import threading
from collections import deque

import pytest
from sample_specs import loaded

from hpsearch.errors import SpecError, SweepStopped
from hpsearch.execution.in_process import InProcess
from hpsearch.execution.interface import Lost
from hpsearch.results.integrity import check_invariant
from hpsearch.study.study import Study
from hpsearch.sweep.events import Listener
from hpsearch.sweep.session import Session
from hpsearch.tracking import open_store
from hpsearch.trial import State

pytestmark = pytest.mark.usefixtures("no_pictures")


class Heard(Listener):
    def __init__(self):
        self.outcomes, self.notes = [], []

    def ended(self, suggestion, outcome, counts, best):
        self.outcomes.append((suggestion.number, outcome))

    def note(self, message):
        self.notes.append(message)


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def session(addresses, heard):
    return Session(addresses, heard, in_process=True)


def stores(addresses, name="tiny"):
    return Study.load(addresses.storage, name), open_store(addresses.tracking, addresses.home)


def problems(addresses, budget, name="tiny"):
    return check_invariant(*stores(addresses, name), name, budget)


@pytest.mark.parametrize("workers", [1, 3, 8])
def test_the_budget_is_exact_with_failures_and_prunings_mixed_in(session, addresses, workers):
    spec = loaded(
        trainer="sample_trainers:Mixed",
        workers=workers,
        search__trials=14,
        search__pruner={"name": "median", "n_startup_trials": 3, "interval_steps": 1},
    )
    counts = session.run(spec).counts
    assert counts.finished == 14
    assert min(counts.complete, counts.pruned, counts.failed) >= 1
    assert problems(addresses, 14) == []


def test_the_same_seed_gives_the_same_trials_on_one_worker_or_eight(session, addresses):
    trials = []
    for workers in (1, 8):
        name = f"with-{workers}"
        session.run(loaded(name=name, workers=workers, trainer="sample_trainers:Seeded", search__trials=9))
        trials.append([(t.number, t.params, t.value) for t in stores(addresses, name)[0].trials()])
    assert trials[0] == trials[1]


def test_fewer_trials_than_workers_begin_no_trial_too_many(session, addresses):
    session.run(loaded(workers=8, search__trials=2))
    assert problems(addresses, 2) == []


def test_a_diverged_trial_is_failed_in_both_stores_with_its_finite_rows(session, addresses):
    spec = loaded(trainer="sample_trainers:Diverging", search__trials=2)
    assert session.run(spec).best is None
    store = stores(addresses)[1]
    assert problems(addresses, 2) == []
    for run in store.find_runs({"hpsearch.kind": "trial"}):
        assert run.status == "FAILED"
        assert run.tags["hpsearch.reason"] == "diverged at epoch 3: val_loss is not finite"
        assert [step for step, _ in store.history(run.run_id, "val_loss")] == [1, 2]
        assert "value" not in run.metrics


def test_a_pruned_trial_is_killed_in_mlflow_and_says_where(session, addresses, heard):
    pruner = {"name": "median", "n_startup_trials": 1, "interval_steps": 1}
    session.run(loaded(search__trials=8, search__pruner=pruner, workers=1))
    pruned = [number for number, outcome in heard.outcomes if outcome.state is State.PRUNED]
    assert pruned
    runs = {int(r.tags["hpsearch.trial"]): r for r in stores(addresses)[1].find_runs({"hpsearch.kind": "trial"})}
    for number in pruned:
        assert runs[number].status == "KILLED"
        assert runs[number].tags["hpsearch.reason"].startswith("pruned after epoch ")
        assert "val_accuracy=" in runs[number].tags["hpsearch.reason"]


def test_asha_sees_rungs_only_and_prunes(session, addresses):
    spec = loaded(settings={"epochs": 27}, search__trials=12, search__pruner={"name": "asha", "min_resource": 3})
    counts = session.run(spec).counts
    assert counts.pruned >= 1
    assert problems(addresses, 12) == []
    seen = {
        len(stores(addresses)[1].history(run.run_id, "val_loss"))
        for run in stores(addresses)[1].find_runs({"hpsearch.state": "pruned"})
    }
    assert seen <= {3, 9}


def test_too_many_failures_in_a_row_stop_the_sweep_and_nothing_runs_on(session, addresses):
    spec = loaded(trainer="sample_trainers:Raising", search__trials=10, search__max_failures=3, workers=3)
    with pytest.raises(
        SweepStopped, match=r"3 trials failed one after the other, the last one: RuntimeError: the moon"
    ):
        session.run(spec)
    study, store = stores(addresses)
    assert study.counts().failed == 3
    runs = list(store.find_runs({"hpsearch.sweep": "tiny"}))
    assert all(run.status != "RUNNING" for run in runs)
    assert next(r for r in runs if r.tags["hpsearch.kind"] == "sweep").tags["hpsearch.state"] == "stopped"


def test_a_failed_trial_keeps_the_end_of_its_traceback_as_a_file(session, addresses, tmp_path):
    session.run(loaded(trainer="sample_trainers:Raising", search__trials=1))
    store = stores(addresses)[1]
    run = next(store.find_runs({"hpsearch.kind": "trial"}))
    assert "the moon is in the wrong phase" in store.fetch(run.run_id, "error.txt", tmp_path).read_text()


def test_a_message_that_no_store_takes_as_it_is_costs_its_trial_alone(session, addresses):
    session.run(loaded(trainer="sample_trainers:Mumbling", search__trials=2))
    assert problems(addresses, 2) == []
    reasons = {trial.reason for trial in stores(addresses)[0].trials()}
    assert reasons == {"ValueError: cannot read caf\\udce9.csv\\x00"}


class Losing(InProcess):
    """Loses the worker of trial `victim` in each of its first `times` attempts."""

    def __init__(self, *arguments, victim, times, by_node):
        super().__init__(*arguments)
        self.victim, self.times, self.losses, self.late = victim, times, 0, deque()
        self.by_node = by_node

    def wait(self, seconds):
        if self.late:
            return [self.late.popleft()]
        events = super().wait(seconds)
        for event in events:
            if event.number == self.victim and self.losses < self.times:
                self.losses += 1
                self.late.append(event)  # its answer arrives after all, late
                if not event.finished:
                    self.drop(event.number)
                return [Lost(event.number, event.attempt, "the worker process died: gone", self.by_node)]
        return events


@pytest.fixture
def losing(monkeypatch):
    """Make the session's cluster a losing one."""

    def prepare(victim, times, by_node=False):
        made = []

        def cluster(self, ready):
            made.append(Losing(ready.assignment(), ready.spec.workers, victim=victim, times=times, by_node=by_node))
            return made[-1]

        monkeypatch.setattr(Session, "_cluster", cluster)
        return made

    return prepare


@pytest.mark.parametrize(("times", "by_node"), [(1, False), (4, True)])
def test_a_lost_trial_runs_again_and_is_counted_once(session, addresses, losing, heard, times, by_node):
    losing(victim=1, times=times, by_node=by_node)
    session.run(loaded(search__trials=4))
    assert problems(addresses, 4) == []
    assert sorted(number for number, _ in heard.outcomes) == [0, 1, 2, 3]
    assert all(outcome.state is State.COMPLETE for _, outcome in heard.outcomes)
    assert len(heard.notes) == times
    run = next(stores(addresses)[1].find_runs({"hpsearch.trial": "1"}))
    assert run.tags["hpsearch.attempt"] == str(times + 1)


@pytest.mark.parametrize(("by_node", "attempts"), [(False, 2), (True, 6)])
def test_a_trial_lost_every_time_fails_and_the_sweep_goes_on(session, addresses, losing, heard, by_node, attempts):
    losing(victim=1, times=99, by_node=by_node)
    session.run(loaded(search__trials=4))
    assert problems(addresses, 4) == []
    outcome = dict(heard.outcomes)[1]
    assert outcome.state is State.FAILED
    assert outcome.reason == f"lost {attempts} times, at last: the worker process died: gone"


def test_a_trial_that_takes_too_long_gives_back_the_epochs_it_was_granted(session, addresses):
    spec = loaded(
        trainer="sample_trainers:Slow",
        settings={"epochs": 40, "pause": 0.1},
        trial_timeout_seconds=0.5,
        search__trials=50,
        search__epochs=45,
        search__max_failures=50,
        workers=1,
    )
    summary = session.run(spec)
    assert summary.ended == "search.epochs=45 were trained"
    trials = stores(addresses)[0].trials()
    assert sum(trial.epochs for trial in trials) == 45
    assert any(trial.reason.startswith("timeout: took longer than") for trial in trials)


def test_a_model_that_cannot_be_stored_costs_its_trial_alone(session, addresses):
    summary = session.run(loaded(trainer="sample_trainers:Unstorable", search__trials=8))
    trials = stores(addresses)[0].trials()
    refused = [trial for trial in trials if trial.state is State.FAILED]
    assert refused
    assert all("must be JSON" in trial.reason or "finite" in trial.reason for trial in refused), refused
    assert summary.best is not None
    assert problems(addresses, 8) == []


def test_an_error_that_nobody_thought_of_leaves_no_run_running(session, addresses, monkeypatch):
    monkeypatch.setattr("hpsearch.sweep.conclude.finish.score", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        session.run(loaded(search__trials=2))
    assert all(run.status != "RUNNING" for run in stores(addresses)[1].find_runs({"hpsearch.sweep": "tiny"}))


def test_resume_takes_over_from_a_spec_what_shapes_no_trial(session, addresses):
    session.run(loaded(search__trials=2))
    given = loaded(search__trials=3, search__max_failures=7, trial_timeout_seconds=90, workers=1)
    session.resume("tiny", spec=given)
    kept = stores(addresses)[0].spec
    assert (kept.search.trials, kept.search.max_failures, kept.trial_timeout_seconds, kept.workers) == (3, 7, 90, 1)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"search__trials": 1}, "search.trials: tiny has begun 2 trials already"),
        ({"experiment": "another"}, "experiment: must be that of the sweep's runs, 'hpsearch', got 'another'"),
    ],
)
def test_a_resume_that_is_refused_has_changed_nothing(session, addresses, changes, said):
    session.run(loaded(search__trials=2))
    before = stores(addresses)[0].spec
    with pytest.raises(SpecError, match=said):
        session.resume("tiny", spec=loaded(**{"search__trials": 2, "search__patience": 9, **changes}))
    assert stores(addresses)[0].spec == before


def test_the_values_of_a_lost_trial_are_those_it_would_have_had(session, addresses, losing):
    session.run(loaded(name="calm", trainer="sample_trainers:Seeded", search__trials=4))
    losing(victim=2, times=1)
    session.run(loaded(name="stormy", trainer="sample_trainers:Seeded", search__trials=4))
    calm, stormy = (stores(addresses, name)[0].trials() for name in ("calm", "stormy"))
    assert [(t.params, t.value) for t in calm] == [(t.params, t.value) for t in stormy]


def test_what_a_stopped_trial_has_is_in_mlflow(addresses):
    class StopsAtOnce(Heard):
        def started(self, *_):
            threading.Timer(2.5, stop.set).start()

    stop = threading.Event()
    spec = loaded(trainer="sample_trainers:Slow", settings={"epochs": 200, "pause": 0.05}, search__trials=2)
    summary = Session(addresses, StopsAtOnce(), stop, in_process=True).run(spec)
    assert summary.interrupted
    store = stores(addresses)[1]
    for run in store.find_runs({"hpsearch.kind": "trial"}):
        epochs = int(run.tags["hpsearch.reason"].split()[3].rstrip(";"))
        steps = [step for step, _ in store.history(run.run_id, "val_accuracy")]
        assert run.status == "KILLED" and epochs > 10 and steps and steps[-1] > epochs - 3, (epochs, steps)


class StopsAfter(Heard):
    def __init__(self, trials):
        super().__init__()
        self.trials, self.stop = trials, threading.Event()

    def ended(self, *what):
        super().ended(*what)
        if len(self.outcomes) == self.trials:
            self.stop.set()


def test_an_interrupted_sweep_records_everything_and_is_resumed_to_the_exact_budget(addresses):
    listener = StopsAfter(3)
    spec = loaded(workers=3, search__trials=7, settings={"epochs": 30, "pause": 0.05}, trainer="sample_trainers:Slow")
    summary = Session(addresses, listener, listener.stop, in_process=True).run(spec)
    assert summary.interrupted and summary.counts.finished == 3
    study, store = stores(addresses)
    assert all(run.status != "RUNNING" for run in store.find_runs({"hpsearch.sweep": "tiny"}))
    interrupted = list(store.find_runs({"hpsearch.state": "interrupted", "hpsearch.kind": "trial"}))
    assert len(interrupted) == 2 and all(run.status == "KILLED" for run in interrupted)
    before = [(t.number, t.params) for t in study.trials()]
    assert not Session(addresses, in_process=True).resume("tiny").interrupted
    assert problems(addresses, 7) == []
    assert [(t.number, t.params) for t in stores(addresses)[0].trials()][: len(before)] == before


def test_a_raised_budget_goes_on_where_the_sweep_ended(session, addresses):
    session.run(loaded(search__trials=3))
    first = [(t.number, t.params, t.value) for t in stores(addresses)[0].trials()]
    summary = Session(addresses, in_process=True).resume("tiny", trials=6)
    assert summary.counts.finished == 6
    assert [(t.number, t.params, t.value) for t in stores(addresses)[0].trials()][:3] == first
    assert problems(addresses, 6) == []


def test_an_uninterrupted_sweep_and_a_resumed_one_try_the_same_points(session, addresses):
    session.run(loaded(name="whole", search__trials=6))
    session.run(loaded(name="parts", search__trials=3))
    Session(addresses, in_process=True).resume("parts", trials=6)
    whole, parts = (stores(addresses, name)[0].trials() for name in ("whole", "parts"))
    assert [t.params for t in whole] == [t.params for t in parts]


def test_resuming_a_finished_sweep_changes_nothing(session, addresses):
    session.run(loaded(search__trials=3))
    Session(addresses, in_process=True).resume("tiny")
    assert problems(addresses, 3) == []


def test_the_grid_is_searched_to_its_last_point(session, addresses):
    spec = loaded(
        space={"x": {"low": 0.0, "high": 1.0, "step": 0.5}, "hidden": {"choices": [[10], [5, 5]]}},
        search__trials=6,
        search__sampler="grid",
    )
    session.run(spec)
    assert problems(addresses, 6) == []
    tried = {(t.params["x"], tuple(t.params["hidden"])) for t in stores(addresses)[0].trials()}
    assert tried == {(x, hidden) for x in (0.0, 0.5, 1.0) for hidden in ((10,), (5, 5))}


def test_a_model_that_names_its_epoch_gives_the_value_of_that_epoch(session, addresses):
    session.run(loaded(trainer="sample_trainers:EarlyStopping", search__trials=2))
    for trial in stores(addresses)[0].trials():
        assert trial.epoch == 2
        assert trial.value == pytest.approx(1 / (1 + (trial.params["x"] - 0.3) ** 2 + 0.5))


def test_a_trial_that_takes_too_long_fails_by_the_timeout(session, addresses):
    spec = loaded(
        trainer="sample_trainers:Slow",
        settings={"epochs": 1000, "pause": 0.05},
        trial_timeout_seconds=1.2,
        search__trials=1,
    )
    session.run(spec)
    trial = stores(addresses)[0].trials()[0]
    assert trial.state is State.FAILED and trial.reason == "timeout: took longer than trial_timeout_seconds=1.2"
    assert problems(addresses, 1) == []


def test_the_first_of_equally_good_trials_is_the_best_in_both_stores(session, addresses):
    from hpsearch.results.lookup import Lookup

    session.run(loaded(trainer="sample_trainers:Anything", search__trials=4, workers=2, settings={}))
    assert stores(addresses)[0].best().number == 0
    assert Lookup(addresses).sweep("tiny").best.number == 0
