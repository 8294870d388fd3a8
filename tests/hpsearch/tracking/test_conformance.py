"""What every tracking store does, whichever engine stands behind it; the fixture decides which.

A store of one's own passes by a fixture of its own: nothing here knows an engine.
"""

from __future__ import annotations

import math
import threading

import numpy as np
import pandas as pd
import pytest

from hpsearch.errors import ModelFolderError, StoreError, StoreUnavailable, UnknownSweep
from hpsearch.tracking.interface import LONGEST_PARAM, LONGEST_TAG, ModelFiles
from hpsearch.tracking.schema import Tag


def refused(work):
    """Return what a store says that refuses at once: one line, and no promise that waiting helps."""
    with pytest.raises(StoreError) as error:
        work()
    assert not isinstance(error.value, StoreUnavailable), error.value
    assert "\n" not in str(error.value)
    return str(error.value)


def test_an_experiment_is_made_once(store, sweep):
    first = store.experiment(sweep)
    assert store.experiment(sweep) == first != store.experiment(f"{sweep} too")


def test_a_run_is_read_back_with_all_that_was_written(store, run, experiment):
    store.write(run, [("loss", 0.5, 1001, 1), ("loss", 0.25, 1002, 2)], {"x": "0.1"}, {"note": "ü"})
    store.end_run(run, "FINISHED", 3000)
    view = store.run(run)
    assert (view.run_id, view.name, view.status) == (run, "trial-0001", "FINISHED")
    assert (view.params, view.metrics, view.tags["note"]) == ({"x": "0.1"}, {"loss": 0.25}, "ü")
    assert (view.started_ms, view.ended_ms, view.artifacts != "") == (1000, 3000, True)
    assert view.tags[Tag.SOURCE_NAME] == "hpsearch" and view.tags[Tag.SOURCE_TYPE] == "LOCAL" and view.tags[Tag.USER]
    child = store.create_run(experiment, "child", {}, 1, parent=run)
    assert store.run(child).tags["mlflow.parentRunId"] == run
    assert (store.run(child).status, store.run(child).ended_ms) == ("RUNNING", None)


def test_a_point_that_is_logged_again_is_stored_once(store, run):
    points = [("loss", 0.5 / step, 1000 + step, step) for step in range(1, 5)]
    for _ in range(3):
        store.write(run, points, {"x": "0.1"}, {"t": "1"})
    assert store.history(run, "loss") == [(step, 0.5 / step) for step in range(1, 5)]
    assert store.history(run, "none") == []


def test_the_metric_of_a_run_is_the_one_of_the_last_step(store, run):
    store.write(run, [("loss", 0.9, 1003, 3), ("loss", 0.1, 1009, 2)])
    assert store.run(run).metrics == {"loss": 0.9}


@pytest.mark.parametrize("value", [1e-300, -0.1 - 0.2, 2.0**60, math.nan])
def test_a_number_comes_back_to_the_last_bit(store, run, value):
    store.write(run, [("loss", value, 1001, 1)])
    (_, came), *_ = store.history(run, "loss")
    assert np.float64(came).tobytes() == np.float64(value).tobytes()


def test_a_parameter_keeps_its_first_value(store, run):
    store.write(run, params={"x": "0.1"})
    refused(lambda: store.write(run, params={"x": "0.2"}))
    store.write(run, params={"x": "0.1", "y": "1"})
    assert store.run(run).params == {"x": "0.1", "y": "1"}


def test_a_tag_takes_the_last_value(store, run):
    for value in ("running", "complete"):
        store.write(run, tags={"state": value})
    assert store.run(run).tags["state"] == "complete"


def test_more_than_one_call_takes_is_all_written(store, run):
    points = [("loss", float(step), 1000 + step, step) for step in range(2500)]
    store.write(run, points, {f"p{i}": str(i) for i in range(250)}, {f"t{i}": str(i) for i in range(230)})
    view = store.run(run)
    assert len(store.history(run, "loss")) == 2500
    assert len(view.params) == 250 and sum(name.startswith("t") for name in view.tags) == 230


def test_many_parameters_with_few_points_are_all_written(store, run):
    store.write(run, [("loss", 0.5, 1000, 1)], {f"p{i}": str(i) for i in range(150)})
    assert len(store.run(run).params) == 150 and store.history(run, "loss") == [(1, 0.5)]


def test_long_values_are_all_written_whatever_a_server_takes_in_one_call(store, run):
    store.write(run, params={f"p{i}": "ü" * 5000 for i in range(60)}, tags={f"t{i}": "x" * 8000 for i in range(60)})
    view = store.run(run)
    assert {len(value) for value in view.params.values()} == {5000} and len(view.params) == 60
    assert sum(len(value) == 8000 for value in view.tags.values()) == 60


