"""Settings: the environment before hpsearch.toml, the folder's file before the user's, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hpsearch.config.addresses import Addresses
from hpsearch.config.settings import VARIABLES, read_settings
from hpsearch.errors import SettingsError
from hpsearch.launch.token import find_token


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    for name in VARIABLES.values():
        monkeypatch.delenv(name, raising=False)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    before = dict(os.environ)
    yield here
    os.environ.clear()  # what was handed on to Ray and MLflow
    os.environ.update(before)


def write(folder, text, mode=0o600):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "hpsearch.toml"
    path.write_text(text)
    path.chmod(mode)


def test_without_a_word_everything_lies_in_the_home(folder):
    addresses = Addresses.find()
    assert addresses.home == folder / ".hpsearch" and addresses.local and addresses.jobs is None


def test_flags_come_before_the_environment_and_that_before_the_file(folder, monkeypatch):
    write(folder, 'ray = "http://file:8265"\nhome = "of_the_file"\ntracking = "http://file:5000"')
    assert Addresses.find().jobs == "http://file:8265"
    assert Addresses.find().home == folder / "of_the_file"
    monkeypatch.setenv("HPSEARCH_RAY", "http://environment:8265/")
    monkeypatch.setenv("HPSEARCH_HOME", "of_the_environment")
    assert Addresses.find().jobs == "http://environment:8265"
    assert Addresses.find().home == folder / "of_the_environment"
    assert Addresses.find("of_the_flag", "http://flag:8265").jobs == "http://flag:8265"
    assert Addresses.find("of_the_flag").home == folder / "of_the_flag"
    assert Addresses.find().tracking == "http://file:5000"


def test_the_file_of_the_folder_hides_the_users_own(folder, tmp_path):
    write(tmp_path / "config" / "hpsearch", 'ray = "http://user:8265"\nray_token = "mine"')
    assert read_settings() == {"ray": "http://user:8265", "ray_token": "mine"}
    write(folder, 'ray = "http://folder:8265"')
    assert read_settings() == {"ray": "http://folder:8265"}


def test_credentials_of_the_file_reach_ray_and_mlflow_unless_the_environment_has_its_own(folder, monkeypatch):
    write(folder, 'ray_token = "t"\ntracking_username = "u"\ntracking_password = "p"')
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "mine")
    Addresses.find()
    assert os.environ["RAY_AUTH_TOKEN"] == "t"
    assert os.environ["MLFLOW_TRACKING_USERNAME"] == "mine"
    assert os.environ["MLFLOW_TRACKING_PASSWORD"] == "p"


def test_a_token_file_of_the_environment_makes_the_files_token_moot(folder, monkeypatch):
    write(folder, 'ray_token = "of the file"')
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", "/somewhere")
    Addresses.find()
    assert "RAY_AUTH_TOKEN" not in os.environ


def test_ray_address_as_a_url_is_the_jobs_api_as_ray_takes_it(monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "http://127.0.0.1:8265")
    assert (Addresses.find().ray, Addresses.find().jobs) == (None, "http://127.0.0.1:8265")
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    assert (Addresses.find().ray, Addresses.find().jobs) == ("10.0.0.1:6379", None)


def test_the_jobs_api_of_the_environment_comes_before_the_files_whichever_variable_names_it(folder, monkeypatch):
    write(folder, 'ray = "http://file:8265"')
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")  # where a driver joins: the file's word on the Jobs API stands
    assert (Addresses.find().ray, Addresses.find().jobs) == ("10.0.0.1:6379", "http://file:8265")
    monkeypatch.setenv("RAY_ADDRESS", "http://environment:8265")
    assert Addresses.find().jobs == "http://environment:8265"
    monkeypatch.setenv("HPSEARCH_RAY", "http://ours:8265")
    assert Addresses.find().jobs == "http://ours:8265"
    assert Addresses.find(jobs="http://flag:8265").jobs == "http://flag:8265"


def test_what_was_handed_on_changes_nothing_when_it_is_read_again(folder):
    write(folder, 'ray = "http://file:8265"\nray_address = "http://other:8265"')
    assert [Addresses.find().jobs for _ in range(3)] == ["http://file:8265"] * 3


@pytest.mark.parametrize(
    ("text", "variable", "handed_on"),
    [
        ('ray_token = "t"', "RAY_AUTH_TOKEN_PATH", {"RAY_AUTH_TOKEN": "t"}),
        ('ray_token = "t"', "RAY_AUTH_TOKEN", {"RAY_AUTH_TOKEN": "t"}),
        ('tracking_password = "p"', "MLFLOW_TRACKING_PASSWORD", {"MLFLOW_TRACKING_PASSWORD": "p"}),
    ],
)
def test_an_empty_variable_does_not_hide_a_secret_of_the_file(folder, monkeypatch, text, variable, handed_on):
    write(folder, text)
    monkeypatch.setenv(variable, "")
    Addresses.find()
    assert {name: os.environ.get(name) for name in handed_on} == handed_on


def test_an_empty_token_path_is_none(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", "")
    assert find_token() is None


def test_a_token_below_the_home_of_nobody_is_one_line(monkeypatch):
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", "~nosuchuser/token")
    with pytest.raises(SettingsError, match=r"^RAY_AUTH_TOKEN_PATH: ~nosuchuser/token: cannot be read: names a user"):
        find_token()


@pytest.mark.parametrize("key", ["home", "ray_token_path"])
def test_a_path_of_the_file_below_the_home_of_nobody_is_one_line(folder, key):
    write(folder, f'{key} = "~nosuchuser/x"')
    with pytest.raises(SettingsError, match=rf"{key}: names the home of a user who is not known here"):
        read_settings()


def test_a_home_that_is_closed_to_us_has_no_file(monkeypatch):
    def closed(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_file", closed)
    assert read_settings() == {}


def test_a_user_without_a_home_has_no_file_and_no_token(monkeypatch):
    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setattr(Path, "home", homeless)
    assert read_settings() == {} and find_token() is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('trackin = "x"', "unknown key 'trackin' (did you mean 'tracking'?); choose from: home, ray"),
        ("tracking = 5", "tracking: must be a text that is not empty, got 5"),
        ('tracking = ""', "tracking: must be a text that is not empty"),
        ("tracking = ", "not valid TOML"),
        ("ray_token = 12345", "ray_token: must be a text that is not empty, got another value"),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_place(folder, text, said):
    write(folder, text)
    with pytest.raises(SettingsError) as raised:
        read_settings()
    assert said in str(raised.value) and str(folder / "hpsearch.toml") in str(raised.value)
    assert "12345" not in str(raised.value)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_file_that_shows_a_secret_to_others_is_refused(folder, mode):
    write(folder, 'ray_token = "secret"', mode)
    with pytest.raises(SettingsError, match=f"must be readable by you alone, got mode {mode:03o}; mend it: chmod 600"):
        read_settings()


def test_a_file_without_a_secret_may_be_read_by_all(folder):
    write(folder, 'ray = "http://x:8265"', 0o644)
    assert read_settings() == {"ray": "http://x:8265"}


@pytest.mark.parametrize("address", ["127.0.0.1:8265", "ray://head:10001"])
def test_an_address_that_is_no_url_is_refused(address):
    with pytest.raises(SettingsError, match="must be the URL of Ray's Jobs API"):
        Addresses.find(jobs=address)
