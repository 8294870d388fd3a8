"""A node's line in the doctor's report; no cluster is needed."""

from __future__ import annotations

import pytest

from hpsearch.launch.doctor import _room

RAYLET = {"state": "ALIVE", "isHeadNode": False, "resourcesTotal": {"CPU": 2.0}}
NODE = {
    "raylet": RAYLET,
    "hostname": "gpu1",
    "ip": "10.0.0.1",
    "cpu": 12.5,
    "mem": [8 * 2**30, 4 * 2**30, 50.0, 4 * 2**30],
    "disk": {"/": {"percent": 50.0, "free": 2**30}},
}


def test_a_node_says_its_processors_memory_and_disk():
    found = _room(NODE)
    assert not found.wrong
    assert found.detail == (
        "gpu1 (10.0.0.1): 2 processors for trials, 12.5% busy, 4.0 of 8.0 GiB memory free, 1.0 GiB disk free"
    )


@pytest.mark.parametrize("missing", ["hostname", "ip", "cpu", "mem"])
def test_a_node_that_just_began_has_not_reported_yet(missing):
    found = _room({name: value for name, value in NODE.items() if name != missing})
    assert not found.wrong and "2 processors for trials, has not reported yet" in found.detail


def test_a_node_of_which_nothing_but_its_raylet_is_known_is_shown_as_well():
    assert _room({"raylet": RAYLET}).detail.startswith("a node: ")
    assert _room({**NODE, "disk": None}).detail.endswith("memory free")
