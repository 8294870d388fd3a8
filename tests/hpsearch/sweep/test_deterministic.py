"""The deterministic mode: the same table of trials, to the bit, whatever the timing, the workers and the kills."""

from __future__ import annotations

import os
import random
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import sample_trainers
from sample_specs import loaded, spec

from hpsearch.errors import SpecError
from hpsearch.execution.in_process import InProcess
from hpsearch.results.integrity import check_invariant
from hpsearch.study.study import Study
from hpsearch.sweep.prepare import must_match
from hpsearch.sweep.session import Session
from hpsearch.tracking import open_store
from hpsearch.tracking.recorder import Recorder
from hpsearch.tracking.spool import Spool

pytestmark = [pytest.mark.usefixtures("no_pictures"), pytest.mark.slow]

SPACE = {
    "x": {"low": 0.0, "high": 1.0},
    "kind": {"choices": ["a", "b", "c"]},
    "hidden": {"choices": [[10], [5, 5]]},
}
PRUNERS = {
    "none": "none",
    "median": {"name": "median", "n_startup_trials": 2, "interval_steps": 1},
    "asha": {"name": "asha", "min_resource": 1, "reduction_factor": 2},
    "hyperband": {"name": "hyperband", "min_resource": 1, "reduction_factor": 2},
}


class Shuffled(InProcess):
    """Answers in an order that nobody can foresee, as workers do whose trials take random times."""

    luck = random.Random()

    def wait(self, seconds):
        self._asked.rotate(self.luck.randrange(len(self._asked)) if self._asked else 0)
        return super().wait(seconds)


in_processes = Session._cluster


@pytest.fixture(autouse=True)
def shuffled(monkeypatch):
    monkeypatch.setattr(Session, "_cluster", lambda self, ready: Shuffled(ready.assignment(), ready.spec.workers))


def begun(name, pruner="none", workers=4, trials=18, **changes):
    return loaded(
        **{
            "name": name,
            "trainer": "sample_trainers:Mixed",
            "space": SPACE,
            "settings": {"epochs": 8},
            "workers": workers,
            "search": {
                "trials": trials,
                "sampler": {"name": "tpe", "n_startup_trials": 4},
                "pruner": PRUNERS[pruner],
                "deterministic": True,
                "window": 4,
                "seed": 7,
            },
            **changes,
        }
    )


def table(addresses, name):
    """Return the table of trials as far as the mode promises it."""
    trials = Study.load(addresses.storage, name).trials()
    return [(t.number, t.params, t.state, t.value, t.epoch, t.epochs, t.reason) for t in trials]


@pytest.mark.parametrize("pruner", PRUNERS)
def test_the_table_is_the_same_on_one_worker_and_on_four(addresses, pruner):
    for name, workers in (("one", 1), ("four", 4), ("again", 4)):
        Session(addresses, in_process=True).run(begun(name, pruner, workers))
    assert table(addresses, "one") == table(addresses, "four") == table(addresses, "again")
    states = {row[2].value for row in table(addresses, "one")}
    assert states >= ({"complete", "failed"} if pruner == "none" else {"complete", "failed", "pruned"})


@pytest.mark.parametrize("pruner", ["median", "asha"])
def test_the_table_is_the_same_on_four_processes_with_random_delays(addresses, monkeypatch, pruner):
    Session(addresses, in_process=True).run(begun("here", pruner, workers=1))
    monkeypatch.setattr(Session, "_cluster", in_processes)
    given = begun("there", pruner, cpus=0.1, trainer="sample_trainers:Delayed")
    summary = Session(addresses).run(replace(given, folder=Path(sample_trainers.__file__).parent))
    assert table(addresses, "here") == table(addresses, "there")
    assert 0 < summary.idle < 1


def test_without_the_mode_the_table_depends_on_the_timing(addresses):
    """Otherwise the tests above would show nothing."""
    tables = []
    for name, workers in (("one", 1), ("four", 4)):
        given = begun(name, "median", workers)
        search = given.spec.search.model_copy(update={"deterministic": False, "window": None})
        free = type(given)(given.spec.model_copy(update={"search": search}), given.folder)
        Session(addresses, in_process=True).run(free)
        tables.append(table(addresses, name))
    assert tables[0] != tables[1]


KILLS = [(Study, "ask"), (Study, "report"), (Study, "tell"), (Spool, "put"), (Recorder, "acknowledge")]


