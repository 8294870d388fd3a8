"""Faults of the MLflow server and of the link to it: away, away for good, slow, in error, answers lost, uploads cut."""

from __future__ import annotations

import time

import pytest
from servers import MlflowServer
from tcp_proxy import Proxy

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = MlflowServer(tmp_path_factory.mktemp("mlflow"))
    running.wait()
    yield running
    running.kill()


@pytest.fixture
def proxy(server):
    passing = Proxy(server.port)
    yield passing
    passing.close()


@pytest.fixture
def tracked(sweep, steady, request):
    """Make sweeps of this test's own name that record at `url`."""

    def make(url, **changes):
        name = request.node.name.replace("[", ".").replace("]", "")[-60:].strip("_")
        return sweep({**steady.env, "MLFLOW_TRACKING_URI": url}, name=name, **changes)

    return make


def spool(hurt):
    return list((hurt.home / "sweeps" / hurt.name / "spool").glob("trial-*/record.json"))


def every_point_is_there(hurt):
    store, epochs = hurt.stores()[1], hurt.spec["settings"]["epochs"]
    for run in hurt.runs().values():
        assert [step for step, _ in store.history(run.run_id, "val_loss")] == list(range(1, epochs + 1))


def test_no_point_is_lost_while_the_server_is_away_for_a_while(server, tracked, within):
    """Row 12."""
    hurt = tracked(server.url, search={"trials": 12})
    driver = hurt.run()
    driver.until_acknowledged(2)
    with within(90, "the sweep"):
        server.kill()
        driver.until_acknowledged(8)  # training goes on
        assert spool(hurt)
        server.start()
        driver.finished(90)
    hurt.check()
    every_point_is_there(hurt)


def test_a_server_away_for_good_is_said_and_every_result_is_kept(server, tracked, within):
    """Row 13."""
    hurt = tracked(server.url, search={"trials": 12})
    driver = hurt.run(HPSEARCH_MLFLOW_PATIENCE_SECONDS="5")
    driver.until_acknowledged(2)
    try:
        server.kill()
        with within(30, "the end"):
            driver.finished(60, code=1)
        assert f"finished trials wait in {hurt.home}" in driver.text()
        assert f"hpsearch resume {hurt.name}" in driver.text()
        assert "Traceback" not in driver.text()
        assert spool(hurt)
    finally:
        server.start()
        server.wait()
    assert hurt.stores()[0].counts().finished >= len(driver.acknowledged())
    hurt.resume().finished()
    hurt.check()
    every_point_is_there(hurt)


def test_a_lost_answer_to_a_creation_makes_no_second_object(proxy, tracked, within):
    """Row 14."""
    hurt = tracked(proxy.url)
    rules = [
        proxy.add(f"POST .*/{what}$", "lose", times=times)
        for what, times in (
            ("runs/create", 2),
            ("registered-models/create", 1),
            ("model-versions/create", 1),
            ("logged-models", 1),
        )
    ]
    driver = hurt.run()
    driver.until_acknowledged(1)
    with within(15 + 10, "the sweep"):  # six trials of half a second, and the end of the sweep
        driver.finished()
    assert [rule.hits for rule in rules] == [2, 1, 1, 1]
    hurt.check()
    client, (sweep_run,) = client_of(hurt), hurt.runs_of_the_sweep()
    assert len(client.search_model_versions(f"name = '{hurt.name}'")) == 1
    models = client.search_logged_models([client.get_run(sweep_run.run_id).info.experiment_id])
    assert len([model for model in models if model.source_run_id == sweep_run.run_id]) == 1


def test_a_cut_upload_never_becomes_the_champion(proxy, tracked, within):
    """Row 19."""
    hurt = tracked(proxy.url, search={"trials": 3})
    hurt.run().finished(120)
    hurt.check()
    proxy.add(r"PUT .*/models/.*/arrays\.safetensors", "cut")
    driver = hurt.resume("--trials", "6", HPSEARCH_MLFLOW_PATIENCE_SECONDS="5")
    driver.until_acknowledged(3)
    with within(20, "the end"):
        driver.finished(code=2)
    assert proxy.rules[0].hits > 0
    store = hurt.stores()[1]
    assert champion(hurt) == "1"
    assert store.download_model(f"models:/{hurt.name}@champion", hurt.folder)[0].is_dir()
    proxy.heal()
    hurt.resume().finished()
    hurt.check(6)
    assert champion(hurt) == "2"


def champion(hurt):
    return str(client_of(hurt).get_model_version_by_alias(hurt.name, "champion").version)


def client_of(hurt):
    from mlflow.tracking import MlflowClient

    uri = hurt.stores()[1].uri
    return MlflowClient(uri, registry_uri=uri)


@pytest.mark.parametrize("how", ["wait", "error"])
def test_training_goes_on_behind_a_server_that_is_slow_or_in_error(proxy, tracked, how):
    hurt = tracked(proxy.url, search={"trials": 12})
    driver = hurt.run()
    driver.until_acknowledged(2)
    proxy.add("mlflow", how, seconds=5)
    memory = resident(driver.pid)
    before = time.monotonic()
    driver.until_acknowledged(12, 40)
    assert time.monotonic() - before < 30
    assert spool(hurt)
    assert resident(driver.pid) - memory < 100 * 2**20
    proxy.heal()
    driver.finished(90)
    hurt.check()
    every_point_is_there(hurt)


def resident(pid):
    with open(f"/proc/{pid}/statm") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * 4096
