"""Artifacts in an S3-compatible store: MLflow's server alone knows it, a sweep and its readers see no difference."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack

import boto3
import pytest
from local_stack import end, free_port, plain_environment, start, wait_for_answer
from sample_specs import tiny

pytestmark = pytest.mark.cluster

KEYS = {"AWS_ACCESS_KEY_ID": "a-key", "AWS_SECRET_ACCESS_KEY": "a-secret", "AWS_DEFAULT_REGION": "us-east-1"}


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    """The objects of a bucket that is served on this machine."""
    folder, port = tmp_path_factory.mktemp("s3"), free_port()
    (folder / "user").mkdir()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with ExitStack() as stack:
        server = start(command, plain_environment(folder), folder, folder / "s3.log")
        stack.callback(end, server)
        url = f"http://127.0.0.1:{port}"
        wait_for_answer(f"{url}/moto-api/data.json", server)
        s3 = boto3.resource(
            "s3",
            endpoint_url=url,
            aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
            region_name=KEYS["AWS_DEFAULT_REGION"],
        )
        yield s3.create_bucket(Bucket="models")


@pytest.fixture(scope="module")
def tracking(bucket, tmp_path_factory):
    """MLflow's server as the stack starts it, with the one setting that names the bucket."""
    folder, port = tmp_path_factory.mktemp("mlflow"), free_port()
    (folder / "user").mkdir()
    command = ["mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--serve-artifacts"]
    command += ["--backend-store-uri", "sqlite:///mlflow.db", "--artifacts-destination", "s3://models/sweeps"]
    environment = plain_environment(folder) | KEYS
    environment |= {"MLFLOW_S3_ENDPOINT_URL": bucket.meta.client.meta.endpoint_url, "MLFLOW_DISABLE_TELEMETRY": "true"}
    environment |= {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with ExitStack() as stack:
        server = start(command, environment, folder, folder / "mlflow.log")
        stack.callback(end, server)
        wait_for_answer(f"http://127.0.0.1:{port}/health", server)
        yield f"http://127.0.0.1:{port}"


def test_a_sweep_and_its_winner_need_no_key_of_the_store(bucket, tracking, tmp_path):
    (tmp_path / "user").mkdir()
    space = {"learning_rate": {"low": 1e-3, "high": 1e-1, "log": True}}
    (tmp_path / "sweep.yaml").write_text(json.dumps(tiny(name="bucketed", trainer="mlp", space=space)))
    plain = {name: value for name, value in plain_environment(tmp_path).items() if not name.startswith("AWS_")}
    environment = plain | {"MLFLOW_TRACKING_URI": tracking, "HPSEARCH_HOME": str(tmp_path / "home")}

    def say(*arguments):
        command = [sys.executable, "-m", "hpsearch", *arguments]
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=200)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    say("run", "sweep.yaml")
    say("best", "bucketed", "--download", "model")
    stored = {(entry.key.rpartition("/")[2], entry.size) for entry in bucket.objects.all()}
    fetched = {(file.name, file.stat().st_size) for file in (tmp_path / "model" / "data").rglob("*") if file.is_file()}
    assert fetched and fetched <= stored
    assert "curves.parquet" in {name for name, _ in stored}
    assert "bucketed" in say("doctor", "bucketed")
