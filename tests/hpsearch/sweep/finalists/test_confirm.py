"""Confirm: the best trials again from fresh seeds, the best mean wins, and nothing is done twice."""

from __future__ import annotations

import json
from statistics import fmean

import numpy as np
import pytest
from sample_specs import loaded

from hpsearch.config.addresses import Addresses
from hpsearch.errors import SpecError
from hpsearch.model.bundle import load
from hpsearch.model.source import find
from hpsearch.results.download import download_winner
from hpsearch.results.integrity import check_invariant
from hpsearch.results.lookup import Lookup
from hpsearch.study.study import Study
from hpsearch.sweep.events import Listener
from hpsearch.sweep.finalists.confirm import Candidate, fresh_seed, in_words, leaders
from hpsearch.sweep.prepare import prepare_sweep
from hpsearch.sweep.session import Session
from hpsearch.tracking import open_store
from hpsearch.training.messages import Pull
from hpsearch.training.worker import Worker
from hpsearch.trial import Suggestion

pytestmark = [pytest.mark.usefixtures("no_pictures"), pytest.mark.slow]
CONFIRM = {"top": 3, "seeds": 4}


class Heard(Listener):
    """Keeps the notes; after `enough` of them about confirmations it stops the sweep or breaks it."""

    def __init__(self, enough=None, then=None):
        self.notes, self.enough, self.then = [], enough, then

    def note(self, message):
        if message.startswith("confirm"):
            self.notes.append(message)
            if len(self.notes) == self.enough:
                self.then()


def spec(**changes):
    given = {"trainer": "sample_trainers:Lucky", "search__trials": 8, "search__confirm": CONFIRM}
    return loaded(**{**given, **changes})


def run(addresses, heard=None, **changes):
    return Session(addresses, heard, in_process=True).run(spec(**changes))


def runs(addresses, kind, name="tiny"):
    store = open_store(addresses.tracking, addresses.home)
    return sorted(store.find_runs({"hpsearch.kind": kind, "hpsearch.sweep": name}), key=lambda run: run.name)


def test_the_best_mean_wins_and_is_shown_with_its_spread(addresses):
    summary = run(addresses)
    ranking = summary.confirmed
    assert [c.mean for c in ranking.candidates] == sorted((c.mean for c in ranking.candidates), reverse=True)
    assert summary.best.number == ranking.winner.trial
    assert ranking.winner.mean == pytest.approx(fmean(ranking.winner.values))
    assert ranking.winner.spread == pytest.approx(np.std(ranking.winner.values, ddof=1))
    study = Study.load(addresses.storage, "tiny")
    assert {c.trial for c in ranking.candidates} == {t.number for t in leaders(study.trials(), True)[:3]}
    assert summary.as_json()["confirm"]["mean"] == ranking.winner.mean
    assert "**Confirmed:** mean " in summary.as_markdown()


def test_the_lucky_trial_does_not_win(addresses):
    summary = run(addresses, search__trials=12, search__confirm={"top": 6, "seeds": 8})
    lucky = Study.load(addresses.storage, "tiny").best()
    assert summary.best.number != lucky.number
    assert summary.best.params["x"] > lucky.params["x"]


def test_repeats_are_runs_of_their_own_and_no_trials(addresses):
    summary = run(addresses)
    assert summary.counts.finished == 8
    assert check_invariant(Study.load(addresses.storage, "tiny"), open_store(addresses.tracking), "tiny", 8) == []
    repeats = runs(addresses, "confirm")
    assert len(repeats) == 12
    assert len({run.tags["hpsearch.seed"] for run in repeats}) == 12
    assert {run.status for run in repeats} == {"FINISHED"}
    assert all(run.tags["mlflow.parentRunId"] == summary.run_id for run in repeats)
    values = [run.metrics["value"] for run in repeats if run.tags["hpsearch.of_trial"] == str(summary.best.number)]
    assert values == list(summary.confirmed.winner.values)