def test_a_value_too_long_is_cut_and_not_refused_and_may_be_written_again(store, run):
    for _ in range(2):
        store.write(run, params={"x": "1" * 20_000}, tags={"reason": "x" * 20_000})
    view = store.run(run)
    assert (len(view.params["x"]), len(view.tags["reason"])) == (LONGEST_PARAM, LONGEST_TAG)


def test_nothing_to_write_is_no_fault(store, run):
    store.write(run)
    store.write(run, [], {}, {})


def test_a_closed_run_can_be_opened_again_and_written(store, run):
    store.end_run(run, "KILLED")
    assert (store.run(run).status, store.run(run).ended_ms is None) == ("KILLED", False)
    store.reopen_run(run)
    store.write(run, [("loss", 1.0, 1001, 1)])
    assert store.run(run).status == "RUNNING"


def test_a_deleted_run_is_found_no_more_and_refuses_to_be_written(store, run, sweep, experiment):
    store.delete_run(run)
    assert list(store.find_runs({Tag.SWEEP: sweep})) == [] == list(store.find_runs({Tag.SWEEP: sweep}, experiment))
    refused(lambda: store.write(run, tags={"a": "b"}))


@pytest.mark.parametrize("name", ["", "learning%rate", "a" * 251])
def test_a_name_that_mlflow_does_not_take_is_refused_at_once(store, run, name):
    refused(lambda: store.write(run, params={name: "1"}))
    refused(lambda: store.write(run, [(name, 1.0, 1001, 1)]))


def test_a_run_that_is_not_there_is_refused_at_once(store, run, tmp_path):
    nobody = "0" * 32
    (tmp_path / "a").write_text("a")
    for work in (
        lambda: store.run(nobody),
        lambda: store.write(nobody, tags={"a": "b"}),
        lambda: store.end_run(nobody, "FINISHED"),
        lambda: store.put_file(nobody, tmp_path / "a"),
        lambda: store.fetch(nobody, "a", tmp_path),
    ):
        refused(work)
    refused(lambda: store.create_run("123456789", "r", {}, 1))


def test_files_come_back_as_they_went(store, run, tmp_path):
    source, into = tmp_path / "folder", tmp_path / "into"
    (source / "inner folder").mkdir(parents=True)
    into.mkdir()
    contents = {
        "a.txt": b"a",
        "empty.bin": b"",
        "trial (1) ü&+.csv": b"x,y\r\n",
        "inner folder/b.bin": bytes(range(256)),
    }
    for name, content in contents.items():
        (source / name).write_bytes(content)
    store.put_file(run, source / "a.txt")
    store.put_folder(run, source, "deep/er")
    assert store.fetch(run, "a.txt", into) == into / "a.txt" and (into / "a.txt").read_bytes() == b"a"
    came = store.fetch(run, "deep/er", into)
    assert came == into / "deep/er"
    assert {p.relative_to(came).as_posix(): p.read_bytes() for p in came.rglob("*") if p.is_file()} == contents
    assert store.fetch(run, "deep/er/inner folder/b.bin", into).read_bytes() == bytes(range(256))


def test_a_file_of_the_same_name_replaces_the_one_before(store, run, tmp_path):
    for text in ("long before", "now"):
        (tmp_path / "a.txt").write_text(text)
        store.put_file(run, tmp_path / "a.txt")
    (tmp_path / "into").mkdir()
    assert store.fetch(run, "a.txt", tmp_path / "into").read_text() == "now"


def test_a_missing_artifact_is_refused_at_once(store, run, tmp_path):
    refused(lambda: store.fetch(run, "none.txt", tmp_path))
    (tmp_path / "a.txt").write_text("a")
    store.put_file(run, tmp_path / "a.txt", "deep")
    refused(lambda: store.fetch(run, "deep/none.txt", tmp_path))


def test_runs_are_found_by_all_their_tags_the_newest_first(store, experiment, sweep):
    other = store.experiment(f"other than {sweep}")
    ids = [
        store.create_run(experiment, f"r{i}", {Tag.SWEEP: sweep if i % 2 else "none", "n": str(i)}, i) for i in range(7)
    ]
    elsewhere = store.create_run(other, "r", {Tag.SWEEP: sweep}, 99)
    assert [run.run_id for run in store.find_runs({Tag.SWEEP: sweep}, experiment)] == [ids[5], ids[3], ids[1]]
    assert [r.run_id for r in store.find_runs({Tag.SWEEP: sweep})] == [elsewhere, ids[5], ids[3], ids[1]]
    assert [r.run_id for r in store.find_runs({Tag.SWEEP: sweep, "n": "3"})] == [ids[3]]
    assert list(store.find_runs({Tag.SWEEP: f"{sweep}!"})) == []
    assert len(list(store.find_runs({}, experiment))) == 7


