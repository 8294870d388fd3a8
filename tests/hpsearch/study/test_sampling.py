"""How a sampler chooses new trials: what NSGA-II notes goes with its trials, and nobody else's timing changes them."""

from __future__ import annotations

import random

import optuna
import pytest
from optuna.storages import RDBStorage
from sample_specs import spec

from hpsearch.errors import StoreUnavailable
from hpsearch.locking.retry import Timer
from hpsearch.study.study import Study
from hpsearch.study.trial_storage import STUDY_NOTE
from hpsearch.trial import Outcome, State

SPACE = {"x": {"low": 0.0, "high": 1.0}, "n": {"low": 1, "high": 9}, "kind": {"choices": ["a", "b", "c"]}}
POPULATION, TRIALS, WINDOW = 4, 24, 4
AIMS = {"search__metric": ["val_accuracy", "parameters"], "search__direction": ["maximize", "minimize"]}


class Impatient(Timer):
    """Lets its waits pass at once."""

    def wait(self, seconds):
        pass


def begun(url, name, **changes):
    sampler = {"name": "nsga2", "population_size": POPULATION}
    text = spec(name=name, space=SPACE, search__sampler=sampler, search__trials=TRIALS, **changes)
    study = Study.create(url, text, {}, timer=Impatient())
    study.prepare(5)
    return study


def value(params):
    return -((params["x"] - 0.3) ** 2) - params["n"] / 100


def tell(study, suggestion):
    score = value(suggestion.params)
    values = {"val_accuracy": score, "parameters": float(suggestion.params["n"])} if study.spec.search.aims else {}
    study.tell(suggestion.number, Outcome(State.COMPLETE, score, 5, 5, values=values))


def searched(study, trials=TRIALS):
    for _ in range(trials):
        tell(study, study.ask())
    return [trial.params for trial in study.trials()]


def stored(url, name):
    return optuna.load_study(study_name=name, storage=url)


@pytest.mark.parametrize("changes", [{}, AIMS])
def test_a_generation_s_parents_are_noted_with_the_trial_and_not_in_the_study(addresses, changes):
    study = begun(addresses.storage, "tiny", **changes)
    searched(study)
    study.close()
    theirs = stored(addresses.storage, "tiny")
    assert not [name for name in study._storage.get_study_system_attrs(study._study_id) if "parent" in name]
    notes = [(t.number, name) for t in theirs.trials for name in t.system_attrs if name.startswith(STUDY_NOTE)]
    assert (
        len({name for _, name in notes}) == len(notes) >= TRIALS // POPULATION - 2
    )  # one trial notes, the others read


def test_a_trial_that_was_not_stored_is_chosen_again_as_if_nothing_had_happened(addresses, monkeypatch):
    """The first trial of a generation chooses its parents: their order would be another one, were they noted before."""
    whole = searched(begun(addresses.storage, "whole"))
    create, refused = RDBStorage.create_new_trial, set()

    def fail_once(self, study_id, template_trial=None):
        if template_trial.number not in refused:
            refused.add(template_trial.number)
            raise StoreUnavailable("gone for a moment")
        return create(self, study_id, template_trial)

    monkeypatch.setattr(RDBStorage, "create_new_trial", fail_once)
    assert searched(begun(addresses.storage, "parts")) == whole
    assert len(refused) == TRIALS


def test_a_restart_changes_no_trial(addresses):
    whole = searched(begun(addresses.storage, "whole"))
    begun(addresses.storage, "parts").close()
    for _ in range(TRIALS // 3):
        with Study.load(addresses.storage, "parts") as study:
            study.prepare(5)
            parts = searched(study, 3)
    assert parts == whole


def with_workers(url, name, workers, luck):
    """Search with trials that end in any order; the window says when a trial may begin."""
    study, running, told = begun(url, name, search__deterministic=True, search__window=WINDOW), [], set()
    while len(told) < TRIALS:
        number = study.next_number()
        while len(running) < workers and number < TRIALS and set(range(number - WINDOW + 1)) <= told:
            running.append(study.ask())
            number = study.next_number()
        suggestion = running.pop(luck.randrange(len(running)))
        tell(study, suggestion)
        told.add(suggestion.number)
    return [trial.params for trial in study.trials()]


def test_the_deterministic_mode_gives_the_same_trials_on_any_number_of_workers(addresses):
    luck = random.Random(3)
    tables = [with_workers(addresses.storage, f"w{n}", workers, luck) for n, workers in enumerate((1, 4, 4, 3))]
    assert tables[0] == tables[1] == tables[2] == tables[3]
    assert len({str(params) for params in tables[0]}) > TRIALS // 2


def test_the_notes_that_an_older_study_holds_itself_are_still_read(addresses):
    """Until they went with the trials, Optuna kept them among the study's own attributes."""
    study = begun(addresses.storage, "old")
    searched(study, 2 * POPULATION)
    parents = {"NSGAIISampler:parent:2": [study._id(number) for number in range(POPULATION)]}
    for name, ids in parents.items():
        study._storage.set_study_system_attr(study._study_id, name, ids)
    study.close()
    with Study.load(addresses.storage, "old") as again:
        again.prepare(5)
        tell(again, again.ask())
    newest = stored(addresses.storage, "old").trials[-1]
    assert newest.system_attrs["NSGAIISampler:generation"] == 2
    assert STUDY_NOTE + "NSGAIISampler:parent:2" not in newest.system_attrs
