"""A Ray cluster of several nodes on this machine, in a process of its own that obeys lines on its stdin.

Started by `clusters`. Every order is answered by one line of JSON. Ends, with all its nodes, when its stdin closes.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress

from ray._private import ray_constants
from ray.cluster_utils import Cluster

STORE = 100 * 2**20
HOST = "127.0.0.1"  # nothing listens to the network


def processes(node):
    found = {}
    for kind, members in node.all_processes.items():
        with suppress(IndexError):
            found[kind] = members[0].process.pid
    return found


def main(cpus):
    head = {"num_cpus": cpus, "node_ip_address": HOST, "include_dashboard": False, "object_store_memory": STORE}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    nodes = [cluster.head_node]
    answer = {"address": cluster.address, **processes(cluster.head_node)}
    print(json.dumps(answer), flush=True)
    for line in sys.stdin:
        order, *values = line.split()
        if order == "add":
            nodes.append(cluster.add_node(num_cpus=float(values[0]), node_ip_address=HOST, object_store_memory=STORE))
            answer = {"index": len(nodes) - 1, **processes(nodes[-1])}
        elif order == "kill":
            # Waits for the raylet's process: an unreaped one counts as alive.
            nodes[int(values[0])].kill_all_processes(check_alive=False, allow_graceful=False, wait=True)
            answer = {"killed": int(values[0])}
        print(json.dumps(answer), flush=True)
    cluster.shutdown()


assert ray_constants.PROCESS_TYPE_RAYLET == "raylet"
main(float(sys.argv[1]))