def die_at_random(luck, pruner):
    owner, name = luck.choice([kill for kill in KILLS if pruner != "none" or kill[1] != "report"])  # nobody reports
    original, left = getattr(owner, name), [luck.randrange(1, 6)]

    def step(*arguments, **named):
        answer = original(*arguments, **named)
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(owner, name, step)


@pytest.mark.parametrize("pruner", ["none", "median", "asha"])
def test_the_table_is_the_same_after_three_kills_at_random_moments(addresses, pruner):
    Session(addresses, in_process=True).run(begun("whole", pruner))
    seed = random.randrange(10**6)
    luck = random.Random(seed)
    for kill in range(3):
        child = os.fork()
        if not child:
            try:
                die_at_random(luck, pruner)
                session = Session(addresses, in_process=True)
                session.run(begun("parts", pruner)) if kill == 0 else session.resume("parts", workers=1 + kill)
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status) or kill, f"seed {seed}"
        luck.random()  # the child drew from a copy
    Session(addresses, in_process=True).resume("parts")
    assert table(addresses, "whole") == table(addresses, "parts"), f"seed {seed}"
    study, store = Study.load(addresses.storage, "parts"), open_store(addresses.tracking, addresses.home)
    assert check_invariant(study, store, "parts", 18) == []


@pytest.mark.parametrize("limit", [{"target": 0.79}, {"patience": 3}, {"epochs": 40}])
def test_a_limit_ends_with_the_same_trials_on_any_number_of_workers(addresses, limit):
    tables = []
    for name, workers in (("one", 1), ("four", 4)):
        given = begun(name, workers=workers, trials=40)
        search = given.spec.search.model_copy(update=limit)
        summary = Session(addresses, in_process=True).run(
            type(given)(given.spec.model_copy(update={"search": search}), given.folder)
        )
        assert summary.ended.startswith(f"search.{next(iter(limit))}=")
        tables.append(table(addresses, name))
    assert tables[0] == tables[1]
    assert 0 < len(tables[0]) < 40


def test_trial_n_is_asked_for_when_trials_0_to_n_minus_w_are_told_and_knows_of_those_alone(addresses, monkeypatch):
    asked, told, seen = [], set(), {}
    ask, tell, draft = Study.ask, Study.tell, Study._seen_by

    def noted_ask(self):
        suggestion = ask(self)
        asked.append((suggestion.number, frozenset(told)))
        return suggestion

    def noted_tell(self, number, outcome):
        tell(self, number, outcome)
        told.add(number)

    def noted_view(self, trial, *foreign):
        view = draft(self, trial, *foreign)
        seen.setdefault(trial.number, {t.number for t in view.get_trials(deepcopy=False)})
        assert seen[trial.number] == {t.number for t in view.get_trials(deepcopy=False)}
        return view

    for name, noted in (("ask", noted_ask), ("tell", noted_tell), ("_seen_by", noted_view)):
        monkeypatch.setattr(Study, name, noted)
    Session(addresses, in_process=True).run(begun("noted", "median"))
    for number, finished in asked:
        assert set(range(number - 3)) <= finished
        assert seen[number] == set(range(number - 3))


def test_the_window_is_the_number_of_workers_and_stays_what_it_was_when_those_change(addresses):
    given = begun("w", search={"trials": 3, "deterministic": True}, workers=3, space={"x": {"low": 0.0, "high": 1.0}})
    Session(addresses, in_process=True).run(given)
    begun_with = Study.load(addresses.storage, "w").spec
    assert begun_with.search.window == 3
    must_match(given.spec.model_copy(update={"workers": 1}), begun_with)
    other = given.spec.model_copy(update={"search": given.spec.search.model_copy(update={"window": 2})})
    with pytest.raises(
        SpecError, match=r"^search\.window: must be what the sweep w was begun with, got 2, begun with 3"
    ):
        must_match(other, begun_with)


def test_the_idle_share_is_measured(addresses):
    summary = Session(addresses, in_process=True).run(begun("idle", workers=4))
    assert 0 < summary.idle < 1
    assert summary.as_json()["idle"] == round(summary.idle, 4) and summary.as_json()["deterministic"]


@pytest.mark.parametrize(
    ("search", "said"),
    [
        ({"deterministic": True, "seconds": 5}, "search: deterministic excludes seconds"),
        ({"window": 3}, "search: window belongs to deterministic: true, got window=3 without it"),
        ({"deterministic": True, "window": 0}, "search.window: "),
    ],
)
def test_what_the_mode_cannot_do_is_refused(search, said):
    with pytest.raises(SpecError) as caught:
        spec(search=search)
    assert said in str(caught.value)
