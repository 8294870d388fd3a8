"""What a child process finds in its environment: what we have, and what it alone was given."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from pydantic import SecretStr

from hpsearch.config.addresses import Addresses
from hpsearch.config.child_environment import child_environment, mlflow_variables, quiet_variables, ray_variables
from hpsearch.config.credentials import Credentials


def test_a_child_gets_the_additions_and_this_process_none(monkeypatch):
    monkeypatch.setenv("HERE", "1")
    before = dict(os.environ)
    child = child_environment({"A": "1", "B": "1"}, {"B": "2"})
    assert child == {**before, "A": "1", "B": "2"} and dict(os.environ) == before


def test_the_secrets_are_there_for_a_child_that_needs_them(tmp_path):
    plain = replace(Addresses.find(tmp_path), tracking="http://mlflow:5000")
    assert mlflow_variables(plain) == {"MLFLOW_TRACKING_URI": "http://mlflow:5000"}
    assert ray_variables(plain) == {}
    addresses = replace(plain, credentials=Credentials("me", SecretStr("p")), ray_token=SecretStr("t"))
    assert mlflow_variables(addresses) == {
        "MLFLOW_TRACKING_URI": "http://mlflow:5000",
        "MLFLOW_TRACKING_USERNAME": "me",
        "MLFLOW_TRACKING_PASSWORD": "p",
    }
    assert ray_variables(addresses) == {"RAY_AUTH_TOKEN": "t"}
    assert ray_variables(replace(plain, ray_token_path=Path("/a/token"))) == {"RAY_AUTH_TOKEN_PATH": "/a/token"}


def test_a_childs_warnings_are_the_users_to_ask_for(monkeypatch):
    monkeypatch.delenv("PYTHONWARNINGS", raising=False)
    assert quiet_variables() == {"PYTHONWARNINGS": "ignore"}
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    assert quiet_variables() == {"PYTHONWARNINGS": "error"}
