"""`init-stack`: random, private, never over what is there."""

from __future__ import annotations

import re
import socket
import stat
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from hpsearch.cli.main import command
from hpsearch.errors import SettingsError
from hpsearch.launch import stack_secrets


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


def compose_option(env):
    """Return MLflow's --allowed-hosts as Docker Compose fills it in, with its only rule that both of them know."""
    text = (Path(__file__).parents[3] / "docker-compose.yml").read_text()
    option = re.search(r"--allowed-hosts=(.*)", text).group(1)
    return re.sub(r"\$\{(\w+):-([^}]*)\}", lambda found: env.get(found[1]) or found[2], option).split(",")


def answers(env, host):
    from mlflow.server.security_utils import is_allowed_host_header

    return is_allowed_host_header(compose_option(env), host)


@pytest.mark.parametrize("env", [{}, {"HPSEARCH_ALLOWED_HOSTS": ""}])
def test_a_stack_on_loopback_answers_this_machine_and_the_head_alone(tmp_path, env):
    init(tmp_path)
    for found in (env, values(tmp_path / ".env")):
        assert all(answers(found, host) for host in ("localhost:5000", "127.0.0.1:4999", "mlflow:5000"))
        assert not any(
            answers(found, host) for host in ("evil.example", "gpu1:5000", "", "127.0.0.1.evil.example:5000")
        )


@pytest.mark.parametrize(("listen", "address"), [("0.0.0.0", "10.0.0.9"), ("10.1.2.3", "10.1.2.3")])
def test_a_stack_that_listens_elsewhere_answers_to_this_machines_names_and_tells_them(
    tmp_path, monkeypatch, listen, address
):
    monkeypatch.setattr(socket, "gethostname", lambda: "GPU1")
    monkeypatch.setattr(socket, "getfqdn", lambda: "gpu1.example")
    monkeypatch.setattr(stack_secrets, "_addresses", lambda: ["127.0.1.1", "10.0.0.9"])
    said, env = init(tmp_path, "--listen", listen).output, values(tmp_path / ".env")
    assert f"gpu1 or gpu1.example or {address}, under any port" in said and "HPSEARCH_ALLOWED_HOSTS" in said
    for host in ("gpu1:5000", "gpu1.example:5000", "gpu1.example", f"{address}:5000", "localhost:5000", "mlflow:5000"):
        assert answers(env, host), host
    assert not any(answers(env, host) for host in ("evil.example:5000", "gpu1.example.evil.com:5000"))


@pytest.mark.parametrize(("listen", "here"), [("0.0.0.0", "127.0.0.1"), ("10.1.2.3", "10.1.2.3")])
def test_the_clients_file_names_an_address_that_is_published(tmp_path, listen, here):
    init(tmp_path, "--listen", listen)
    client = tomllib.loads((tmp_path / "hpsearch.toml").read_text())
    assert (client["ray"], client["tracking"]) == (f"http://{here}:8265", f"http://{here}:5000")


def test_the_machines_own_addresses_are_found_without_a_name_server(monkeypatch):
    def fails(_):
        raise socket.gaierror("no name server")

    monkeypatch.setattr(socket, "gethostbyname_ex", fails)
    assert all(re.fullmatch(r"[\d.]+", address) for address in stack_secrets._addresses())


def test_every_setting_of_s3_is_in_the_template(tmp_path):
    init(tmp_path)
    compose = (Path(__file__).parents[3] / "docker-compose.yml").read_text()
    wanted = re.findall(r"^ +(\w+): \$\{\1:-\}$", compose, re.MULTILINE)
    template = (tmp_path / ".env").read_text()
    assert len(wanted) == 4 and all(f"\n#{name}=\n" in template for name in wanted)


def test_no_secret_is_printed(tmp_path):
    said = init(tmp_path).output
    assert not [
        value for name, value in values(tmp_path / ".env").items() if name != "HPSEARCH_LISTEN" and value in said
    ]
