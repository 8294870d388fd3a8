"""A store in memory owns a folder for its files and removes it; what else it does, the conformance suite shows."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from hpsearch.errors import StoreError, StoreUnavailable
from hpsearch.tracking.memory import MemoryStore


def with_a_file(tmp_path):
    store = MemoryStore()
    run = store.create_run(store.experiment("x"), "r", {}, 1)
    (tmp_path / "a.txt").write_text("a")
    store.put_file(run, tmp_path / "a.txt")
    return store, Path(store.run(run).artifacts)


def test_close_removes_the_files(tmp_path):
    store, place = with_a_file(tmp_path)
    assert (place / "a.txt").is_file()
    store.close()
    assert not place.parents[2].exists()


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_files_go_with_the_store(tmp_path):
    store, place = with_a_file(tmp_path)
    del store
    gc.collect()
    assert not place.parents[2].exists()


def test_two_stores_know_nothing_of_each_other():
    first, second = MemoryStore(), MemoryStore()
    run = first.create_run(first.experiment("x"), "r", {"a": "b"}, 1)
    assert list(second.find_runs({})) == [] and len(list(first.find_runs({}))) == 1
    with pytest.raises(StoreError):
        second.run(run)


def test_an_experiment_in_the_trash_is_refused_as_mlflow_refuses_it():
    store = MemoryStore()
    experiment = store.experiment("x")
    store.create_run(experiment, "r", {}, 1)
    store.delete_experiment("x")
    for work in (lambda: store.experiment("x"), lambda: store.create_run(experiment, "r", {}, 1)):
        with pytest.raises(StoreError, match="in MLflow's trash") as error:
            work()
        assert not isinstance(error.value, StoreUnavailable)
    assert list(store.find_runs({})) == []
