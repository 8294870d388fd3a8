"""`mlflow models serve` answers several clients at once, each with what one client alone is told."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest

from hpsearch.data.prepare import prepare
from hpsearch.model.bundle import Bundle, save
from hpsearch.model.predictor import Predictor
from hpsearch.spec.model import DataSpec
from trainers import TRAINERS

CLIENTS, CALLS, ROWS = 4, 10, 2000
ANSWERS_WITHIN_SECONDS = 120
# Wide, so that answers overlap inside the network and not only while their JSON is read.
SETTINGS = {"hidden": [300, 300], "epochs": 1}

pytestmark = pytest.mark.serve


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    data = prepare(DataSpec(dataset="oscillating"), Path())
    train, validation = data.train, data.validation
    epochs = TRAINERS["mlp"](**SETTINGS).train(train.X, train.y, validation.X, validation.y, classes=len(data.classes))
    while True:
        try:
            next(epochs)
        except StopIteration as stop:
            config, arrays = stop.value.state()
            return Bundle("mlp", config, arrays, data.transform, data.classes, data.features)


@pytest.fixture(scope="module")
def address(bundle, tmp_path_factory) -> Iterator[str]:
    """Where MLflow's scoring server answers while the tests run."""
    folder = tmp_path_factory.mktemp("serving")
    _save_with_mlflow(bundle, folder)
    process, url = _serve(folder)
    try:
        _wait_for(f"{url}/ping", process, folder / "server.log")
        yield f"{url}/invocations"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _save_with_mlflow(bundle: Bundle, folder: Path) -> None:
    mlflow = pytest.importorskip("mlflow")
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema

    save(bundle, folder / "model")
    signature = ModelSignature(
        inputs=Schema([ColSpec("double", name) for name in bundle.features]),
        params=ParamSchema([ParamSpec("proba", "boolean", default=False)]),
    )
    mlflow.pyfunc.save_model(
        path=str(folder / "saved"),
        loader_module="hpsearch.model.loader",
        data_path=str(folder / "model"),
        signature=signature,
        pip_requirements=["hpsearch"],
    )


def _serve(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    # MLflow runs the command `uvicorn`: this one belongs to the Python of the tests, whatever else is on the path.
    uvicorn = folder / "bin" / "uvicorn"
    uvicorn.parent.mkdir()
    uvicorn.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m uvicorn "$@"\n')
    uvicorn.chmod(0o755)
    port = _free_port()
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", str(folder / "saved")]
    command += ["--env-manager", "local", "--host", "127.0.0.1", "--port", str(port)]
    environment = os.environ | {
        "PATH": f"{uvicorn.parent}{os.pathsep}{os.environ['PATH']}",
        "OPENBLAS_NUM_THREADS": "1",  # sums in one order, so that answers can be compared bit for bit
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    return process, f"http://127.0.0.1:{port}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + ANSWERS_WITHIN_SECONDS
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{url} does not answer, its process: {process.poll()}\n{log.read_text()[-3000:]}")
            time.sleep(0.2)


def _rows(seed: int, bundle: Bundle) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 15, (ROWS, len(bundle.features)))


def _request(address: str, bundle: Bundle, rows: np.ndarray, proba: bool) -> urllib.request.Request:
    frame = {"columns": list(bundle.features), "data": rows.tolist()}
    content = json.dumps({"dataframe_split": frame, "params": {"proba": proba}}).encode()
    return urllib.request.Request(address, content, {"Content-Type": "application/json"})


def _answer(request: urllib.request.Request) -> bytes:
    with urllib.request.urlopen(request, timeout=60) as reply:
        return bytes(reply.read())


@pytest.mark.parametrize("proba", [False, True], ids=["labels", "probabilities"])
def test_four_clients_at_once_get_the_answers_that_each_gets_alone(proba, address, bundle):
    rows = [_rows(seed, bundle) for seed in range(CLIENTS)]
    requests, together = [_request(address, bundle, X, proba) for X in rows], Barrier(CLIENTS)
    alone = [_answer(request) for request in requests]

    def wrong_answers(request, right):
        together.wait()
        return sum(_answer(request) != right for _ in range(CALLS))

    with ThreadPoolExecutor(CLIENTS) as pool:
        assert list(pool.map(wrong_answers, requests, alone)) == [0] * CLIENTS
    predictor = Predictor.from_bundle(bundle)
    for X, answer in zip(rows, alone, strict=True):
        predictions = json.loads(answer)["predictions"]
        if proba:
            served = [[row[str(label)] for label in bundle.classes] for row in predictions]
            np.testing.assert_allclose(served, predictor.predict_proba(X), atol=1e-6)
        else:
            assert predictions == predictor.predict(X).tolist()
