"""Where things are kept: the home, and what takes its place."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hpsearch.config.addresses import Addresses, redact
from hpsearch.errors import SettingsError, StoreError


def test_everything_lies_in_the_home_by_default(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    addresses = Addresses.find()
    assert addresses.home == tmp_path / ".hpsearch"
    assert addresses.storage == f"sqlite:///{tmp_path}/.hpsearch/study.db"
    assert addresses.tracking == f"sqlite:///{tmp_path}/.hpsearch/mlflow.db"
    assert addresses.ray is None and addresses.local
    assert list(tmp_path.iterdir()) == []


def test_the_environment_takes_the_place_of_each_store(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow:5000")
    monkeypatch.setenv("HPSEARCH_STORAGE", "postgresql+psycopg://db/hp")
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:6379")
    addresses = Addresses.find(tmp_path)
    assert (addresses.storage, addresses.tracking, addresses.ray) == (
        "postgresql+psycopg://db/hp",
        "http://mlflow:5000",
        "127.0.0.1:6379",
    )
    assert not addresses.local


def test_the_home_can_be_given_or_named_by_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("HPSEARCH_HOME", str(tmp_path / "named"))
    assert Addresses.find().home == tmp_path / "named"
    assert Addresses.find(tmp_path / "given").home == tmp_path / "given"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")  # empty is as good as unset
    assert Addresses.find().tracking.startswith("sqlite:///")


def test_a_relative_home_does_not_move_with_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Addresses.find("here").home == tmp_path / "here"


def test_a_sweep_s_folder_lies_below_the_home(tmp_path):
    assert Addresses.find(tmp_path).sweep("a").relative_to(tmp_path) == Path("sweeps/a")


def test_a_home_is_made_and_left_clean(tmp_path):
    Addresses.find(tmp_path / "a" / "b").make()
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_home_below_a_file_cannot_be_written_and_says_so(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=rf"^--home {tmp_path}/file/home: cannot be written: "):
        Addresses.find(tmp_path / "file" / "home").make()


def test_looking_into_a_home_that_is_not_there_is_an_error_and_makes_nothing(tmp_path):
    with pytest.raises(StoreError, match="holds no sweeps yet; begin one with: hpsearch run"):
        Addresses.find(tmp_path / "none").must_exist()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("address", "instead"),
    [
        ("postgresql://me:canary@db/hp", "PGPASSWORD"),
        ("postgresql+psycopg://me:ca/na?ry#@db/hp", "PGPASSWORD"),
        ("postgresql://db/hp?user=me&password=canary", "PGPASSWORD"),
        ("mysql+pymysql://:canary@db/hp", "PGPASSWORD"),
        ("http://me:canary@mlflow:5000", "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"),
    ],
)
def test_a_password_in_a_tracking_address_of_any_kind_is_refused_and_not_repeated(address, instead, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    with pytest.raises(SettingsError, match=r"^MLFLOW_TRACKING_URI: must hold no .*password; put") as refused:
        Addresses.find()
    assert instead in str(refused.value)
    assert not [part for part in ("canary", "ca/na") if part in str(refused.value)]


@pytest.mark.parametrize("variable", ["HPSEARCH_RAY", "MLFLOW_TRACKING_URI"])
@pytest.mark.parametrize("address", ["http://[::1", "http://127.0.0.1:50x0", "http://me:canary", "http://h:99999"])
def test_a_url_that_cannot_be_read_is_refused_and_not_repeated(variable, address, monkeypatch):
    monkeypatch.setenv(variable, address)
    with pytest.raises(SettingsError, match=rf"{variable}: must be http://HOST:PORT, its port a number") as refused:
        Addresses.find()
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize("option", ["password=canary", "user=me&Password=canary", "sslpassword=canary"])
def test_a_password_among_the_options_of_the_storage_is_refused_and_not_repeated(option, monkeypatch):
    monkeypatch.setenv("HPSEARCH_STORAGE", f"postgresql+psycopg://127.0.0.1:9/study?{option}")
    with pytest.raises(
        SettingsError, match=r"^HPSEARCH_STORAGE: must hold no password; put it into PGPASSWORD"
    ) as told:
        Addresses.find()
    assert "canary" not in str(told.value)


@pytest.mark.parametrize(
    ("address", "fit"),
    [
        ("postgresql+psycopg://me:canary@db:5432/hp?sslmode=require", "postgresql+psycopg://me:***@db:5432/hp"),
        ("postgresql+psycopg://db/hp?user=me&password=canary", "postgresql+psycopg://db/hp"),
        ("postgresql+psycopg://me:canary@db:port/hp", "postgresql+psycopg://…"),
        ("sqlite:////a:b@c/d.db", "sqlite:////a:b@c/d.db"),
        ("study.log", "study.log"),
    ],
)
def test_a_database_is_shown_without_any_password(address, fit):
    assert redact(address) == fit


@pytest.mark.parametrize(
    "address", ["postgresql+psycopg://me@db:5432/hp", "sqlite:////a:b@c/d.db", "http://mlflow:5000"]
)
def test_a_tracking_address_without_a_password_is_taken(address, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    assert Addresses.find().tracking == address


def test_many_that_begin_at_once_in_one_home_do_not_disturb_each_other(tmp_path):
    addresses = Addresses.find(tmp_path / "home")
    with ThreadPoolExecutor(8) as pool:
        for made in [pool.submit(addresses.make) for _ in range(400)]:
            made.result()
    assert list((tmp_path / "home").iterdir()) == []
