"""Ray is started and joined, one after the other in one process, each time with the token that belongs to it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from hpsearch.errors import StoreError
from hpsearch.execution.ray_runtime import running, start, whole_processors

LOCAL_THEN_CLUSTER = """
import os, sys
from pathlib import Path
from hpsearch.execution import ray_runtime
from hpsearch.execution.ray_environment import ray
before = dict(os.environ)
ray_runtime.start(1, 1, verbose=False)
ray_runtime.stop()
ray_runtime.start(1, 1, False, sys.argv[1], None, None, Path(sys.argv[2]))
assert ray.get(ray.remote(lambda: 7).remote()) == 7
ray_runtime.stop()
assert dict(os.environ) == before
print("joined")
"""


@pytest.mark.parametrize(("workers", "cpus", "whole"), [(5, 0.5, 3), (2, 1.2, 3), (3, 1, 3), (1, 0.1, 1), (10, 0.1, 1)])
def test_a_ray_of_one_s_own_has_room_for_every_worker(workers, cpus, whole):
    assert whole_processors(workers, cpus) == whole


def test_a_cluster_that_is_not_there_is_said_within_seconds():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(StoreError, match=f"Ray at {address} cannot be used: nothing answers there"):
        start(1, 1, False, address)
    assert not running()


@pytest.mark.faults
def test_the_token_of_one_ray_is_not_sent_to_the_next(tmp_path):
    from clusters import RayNodes

    nodes = RayNodes(tmp_path / "cluster", cpus=1)
    try:
        command = [sys.executable, "-c", LOCAL_THEN_CLUSTER, nodes.address, nodes.env["RAY_AUTH_TOKEN_PATH"]]
        env = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=env)
    finally:
        nodes.end()
    assert done.stdout.strip().endswith("joined"), done.stderr[-3000:]
