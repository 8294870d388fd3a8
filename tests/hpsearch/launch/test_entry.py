"""What every container begins with: the token goes into a file, empty settings go."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
S3 = {
    "MLFLOW_S3_ENDPOINT_URL": "http://minio:9000",
    "AWS_ACCESS_KEY_ID": "a-key",
    "AWS_SECRET_ACCESS_KEY": "a-secret",
    "AWS_DEFAULT_REGION": "eu-central-1",
}
PROGRAM = "import json, os, sys; print(json.dumps([dict(os.environ), sys.argv[1:]]))"


@pytest.fixture
def entered(tmp_path):
    """Begin a program through the script; return its environment and its arguments."""

    def entered(*arguments, **environment):
        plain = {"PATH": os.environ["PATH"], "RAY_AUTH_TOKEN_PATH": str(tmp_path / "ray" / "token")}
        command = ["sh", str(ROOT / "stack" / "entry"), sys.executable, "-c", PROGRAM, *arguments]
        done = subprocess.run(command, env=plain | environment, capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")
        return json.loads(done.stdout)

    return entered


def test_an_s3_setting_that_is_empty_is_taken_for_none(entered):
    found, _ = entered(**dict.fromkeys(S3, ""))
    assert not set(found) & set(S3)
    found, _ = entered(**S3 | {"MLFLOW_S3_ENDPOINT_URL": ""})
    assert {name: found.get(name) for name in S3} == {**S3, "MLFLOW_S3_ENDPOINT_URL": None}


def test_an_s3_setting_that_is_given_is_kept_and_an_absent_one_is_no_trouble(entered):
    assert entered(**S3)[0].items() >= S3.items()
    assert not set(entered()[0]) & set(S3)


def test_the_compose_file_hands_on_nothing_that_may_be_empty_but_what_the_script_drops():
    text = (ROOT / "docker-compose.yml").read_text()
    assert set(re.findall(r"^ +(\w+): \$\{\w+:-\}$", text, re.MULTILINE)) == set(S3)


def test_the_token_is_in_a_file_of_its_users_alone_and_nowhere_else(entered, tmp_path):
    found, arguments = entered("a b", "$HOME", HPSEARCH_RAY_TOKEN="canary")
    assert arguments == ["a b", "$HOME"]
    token = tmp_path / "ray" / "token"
    assert token.read_text() == "canary" and stat.S_IMODE(token.stat().st_mode) == 0o600
    assert "canary" not in json.dumps(found)