ODD = ["it's", 'the "best"', 'it\'s the "best"', "a\\", "x' or 'a' = 'a", "100%", "two\nlines", "`tick`", "ü и 日"]


def test_names_with_quotes_are_found_and_nothing_else_is(store, experiment, sweep):
    ids = {odd: store.create_run(experiment, "r", {Tag.SWEEP: sweep, "name": odd}, 1) for odd in ODD}
    for odd in ODD:
        assert [run.run_id for run in store.find_runs({Tag.SWEEP: sweep, "name": odd}, experiment)] == [ids[odd]], odd
    alone = [run.run_id for run in store.find_runs({"name": ODD[2]}, experiment)]
    assert alone == [ids[ODD[2]]]
    assert list(store.find_runs({"name": 'absent\' or "x"'}, experiment)) == []


def test_threads_may_share_a_store(store, experiment, sweep):
    def work(number):
        run = store.create_run(experiment, f"r{number}", {Tag.SWEEP: sweep}, number)
        for step in range(5):
            store.write(run, [("loss", float(step), step, step)], {"n": str(number)})
        store.end_run(run, "FINISHED")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    runs = list(store.find_runs({Tag.SWEEP: sweep}))
    assert sorted(run.params["n"] for run in runs) == ["0", "1", "2", "3"]
    assert {run.status for run in runs} == {"FINISHED"} and {run.metrics["loss"] for run in runs} == {4.0}


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "a model"
    folder.mkdir()
    (folder / "manifest.json").write_text("{}")
    example = pd.DataFrame([[1.0, 2.0]], columns=["a", "b"])
    return ModelFiles(folder, ("a", "b"), "string", example, {Tag.DIGEST: "d1", Tag.SWEEP: "x"})


def with_manifest(folder):
    if not list(folder.rglob("manifest.json")):
        raise ModelFolderError("no manifest")


def damaged(folder):
    raise ModelFolderError("a byte is wrong")


def test_a_model_is_registered_once_and_comes_back_by_all_its_addresses(store, run, experiment, sweep, model, tmp_path):
    address = store.register(run, sweep, experiment, model, with_manifest)
    assert address == f"models:/{sweep}@champion" == store.register(run, sweep, experiment, model, with_manifest)
    for place, uri in enumerate((address, f"models:/{sweep}/1", f"runs:/{run}/model")):
        folder, digest = store.download_model(uri, tmp_path / f"into-{place}")
        assert digest == "d1" and (folder / "MLmodel").is_file() and list(folder.rglob("manifest.json"))
    with pytest.raises(UnknownSweep):
        store.download_model(f"models:/{sweep}/2", tmp_path / "none")


def test_what_did_not_arrive_whole_never_becomes_the_champion(store, run, experiment, sweep, model, tmp_path):
    store.register(run, sweep, experiment, model, with_manifest)
    second = ModelFiles(model.folder, model.features, None, model.example, {Tag.DIGEST: "d2"})
    with pytest.raises(StoreUnavailable, match="not what was sent: a byte is wrong"):
        store.register(run, sweep, experiment, second, damaged)
    assert store.download_model(f"models:/{sweep}@champion", tmp_path / "before")[1] == "d1"
    store.register(run, sweep, experiment, second, with_manifest)
    assert store.download_model(f"models:/{sweep}@champion", tmp_path / "after")[1] == "d2"


@pytest.mark.parametrize(
    "uri", ["models:/none@champion", "models:/none/3", f"runs:/{'0' * 32}/model", "models:/a", "x", "runs:/a b/model"]
)
def test_an_address_without_a_model_is_said(store, tmp_path, uri):
    with pytest.raises(UnknownSweep) as error:
        store.download_model(uri, tmp_path / "into")
    assert str(error.value).startswith(uri) and "\n" not in str(error.value)


def test_a_run_without_a_model_is_said(store, run, tmp_path):
    with pytest.raises(UnknownSweep, match="holds no model"):
        store.download_model(f"runs:/{run}/model", tmp_path / "into")


def test_a_store_can_be_closed_twice(store, run):
    store.close()
    store.close()
