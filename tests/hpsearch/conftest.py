"""What the tests of the service share: tiny specs, fresh homes, and a clean environment."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))  # so that sample_trainers can be named in a spec


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
