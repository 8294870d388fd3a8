"""The storage that a sampler or a pruner sees: whole, without a way to a real one, and enough for every algorithm."""

from __future__ import annotations

import importlib.util
import inspect

import optuna
import pytest
from optuna.storages import BaseStorage, InMemoryStorage
from optuna.study import StudyDirection
from optuna.trial import TrialState
from sample_specs import spec

from hpsearch.spec import Algorithm
from hpsearch.spec.algorithms import PRUNER_KINDS, SAMPLER_KINDS
from hpsearch.study.engine import make_pruner, make_sampler, suggest
from hpsearch.study.trial_records import DRAFT_ID, RUNG_NOTE, draft
from hpsearch.study.trial_storage import STUDY_NOTE, TrialStorage

SPACE = {"x": optuna.distributions.FloatDistribution(0.0, 1.0), "n": optuna.distributions.IntDistribution(1, 9)}
THERE = [n for n, k in SAMPLER_KINDS.items() if k.needs is None or importlib.util.find_spec(k.needs[0])]
PRUNERS = {
    "percentile": {"percentile": 25},
    "asha": {"min_resource": 1, "reduction_factor": 2},
    "hyperband": {"min_resource": 1, "reduction_factor": 2},
    "threshold": {"upper": 0.1},
}
HOT = {"divergence": {"train_loss": [1.0, 99.0]}, "update_ratio": {"update_ratio/0/weights": [1.0] * 9}}
# Hyperband's bracket of trial 20 begins later; the others have no reason yet.
LENIENT = ("none", "hyperband", "patience", "wilcoxon")


def finished(number, **changes):
    """Return a complete trial as a storage gives it."""
    x, n = (number % 7) / 7, 1 + number % 9
    trial = optuna.create_trial(
        params={"x": x, "n": n},
        distributions=SPACE,
        value=x + n,
        intermediate_values={1: x + n + 1, 2: x + n},
        **changes,
    )
    trial.number = number
    return trial


def storage_of(own, stored=(), **options):
    return TrialStorage(own, DRAFT_ID, lambda: list(stored), [StudyDirection.MINIMIZE], **options)


@pytest.fixture
def nothing_is_stored(monkeypatch):
    """Let every storage of Optuna's fail that is written to."""

    def refuse(self, *arguments, **options):
        raise AssertionError("a real storage was written to")

    for kind in (InMemoryStorage, optuna.storages.RDBStorage):
        for name in [name for name in dir(kind) if name.startswith(("set_", "create_new_trial", "delete_"))]:
            monkeypatch.setattr(kind, name, refuse)


def test_no_method_of_a_storage_is_missing_and_nothing_falls_through():
    assert TrialStorage.__abstractmethods__ == frozenset()
    assert set(BaseStorage.__abstractmethods__) <= set(vars(TrialStorage))
    assert "__getattr__" not in vars(TrialStorage)
    for name in BaseStorage.__abstractmethods__:
        theirs, ours = (list(inspect.signature(getattr(kind, name)).parameters) for kind in (BaseStorage, TrialStorage))
        assert theirs == ours, name


@pytest.mark.parametrize(
    "action",
    [
        lambda storage: storage.create_new_study([StudyDirection.MINIMIZE], "other"),
        lambda storage: storage.delete_study(0),
        lambda storage: storage.set_study_user_attr(0, "spec", "{}"),
        lambda storage: storage.get_all_studies(),
        lambda storage: storage.set_trial_state_values(DRAFT_ID, TrialState.COMPLETE, [1.0]),
    ],
)
def test_what_is_no_business_of_a_sampler_is_refused_in_words(action):
    with pytest.raises(NotImplementedError, match=r"^trial 3: its sampler or pruner may not "):
        action(storage_of(draft(3)))


def test_another_trial_can_be_neither_written_nor_begun():
    storage = storage_of(draft(3), [finished(0)])
    for write in (
        lambda: storage.set_trial_system_attr(7, "note", 1),
        lambda: storage.set_trial_user_attr(7, "note", 1),
        lambda: storage.set_trial_param(7, "x", 0.5, SPACE["x"]),
        lambda: storage.set_trial_intermediate_value(7, 1, 0.5),
        lambda: storage.set_trial_state_values(7, TrialState.RUNNING),
        lambda: storage.get_trial(7),
    ):
        with pytest.raises(KeyError, match="trial id 7: is not known here"):
            write()
    storage.create_new_trial(0)
    with pytest.raises(NotImplementedError, match="begin another trial"):
        storage.create_new_trial(0)


