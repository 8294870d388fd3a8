"""A trial's allowance of memory, in a process of its own: it is a limit of the whole process."""

from __future__ import annotations

import subprocess
import sys

import pytest

ALLOCATE = """
import resource
import sys

from hpsearch.execution.ray_actor import limit_memory

hard, allowed, wanted = (float(word) for word in sys.argv[1:])
if hard:
    there = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmData"))
    most = there * 1024 + int(hard * 2**30)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
limit_memory(allowed)
try:
    bytearray(int(wanted * 2**30))
    print("enough")
except MemoryError:
    print("too much")
"""


@pytest.mark.parametrize(
    ("hard", "allowed", "wanted", "said"),
    [
        (0, 0.5, 0.25, "enough"),
        (0, 0.25, 0.5, "too much"),
        (0.25, 8, 0.125, "enough"),  # a container's own limit is below what the spec allows
        (0.25, 8, 0.5, "too much"),
    ],
)
def test_what_goes_beyond_the_allowance_or_the_machines_own_limit_fails(hard, allowed, wanted, said):
    command = [sys.executable, "-c", ALLOCATE, *map(str, (hard, allowed, wanted))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.stdout.strip(), done.returncode) == (said, 0), done.stderr
