"""`list` where the cluster cannot be asked."""

from __future__ import annotations

import pytest

from hpsearch.cli import main
from hpsearch.tracking import open_store


@pytest.fixture
def recorded(addresses):
    store = open_store(addresses.tracking, addresses.home)
    tags = {"hpsearch.kind": "sweep", "hpsearch.sweep": "tiny", "hpsearch.state": "running"}
    store.create_run(store.experiment("hpsearch"), "tiny", tags, 1000)
    return addresses


@pytest.mark.parametrize("token", ["/nowhere/token", None])
def test_mlflow_s_word_stands_without_the_clusters_token(recorded, token, monkeypatch, capsys):
    monkeypatch.setenv("HPSEARCH_RAY", "http://127.0.0.1:9")
    if token:
        monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", token)
    with pytest.raises(SystemExit) as ended:
        main(["list", "--home", str(recorded.home)])
    told = capsys.readouterr()
    assert ended.value.code == 0, told.err
    assert told.out.split()[:2] == ["tiny", "running"]
