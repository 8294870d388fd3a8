"""What the tests of the service share: tiny specs, fresh homes, and a clean environment."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))  # so that sample_trainers can be named in a spec

for _name in ("MLFLOW_TRACKING_URI", "RAY_ADDRESS", "HPSEARCH_RAY", "HPSEARCH_STORAGE", "HPSEARCH_HOME"):
    os.environ.pop(_name, None)  # the tests use stores of their own


@pytest.fixture(scope="session")
def empty_stores(tmp_path_factory):
    """A home whose two databases have their tables and no row: making those takes seconds, copying none."""
    from hpsearch.config.addresses import Addresses
    from hpsearch.console.quiet import silence
    from hpsearch.study.study import Study
    from hpsearch.tracking.store import Store

    silence(verbose=False)
    folder = tmp_path_factory.mktemp("empty")
    addresses = Addresses.find(folder)
    Store(addresses.tracking, folder).experiment("Default")
    (folder / "study.db").touch()
    Study.exists(addresses.storage, "any")
    return folder


@pytest.fixture
def home(empty_stores, tmp_path):
    """A fresh home of this test's own."""
    return Path(shutil.copytree(empty_stores, tmp_path / "home"))


@pytest.fixture
def addresses(home):
    from hpsearch.config.addresses import Addresses

    return Addresses.find(home)


@pytest.fixture
def no_pictures(monkeypatch):
    """Leave the pictures out where they are not what is tested."""
    from hpsearch.figures.render import RenderedFigures
    from hpsearch.sweep.conclude import finish

    monkeypatch.setattr(finish, "draw", lambda _: RenderedFigures({"best_so_far": b"PNG"}, {}))