@pytest.mark.usefixtures("nothing_is_stored")
def test_all_that_is_written_stays_with_the_one_trial():
    own = draft(3)
    storage = storage_of(own, [finished(0)])
    assert storage.create_new_trial(0) == DRAFT_ID and own.state == TrialState.RUNNING
    storage.set_trial_param(DRAFT_ID, "x", 0.5, SPACE["x"])
    storage.set_trial_intermediate_value(DRAFT_ID, 1, 0.25)
    storage.set_trial_user_attr(DRAFT_ID, "said", "yes")
    storage.set_trial_system_attr(DRAFT_ID, "noted", 1)
    storage.set_study_system_attr(0, "generation", [1, 2])
    assert (own.params, own.distributions, own.intermediate_values) == ({"x": 0.5}, {"x": SPACE["x"]}, {1: 0.25})
    assert own.user_attrs == {"said": "yes"}
    assert own.system_attrs == {"noted": 1, STUDY_NOTE + "generation": [1, 2]}
    assert storage.get_study_system_attrs(0) == {"generation": [1, 2]}


def test_of_a_note_about_the_study_the_first_counts_and_those_of_the_study_itself_before_all():
    stored = [finished(number, system_attrs={STUDY_NOTE + "g": number, "own": 1}) for number in (1, 2, 5)]
    storage = storage_of(draft(3), stored, before=1, study_notes={"old": 0})
    storage.set_study_system_attr(0, "g", 3)
    assert storage.get_study_system_attrs(0) == {"g": 1, "old": 0}  # hidden trials' notes, too, but no later one's
    assert storage_of(draft(3), stored, study_notes={"g": 0}).get_study_system_attrs(0) == {"g": 0}


def test_what_comes_later_is_hidden_and_running_trials_are_shown_as_the_driver_knows_them():
    stored = [finished(number) for number in range(5)]
    known = finished(1, system_attrs={"rung": 1})
    storage = storage_of(draft(9), stored, running={1: known}, before=3, warm_start=[finished(-1)])
    trials = storage.get_all_trials(0, deepcopy=False, states=(TrialState.COMPLETE,))
    assert [trial.number for trial in trials] == [-1, 0, 1, 2] and trials[2] is known
    assert storage.get_n_trials(0, TrialState.COMPLETE) == 4
    assert storage.get_best_trial(0).number == 0


@pytest.mark.usefixtures("nothing_is_stored")
@pytest.mark.parametrize("known", [{}, {"n": 7}])
@pytest.mark.parametrize("name", THERE)
def test_every_sampler_chooses_through_it(name, known):
    settings = {"cmaes": {"popsize": 4}, "nsga2": {"population_size": 4}, "gp": {"n_startup_trials": 4}}.get(name, {})
    text = spec(
        space={"x": {"low": 0.0, "high": 1.0, "step": 0.05}, "n": {"low": 1, "high": 9}},
        search__sampler={"name": name, **settings},
    )
    own, stored = draft(20), [finished(number) for number in range(20)]
    storage = storage_of(own, stored)
    study = optuna.load_study(study_name=storage.name, storage=storage, sampler=make_sampler(text, 0, 20))
    if known:
        study.enqueue_trial(known)
    trial = study.ask()
    for parameter, values in SPACE.items():
        suggest(trial, parameter, values)
    assert own.state == TrialState.RUNNING and own.params == trial.params and own.params.keys() == SPACE.keys()
    assert known.items() <= own.params.items()


@pytest.mark.usefixtures("nothing_is_stored")
@pytest.mark.parametrize("name", PRUNER_KINDS)
def test_every_pruner_judges_through_it(name):
    own = finished(20)
    own.state, own.intermediate_values, own.user_attrs = TrialState.RUNNING, {1: 99.0, 2: 99.0}, HOT.get(name, {})
    stored = [finished(number, system_attrs={f"{RUNG_NOTE}{rung}": 1.0 for rung in (0, 1)}) for number in range(20)]
    pruner = make_pruner(Algorithm(name=name, **PRUNERS.get(name, {})), 8)
    storage = storage_of(own, stored)
    study = optuna.load_study(study_name=storage.name, storage=storage, pruner=pruner)
    assert bool(pruner.prune(study, own)) is (name not in LENIENT)
    assert (RUNG_NOTE + "0" in own.system_attrs) is (name == "asha")
