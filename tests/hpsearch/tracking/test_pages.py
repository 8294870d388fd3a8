"""MLflow's pages show a run in the same way whichever store has written it: compared through MLflow's own client."""

from __future__ import annotations

import json
import os
from pathlib import Path

import mlflow.pyfunc
import pandas as pd
import pytest
from mlflow.tracking import MlflowClient

from hpsearch.tracking import open_store
from hpsearch.tracking.interface import ModelFiles
from hpsearch.tracking.schema import Tag, trial_tags


def written(store, sweep, folder):
    """Write a sweep's run, a trial and a model, as a sweep does; return the ids of both runs."""
    experiment = store.experiment(sweep)
    parent = store.create_run(experiment, sweep, {Tag.KIND: "sweep", Tag.SWEEP: sweep}, 1000)
    trial = store.create_run(experiment, "trial-0007", trial_tags(sweep, 7), 1001, parent)
    points = [("loss", 0.1 * step, 1001 + step, step) for step in range(1, 4)]
    store.write(trial, points, {"x": "0.1", "hidden": "[100, 100]"}, {Tag.STATE: "complete", Tag.NOTE: "**bold** ü"})
    store.put_file(trial, folder / "manifest.json")
    store.end_run(trial, "FINISHED", 2000)
    example = pd.DataFrame([[1.0, 2.0]], columns=["a", "b"])
    model = ModelFiles(folder, ("a", "b"), "string", example, {Tag.DIGEST: "d", Tag.SWEEP: sweep})
    store.register(parent, sweep, experiment, model, lambda _: None)
    store.end_run(parent, "FINISHED", 3000)
    return parent, trial


def shown(uri, parent, trial, sweep):
    """Return what MLflow's client reads, without what differs between two stores by nature: ids, places, times."""
    client = MlflowClient(uri, registry_uri=uri)
    runs = {}
    for name, run_id in (("parent", parent), ("trial", trial)):
        run = client.get_run(run_id)
        tags = {key: value for key, value in run.data.tags.items() if key != Tag.PARENT}
        times = (run.info.start_time, run.info.end_time)
        files = sorted((file.path, file.is_dir) for file in client.list_artifacts(run_id))
        history = [(m.step, m.value, m.timestamp) for m in client.get_metric_history(run_id, "loss")]
        info = (run.info.run_name, run.info.status, run.info.user_id, run.info.lifecycle_stage)
        runs[name] = (info, times, tags, run.data.params, run.data.metrics, history, files)
    version = client.get_model_version_by_alias(sweep, "champion")
    outputs = client.get_run(parent).outputs.model_outputs
    logged = client.get_logged_model(outputs[-1].model_id)
    experiment = client.get_experiment_by_name(sweep)
    tags = {key: value for key, value in logged.tags.items() if key != "mlflow.modelVersions"}  # a server's own note
    return {
        **runs,
        "parent of the trial": client.get_run(trial).data.tags[Tag.PARENT] == parent,
        "outputs": [(one.model_id == logged.model_id, one.step) for one in outputs],
        "version": (
            str(version.version),
            version.tags,
            version.run_id == parent,
            version.status,
            version.model_id is None,
        ),
        "logged": (logged.name, tags, logged.model_type, str(logged.status), logged.source_run_id == parent),
        "source": version.source == logged.artifact_location,
        "experiment": {k: v for k, v in experiment.tags.items() if "experimentKind" in k},
    }


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "a model"
    place.mkdir()
    (place / "manifest.json").write_text("{}")
    return place


def test_a_run_of_a_server_and_of_a_database_is_shown_alike(open_server, home, folder, sweep):
    uris = f"sqlite:///{home / 'mlflow.db'}", open_server.url
    pages = []
    for uri in uris:
        pages.append(shown(uri, *written(open_store(uri, home), sweep, folder), sweep))
    assert pages[0] == pages[1]
    assert pages[0]["parent of the trial"] and pages[0]["outputs"] == [(True, 0)] and pages[0]["source"]


def test_the_model_has_its_signature_and_example_and_nothing_of_the_folder_one_stands_in(
    home, folder, sweep, tmp_path, monkeypatch
):
    project = tmp_path / "somebody's project"
    project.mkdir()
    (project / "uv.lock").write_text("version = 1\n")
    (project / "pyproject.toml").write_text('[project]\nname = "theirs"\n')
    monkeypatch.chdir(project)
    monkeypatch.delenv("MLFLOW_UV_AUTO_DETECT", raising=False)
    store = open_store(f"sqlite:///{home / 'mlflow.db'}", home)
    written(store, sweep, folder)
    came, _ = store.download_model(f"models:/{sweep}@champion", tmp_path / "came")
    assert not {"uv.lock", "pyproject.toml"} & {path.name for path in came.rglob("*")}
    model = mlflow.models.Model.load(str(came))
    assert model.signature.inputs.input_names() == ["a", "b"] and model.signature.params.params[0].name == "proba"
    assert json.loads((Path(came) / "input_example.json").read_text())["columns"] == ["a", "b"]
    assert model.flavors["python_function"]["loader_module"] == "hpsearch.model.loader"
    assert os.environ.get("MLFLOW_UV_AUTO_DETECT") is None
