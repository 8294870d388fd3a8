"""docker-compose.yml is read by each Docker Compose that is here; running it is the business of tests/compose."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

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
