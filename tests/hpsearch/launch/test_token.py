"""Where the token of Ray's Jobs API comes from, in Ray's own order, and what cannot be one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from hpsearch.config.addresses import Addresses
from hpsearch.errors import SettingsError
from hpsearch.launch.token import find_token


@pytest.fixture
def addresses(tmp_path, monkeypatch):
    """Addresses without a token, of a user who has none."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return replace(Addresses.find(tmp_path), ray_token=None, ray_token_path=None)


def test_a_token_comes_before_its_file_and_that_before_rays_own(addresses, tmp_path):
    assert find_token(addresses) is None
    (tmp_path / ".ray").mkdir()
    (tmp_path / ".ray" / "auth_token").write_text("rays-own\n")
    assert find_token(addresses).get_secret_value() == "rays-own"
    (tmp_path / "token").write_text("of-the-file\n")
    addresses = replace(addresses, ray_token_path=Path("~/token"))
    assert find_token(addresses).get_secret_value() == "of-the-file"
    assert find_token(replace(addresses, ray_token=SecretStr("given"))).get_secret_value() == "given"


def test_the_environment_is_not_asked(addresses, monkeypatch):
    monkeypatch.setenv("RAY_AUTH_TOKEN", "another-place")
    assert find_token(addresses) is None


def test_an_empty_token_path_is_none(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", "")
    assert find_token(Addresses.find()) is None


@pytest.mark.parametrize(
    ("path", "reason"),
    [("~nosuchuser/token", "names a user who is not known here"), ("/nowhere/token", "No such file or directory")],
)
def test_a_file_that_was_named_and_cannot_be_read_is_one_line(monkeypatch, path, reason):
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", path)
    with pytest.raises(SettingsError, match=f"^RAY_AUTH_TOKEN_PATH: {path}: cannot be read: {reason}$"):
        find_token(Addresses.find())


@pytest.mark.parametrize("content", ["", " ", "can ary", "canary\ncanary", "canaryä"])
def test_what_cannot_be_a_token_is_refused_and_not_repeated(addresses, content):
    with pytest.raises(SettingsError, match=r"^RAY_AUTH_TOKEN: must hold one line of printable characters") as refused:
        find_token(replace(addresses, ray_token=SecretStr(content)))
    assert "canary" not in str(refused.value)
