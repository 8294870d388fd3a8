"""What the doctor finds right and wrong, and what it says to do; answered by hand, no cluster is needed."""

from __future__ import annotations

import time

import pytest

from hpsearch.errors import ClusterError
from hpsearch.launch import doctor
from hpsearch.launch.doctor import _jobs_api, _nodes, _room

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
    finding = _room(NODE)
    assert not finding.wrong
    assert finding.detail == (
        "gpu1 (10.0.0.1): 2 processors for trials, 12.5% busy, 4.0 of 8.0 GiB memory free, 1.0 GiB disk free"
    )


@pytest.mark.parametrize("missing", ["hostname", "ip", "cpu", "mem"])
def test_a_node_that_just_began_has_not_reported_yet(missing):
    finding = _room({name: value for name, value in NODE.items() if name != missing})
    assert not finding.wrong and "2 processors for trials, has not reported yet" in finding.detail


def test_a_node_of_which_nothing_but_its_raylet_is_known_is_shown_as_well():
    assert _room({"raylet": RAYLET}).detail.startswith("a node: ")
    assert _room({**NODE, "disk": None}).detail.endswith("memory free")


# --- what is wrong, and what to do about it ---------------------------------------------------------------------------

VERSIONS = {"python": "3.11.9", "hpsearch": "0.1.0", "ray": "2.60.0"}


def test_a_node_without_memory_or_disk_is_wrong():
    full = _room({**NODE, "mem": [8 * 2**30, 2**28, 97.0, 0]})
    assert full.wrong and full.remedy.startswith("its memory is nearly full")
    full = _room({**NODE, "disk": {"/": {"percent": 95.0, "free": 2**20}}})
    assert full.wrong and full.remedy.startswith("its disk is nearly full")


class Cluster:
    """A head whose clock is `ahead` of ours, with these nodes."""

    address = "http://cluster"

    def __init__(self, ahead=0.0, nodes=()):
        self.ahead, self.known = ahead, list(nodes)

    def version(self):
        return "2.60.0", float(int(time.time() + self.ahead))

    def jobs(self):
        return []

    def nodes(self):
        return self.known


def test_a_cluster_without_workers_is_wrong():
    head = {**NODE, "raylet": {**RAYLET, "isHeadNode": True, "resourcesTotal": {}}}
    findings = list(_nodes(Cluster(nodes=[head])))
    assert [(finding.part, finding.wrong) for finding in findings] == [("head", False), ("workers", True)]
    assert findings[1].remedy == "start one: docker compose up -d --scale ray-worker=2"
    assert not [finding for finding in _nodes(Cluster(nodes=[NODE, head])) if finding.wrong]


@pytest.mark.parametrize(("ahead", "wrong"), [(0, False), (-4, False), (30, True), (-30, True)])
def test_a_clock_that_is_far_off_is_wrong(ahead, wrong):
    finding = list(_jobs_api(Cluster(ahead)))[1]
    assert finding.wrong is wrong and finding.detail.startswith("clock ")
    assert ("switch on time synchronization" in finding.remedy) is wrong


@pytest.fixture
def inside(monkeypatch):
    """Judge what a probe said, where the head's clock is `skew` ahead."""

    def inside(skew=0.0, **changes):
        said = {
            "head": {"versions": VERSIONS},
            "nodes": [{"host": "gpu1", "versions": VERSIONS, "skew": 0.0}],
            "mlflow": {"address": "http://mlflow"},
            "study": {"version": "PostgreSQL 15", "skew": 0.0},
        }
        monkeypatch.setattr(doctor, "_probe", lambda _: ({**said, **changes}, skew))
        return [finding for finding in doctor._inside(None, VERSIONS) if finding.wrong]

    return inside


def test_a_cluster_in_order_has_no_complaint(inside):
    assert inside() == []


def test_the_heads_hpsearch_must_be_ours_and_every_nodes_versions_the_heads(inside):
    (finding,) = inside(head={"versions": {**VERSIONS, "hpsearch": "0.0.9"}}, nodes=[])
    assert finding.part == "head" and finding.remedy.startswith("differs from hpsearch 0.1.0; install the same image")
    assert inside(head={"versions": {**VERSIONS, "ray": "2.61.0"}}, nodes=[]) == []  # a client sends no Python objects
    (finding,) = inside(nodes=[{"host": "gpu1", "versions": {**VERSIONS, "python": "3.12.1"}, "skew": 0.0}])
    assert finding.part == "node gpu1" and finding.remedy.startswith("differs from python 3.11.9;")


def test_a_nodes_and_a_databases_clock_are_told_from_ours(inside):
    late = {"host": "gpu1", "versions": VERSIONS, "skew": -60.0}
    (finding,) = inside(nodes=[late], study={"version": "PostgreSQL 15", "skew": 0.0})
    assert finding.part == "node gpu1" and finding.detail.startswith("clock -60.0 s from here")
    assert [finding.part for finding in inside(skew=60.0)] == ["node gpu1", "study"]


@pytest.mark.parametrize(
    ("changes", "part", "remedy"),
    [
        ({"nodes": [{"host": "gpu1", "error": "no answer within 15 s"}]}, "node gpu1", "it takes no work: restart it"),
        (
            {"mlflow": {"error": "http://mlflow: unreachable"}},
            "head to mlflow",
            "give the head the address and the password",
        ),
        ({"study": {"error": "postgresql://db: unreachable"}}, "study", "see whether PostgreSQL runs"),
    ],
)
def test_a_part_that_does_not_answer_inside_is_named_with_what_to_do(inside, changes, part, remedy):
    (finding,) = inside(**changes)
    assert finding.part == part and finding.remedy.startswith(remedy)


def test_a_probe_that_did_not_get_through_is_one_finding(monkeypatch):
    def fails(_):
        raise ClusterError("the probe job did not get through (failed): no such module")

    monkeypatch.setattr(doctor, "_probe", fails)
    (finding,) = doctor._inside(None, VERSIONS)
    assert finding.wrong and finding.remedy == "look at the head's logs"
