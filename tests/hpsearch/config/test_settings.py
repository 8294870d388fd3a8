"""Settings: the environment before hpsearch.toml, the folder's file before the user's, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from hpsearch.config.addresses import Addresses
from hpsearch.config.settings import VARIABLES, WAITS, Settings, read_settings
from hpsearch.errors import SettingsError
from hpsearch.launch.token import find_token


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    for name in (*VARIABLES.values(), *WAITS.values()):
        monkeypatch.delenv(name, raising=False)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return here


def write(folder, text, mode=0o600):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "hpsearch.toml"
    path.write_text(text)
    path.chmod(mode)


def values(settings):
    """Return what the settings name, secrets included."""
    named = {key: value for key, value in settings if value is not None and key not in WAITS}
    return {k: v.get_secret_value() if isinstance(v, SecretStr) else v for k, v in named.items()}


# --- one folder's secrets -------------------------------------------------------------------------------------------

A = """
ray = "http://a:8265"
ray_address = "10.0.0.1:6379"
tracking = "http://a:5000"
ray_token = "token-of-a"
tracking_username = "user-of-a"
tracking_password = "password-of-a"
"""


@pytest.mark.parametrize(
    "second",
    [
        'ray = "http://b:8265"\ntracking = "http://b:5000"',
        'ray = "http://b:8265"\ntracking = "http://b:5000"\nray_token_path = "none"\ntracking_username = "user-of-b"',
        "",
    ],
    ids=["addresses", "addresses and names", "nothing"],
)
def test_nothing_that_one_folder_says_reaches_the_next_one_in_the_same_process(tmp_path, monkeypatch, second):
    before = dict(os.environ)
    write(tmp_path / "a", A)
    write(tmp_path / "b", second)
    monkeypatch.chdir(tmp_path / "a")
    first = Addresses.find()
    assert find_token(first).get_secret_value() == "token-of-a"
    assert first.credentials.username == "user-of-a"
    assert first.credentials.password.get_secret_value() == "password-of-a"
    monkeypatch.chdir(tmp_path / "b")
    settings, addresses = read_settings(), Addresses.find()
    texts = [*map(str, values(settings).values()), addresses.tracking, addresses.jobs or "", addresses.ray or ""]
    if addresses.credentials is not None:
        texts += [addresses.credentials.username, addresses.credentials.password.get_secret_value()]
    assert not [text for text in texts if "of-a" in text or "//a:" in text or "10.0.0.1" in text]
    assert addresses.ray_token is None
    if addresses.ray_token_path is None:
        assert find_token(addresses) is None
    assert dict(os.environ) == before  # which is where the next reader, Ray or MLflow, would look


def test_settings_and_addresses_never_change():
    with pytest.raises(ValidationError, match="frozen"):
        read_settings().ray_token = SecretStr("x")
    with pytest.raises(AttributeError):
        Addresses.find().credentials = None
    with pytest.raises(ValidationError, match="extra"):
        Settings(ray_tokne="x")


def test_no_secret_is_in_what_settings_and_addresses_print(folder, monkeypatch):
    write(folder, 'ray_token = "canary"\ntracking_username = "u"\ntracking_password = "canary"')
    monkeypatch.setenv("HPSEARCH_STORAGE", "mysql+pymysql://me:canary@db/hp")
    settings, addresses = read_settings(), Addresses.find()
    assert "canary" not in f"{settings} {settings!r} {addresses} {addresses!r} {addresses.credentials!r}"
    with pytest.raises(ValidationError) as refused:
        Settings.model_validate({"ray_token": ["canary"]})
    assert "canary" not in str(refused.value)


# --- which of them counts -------------------------------------------------------------------------------------------


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
    assert values(read_settings()) == {"ray": "http://user:8265", "ray_token": "mine"}
    write(folder, 'ray = "http://folder:8265"')
    assert values(read_settings()) == {"ray": "http://folder:8265"}


def test_credentials_of_the_file_are_taken_unless_the_environment_has_its_own(folder, monkeypatch):
    write(folder, 'ray_token = "t"\ntracking_username = "u"\ntracking_password = "p"')
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "mine")
    addresses = Addresses.find()
    assert addresses.ray_token.get_secret_value() == "t"
    assert addresses.credentials.username == "mine"
    assert addresses.credentials.password.get_secret_value() == "p"


def test_a_user_without_a_password_has_an_empty_one_and_a_password_alone_is_nobodys(folder):
    write(folder, 'tracking_username = "u"')
    assert Addresses.find().credentials.password.get_secret_value() == ""
    write(folder, 'tracking_password = "p"')
    assert Addresses.find().credentials is None


@pytest.mark.parametrize(
    ("key", "variable", "value"),
    [("ray_token", "RAY_AUTH_TOKEN_PATH", "/somewhere"), ("ray_token_path", "RAY_AUTH_TOKEN", "mine")],
)
def test_a_token_of_the_environment_makes_the_one_of_the_file_moot(folder, monkeypatch, key, variable, value):
    write(folder, f'{key} = "of the file"')
    monkeypatch.setenv(variable, value)
    assert getattr(Addresses.find(), key) is None


def test_the_waits_are_numbers_of_seconds(monkeypatch):
    assert (read_settings().mlflow_retry_seconds, read_settings().silence_seconds) == (300, 30)
    monkeypatch.setenv("HPSEARCH_MLFLOW_PATIENCE_SECONDS", "2.5")
    monkeypatch.setenv("HPSEARCH_SILENCE_SECONDS", "6")
    assert (Addresses.find().mlflow_retry_seconds, Addresses.find().silence_seconds) == (2.5, 6)


@pytest.mark.parametrize("value", ["soon", "-1", "nan"])
@pytest.mark.parametrize("variable", WAITS.values())
def test_a_wait_that_is_no_number_is_one_line(monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=f"^{variable}: must be a number of seconds, 0 or more, got '{value}'$"):
        read_settings()


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


def test_the_files_own_jobs_api_comes_before_its_ray_address(folder):
    write(folder, 'ray = "http://file:8265"\nray_address = "http://other:8265"')
    assert [Addresses.find().jobs for _ in range(3)] == ["http://file:8265"] * 3


@pytest.mark.parametrize(
    ("key", "variable"),
    [
        ("ray_token", "RAY_AUTH_TOKEN_PATH"),
        ("ray_token", "RAY_AUTH_TOKEN"),
        ("tracking_password", "MLFLOW_TRACKING_PASSWORD"),
    ],
)
def test_an_empty_variable_does_not_hide_a_secret_of_the_file(folder, monkeypatch, key, variable):
    write(folder, f'{key} = "of the file"')
    monkeypatch.setenv(variable, "")
    assert values(read_settings()) == {key: "of the file"}


@pytest.mark.parametrize("key", ["home", "ray_token_path"])
def test_a_path_of_the_file_below_the_home_of_nobody_is_one_line(folder, key):
    write(folder, f'{key} = "~nosuchuser/x"')
    with pytest.raises(SettingsError, match=rf"{key}: names the home of a user who is not known here"):
        read_settings()


def test_a_home_that_is_closed_to_us_has_no_file(monkeypatch):
    def closed(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_file", closed)
    assert values(read_settings()) == {}


def test_a_user_without_a_home_has_no_file_and_no_token(monkeypatch):
    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setattr(Path, "home", homeless)
    assert values(read_settings()) == {} and find_token(Addresses.find()) is None


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
    with pytest.raises(SettingsError, match=f"must be readable by you alone, got mode {mode:03o}; fix it: chmod 600"):
        read_settings()


def test_a_file_without_a_secret_may_be_read_by_all(folder):
    write(folder, 'ray = "http://x:8265"', 0o644)
    assert values(read_settings()) == {"ray": "http://x:8265"}


@pytest.mark.parametrize("address", ["127.0.0.1:8265", "ray://head:10001"])
def test_an_address_that_is_no_url_is_refused(address):
    with pytest.raises(SettingsError, match="must be the URL of Ray's Jobs API"):
        Addresses.find(jobs=address)
