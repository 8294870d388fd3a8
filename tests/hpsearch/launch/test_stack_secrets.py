"""`init-stack`: random, private, never over what is there."""

from __future__ import annotations

import stat
import tomllib

import pytest
from click.testing import CliRunner

from hpsearch.cli.main import command
from hpsearch.errors import SettingsError


def init(*arguments):
    return CliRunner().invoke(command, ["init-stack", *map(str, arguments)])


def values(path):
    lines = (line for line in path.read_text().splitlines() if line and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)


def test_two_stacks_have_secrets_of_their_own_readable_by_their_owner_alone(tmp_path):
    found = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        assert init(folder).exit_code == 0
        for file in (".env", "hpsearch.toml"):
            assert stat.S_IMODE((folder / file).stat().st_mode) == 0o600
        found.append(values(folder / ".env"))
    secret = [name for name in found[0] if name != "HPSEARCH_LISTEN"]
    assert len(secret) == 6
    assert all(len(found[0][name]) >= 40 and found[0][name] != found[1][name] for name in secret)
    assert len({found[0][name] for name in secret}) == 6


def test_the_clients_file_has_the_stacks_token_and_password(tmp_path):
    init(tmp_path)
    server, client = values(tmp_path / ".env"), tomllib.loads((tmp_path / "hpsearch.toml").read_text())
    assert client["ray_token"] == server["RAY_TOKEN"]
    assert client["tracking_password"] == server["MLFLOW_ADMIN_PASSWORD"]


def test_what_is_there_is_never_overwritten(tmp_path):
    init(tmp_path)
    before = (tmp_path / ".env").read_text()
    again = init(tmp_path)
    assert isinstance(again.exception, SettingsError) and "is there already" in str(again.exception)
    (tmp_path / "hpsearch.toml").unlink()
    assert isinstance(init(tmp_path).exception, SettingsError)
    assert (tmp_path / ".env").read_text() == before and not (tmp_path / "hpsearch.toml").exists()


@pytest.mark.parametrize(("listen", "warned"), [("127.0.0.1", False), ("0.0.0.0", True)])
def test_a_stack_that_shall_listen_elsewhere_is_warned_of_the_risk(tmp_path, listen, warned):
    result = init(tmp_path, "--listen", listen)
    assert ("it runs code for whoever has the token" in result.output) is warned
    assert values(tmp_path / ".env")["HPSEARCH_LISTEN"] == listen


def test_no_secret_is_printed(tmp_path):
    said = init(tmp_path).output
    assert not [
        value for name, value in values(tmp_path / ".env").items() if name != "HPSEARCH_LISTEN" and value in said
    ]
