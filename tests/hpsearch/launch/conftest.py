"""Fixtures of the tests of `launch`: the local stack, a client of it, and specs to launch."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))  # for local_stack, which the tests import, too


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    from local_stack import local_stack

    with local_stack(tmp_path_factory.mktemp("stack")) as found:
        yield found


@pytest.fixture
def client(stack, tmp_path):
    """Run the command line in a folder of its own, as somebody who has the two addresses and the secrets."""
    shutil.copy(HERE.parent / "sample_trainers.py", tmp_path / "my_trainers.py")

    def run(*arguments, seconds=120, **changes):
        environment = {**stack.client_environment, **changes}
        environment = {name: value for name, value in environment.items() if value is not None}
        command = [sys.executable, "-m", "hpsearch", *arguments]
        return subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=seconds)

    run.folder = tmp_path
    return run


@pytest.fixture
def write_spec(client):
    """Write a tiny spec whose trainer lies beside it."""
    from sample_specs import tiny

    def write(name, trainer="Quadratic", **changes):
        path = client.folder / "sweep.yaml"
        path.write_text(json.dumps(tiny(name=name, trainer=f"my_trainers:{trainer}", **changes)))
        return path.name

    return write