def test_the_test_rows_are_scored_once_on_the_model_nearest_to_the_mean(addresses, tmp_path):
    summary = run(addresses)
    winner = summary.confirmed.winner
    nearest = min(winner.values, key=lambda value: abs(value - winner.mean))
    scored = [run for kind in ("trial", "confirm") for run in runs(addresses, kind) if "test_accuracy" in run.metrics]
    assert [run.metrics["value"] for run in scored] == [nearest]
    assert summary.score.looks == 1
    lookup = Lookup(addresses)
    model = load(find(download_winner(lookup.store, lookup.sweep("tiny"), tmp_path / "model")))
    suggestion = Suggestion(0, {}, {"epochs": 5, **summary.best.params}, int(scored[0].tags["hpsearch.seed"]))
    again = Worker(prepare_sweep(spec()).assignment()).run(suggestion, Pull(None, 60.0)).model
    assert np.array_equal(model.arrays["means"], again.arrays["means"])


def test_clients_see_the_same_winner_and_its_spread(addresses):
    summary = run(addresses)
    view = Lookup(addresses).sweep("tiny")
    assert view.best.number == summary.best.number
    assert view.confirm["mean"] == summary.confirmed.winner.mean
    assert in_words(view.confirm) == in_words(summary.confirmed.as_json())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(addresses.home)
        store = open_store(addresses.tracking, addresses.home)
        path = store.fetch(summary.run_id, "confirm.json", addresses.home)
    assert [row["trial"] for row in json.loads(path.read_text())["candidates"]] == [
        c.trial for c in summary.confirmed.candidates
    ]


def test_a_sweep_that_is_stopped_while_it_confirms_looks_at_no_test_row_and_goes_on_where_it_was(addresses):
    heard = Heard(5)
    session = Session(addresses, heard, in_process=True)
    heard.then = session._stop.set
    stopped = session.run(spec())
    assert stopped.interrupted
    assert stopped.score is None
    assert not any("test_accuracy" in run.metrics for run in runs(addresses, "sweep"))
    later = Heard()
    summary = Session(addresses, later, in_process=True).resume("tiny")
    assert not summary.interrupted
    assert (len(heard.notes), len(later.notes)) == (5, 7)
    assert set(heard.notes).isdisjoint(later.notes)
    assert summary.score.looks == 1


def test_a_sweep_that_is_killed_while_it_confirms_ends_like_one_that_was_not(addresses, tmp_path):
    def killed():
        raise KeyboardInterrupt

    heard = Heard(4, killed)
    with pytest.raises(KeyboardInterrupt):
        run(addresses, heard)
    later = Heard()
    summary = Session(addresses, later, in_process=True).resume("tiny")
    assert len(later.notes) == 8
    assert len(runs(addresses, "confirm")) == 12
    straight = run(Addresses.find(tmp_path / "other"))
    assert summary.confirmed == straight.confirmed
    assert summary.score.value == straight.score.value


def test_a_finished_sweep_confirms_nothing_again(addresses):
    run(addresses)
    later = Heard()
    summary = Session(addresses, later, in_process=True).resume("tiny")
    assert later.notes == []
    assert summary.score.looks == 1


def test_settings_that_fail_from_some_seeds_come_after_those_that_never_do(addresses):
    summary = run(
        addresses, trainer="sample_trainers:Unreliable", search__trials=20, search__confirm={"top": 6, "seeds": 3}
    )
    failed = [candidate.failed for candidate in summary.confirmed.candidates]
    assert failed == sorted(failed)
    assert failed[0] < failed[-1]


def test_more_to_confirm_than_trials_is_refused():
    with pytest.raises(SpecError, match=r"confirm\.top must be at most trials, got top=9, trials=8"):
        spec(search__confirm={"top": 9, "seeds": 4})
    with pytest.raises(SpecError, match=r"search\.confirm\.seeds: .*greater than or equal to 2|at least 2"):
        spec(search__confirm={"top": 2, "seeds": 1})


def test_fresh_seeds_are_neither_the_trial_s_own_nor_each_other_s():
    from hpsearch.study.study import trial_seed

    seeds = {fresh_seed(0, trial, place) for trial in range(20) for place in range(1, 6)}
    assert len(seeds) == 100
    assert seeds.isdisjoint(trial_seed(0, trial) for trial in range(20))


def test_the_repeat_nearest_to_the_mean_is_the_first_of_equals():
    assert Candidate(0, {}, 1.0, (1.0, None, 3.0), (1, 1, 1)).nearest() == 1
    assert Candidate(0, {}, 1.0, (None, 3.0, 2.0, 1.0), (1, 1, 1, 1)).nearest() == 3
