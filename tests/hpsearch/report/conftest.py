"""A small finished sweep with everything a report shows, and a browser to look at the page with."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest
from sample_specs import loaded

from hpsearch.config.addresses import Addresses
from hpsearch.report.gather import gather
from hpsearch.results.lookup import Lookup
from hpsearch.sweep.session import Session

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--virtual-time-budget=10000",
)
HOSTILE = "<script>alert(1)</script>&\"'"
SPACE = {
    "x": {"low": 0.0, "high": 1.0},
    "learning_rate": {"low": 1e-4, "high": 1.0, "log": True},
    "kind": {"choices": ["a", HOSTILE]},
}
SPEC = {
    "trainer": "sample_trainers:LuckyOfTwo",
    "space": SPACE,
    "search": {
        "trials": 24,
        "sampler": "random",
        "pruner": {"name": "median", "n_startup_trials": 3, "interval_steps": 1},
        "confirm": {"top": 3, "seeds": 2},
        "refit": True,
    },
}


@pytest.fixture(scope="session")
def swept(empty_home, tmp_path_factory):
    """Run the sweep; its study is taken away, because a client has MLflow alone."""
    home = tmp_path_factory.mktemp("report") / "home"
    shutil.copytree(empty_home, home)
    addresses = Addresses.find(home)
    Session(addresses, in_process=True).run(loaded(**SPEC))
    (home / "study.db").unlink()
    return addresses


@pytest.fixture(scope="session")
def source(swept):
    return gather(Lookup(swept), "tiny")


@pytest.fixture(scope="session")
def browse():
    """Return what opens a page: its document after its script ran, and what the browser wrote on its console."""
    browser = os.environ.get("HPSEARCH_TEST_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip(f"there is no {BROWSERS[0]} on this machine")

    def look(path):
        done = subprocess.run(
            [browser, *FLAGS, "--dump-dom", path.as_uri()], capture_output=True, text=True, timeout=120, check=True
        )
        return done.stdout, re.findall(r".*CONSOLE.*", done.stderr)

    return look
