"""docker-compose.yml: what it promises of every service, and that each Docker Compose here reads it.

Running it is the business of tests/compose.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from hpsearch.launch.stack_secrets import write_secrets

ROOT = Path(__file__).parent.parent.parent.parent
COMPOSES = {"v2": ["docker", "compose"], "1.29": ["docker-compose"]}


def is_here(command):
    return (
        shutil.which(command[0])
        and subprocess.run([*command, "version"], capture_output=True, timeout=60).returncode == 0
    )


@pytest.fixture(params=COMPOSES)
def config(request, tmp_path):
    """Read the file as this Compose does."""
    command = COMPOSES[request.param]
    if not is_here(command):
        pytest.skip(f"no {' '.join(command)} here")
    shutil.copy(ROOT / "docker-compose.yml", tmp_path)
    shutil.copytree(ROOT / "stack", tmp_path / "stack")
    return lambda: subprocess.run([*command, "config"], cwd=tmp_path, capture_output=True, text=True, timeout=60)


def test_it_is_read_without_a_warning(config, tmp_path):
    write_secrets(tmp_path, "127.0.0.1")
    read = config()
    assert (read.returncode, read.stderr) == (0, "")
    assert all(f"  {service}:" in read.stdout for service in ("postgres", "mlflow", "ray-head", "ray-worker"))


def test_without_its_secrets_it_says_how_to_make_them(config):
    read = config()
    assert read.returncode != 0 and "hpsearch init-stack" in read.stderr


@pytest.fixture(scope="module")
def services():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


def test_every_service_is_watched_restarted_limited_and_keeps_short_logs(services):
    assert set(services) == {"postgres", "mlflow", "ray-head", "ray-worker"}
    for name, service in services.items():
        assert service["restart"] == "unless-stopped", name
        assert service["healthcheck"]["test"] and service["mem_limit"], name
        assert service["logging"]["options"]["max-size"], name
        assert not service.get("privileged") and "user" not in service, name  # the image's own user is no root


def test_the_order_of_the_start_waits_for_health(services):
    waits = {name: service.get("depends_on", {}) for name, service in services.items()}
    assert set(waits["mlflow"]) == {"postgres"} and set(waits["ray-head"]) == {"postgres", "mlflow"}
    assert set(waits["ray-worker"]) == {"ray-head"}
    assert all(how == {"condition": "service_healthy"} for each in waits.values() for how in each.values())


def test_no_secret_and_no_open_port_is_written_down(services):
    for name, service in services.items():
        for variable, value in service.get("environment", {}).items():
            if any(word in variable for word in ("PASSWORD", "TOKEN", "SECRET", "AWS_")):
                assert str(value).startswith("${"), f"{name}: {variable}"
        assert all(port.startswith("${HPSEARCH_LISTEN:-127.0.0.1}:") for port in service.get("ports", ())), name
    assert {name for name, service in services.items() if "ports" in service} == {"mlflow", "ray-head"}


def test_the_image_has_pinned_packages_and_a_user_who_is_not_root():
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert any("-c constraints.txt" in line for line in lines)
    users = [place for place, line in enumerate(lines) if line.startswith("USER ")]
    fetches = [place for place, line in enumerate(lines) if "pip install" in line]
    assert users and lines[users[-1]] == "USER hpsearch" and max(fetches) < users[-1]
