"""Where a sweep's figures come from: versions, processor, the code of a trainer of one's own; as tags, and compared.

Written on the sweep's run by `sweep_run`, read back by `results.rerun`, which says with it why a curve may differ.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from hpsearch.sweep.prepared import PreparedSweep
from hpsearch.tracking.schema import Tag

_PACKAGES = ("hpsearch", "ray", "numpy", "mlflow", "optuna", "pandas")
_PROCESSOR, _CODE = Tag.PROCESSOR, Tag.TRAINER_SHA256
_NO_MATTER = ("version.mlflow", "version.optuna", "version.ray", "version.pandas")  # they train nothing


def provenance(ready: PreparedSweep) -> dict[str, str]:
    """Return the tags of this moment: ``version.*``, the driver's processor and the own trainer's digest."""
    tags = {f"version.{package}": version(package) for package in _PACKAGES}
    tags |= {"version.python": platform.python_version(), _PROCESSOR: processor()}
    files = ready.assignment().files
    if files:
        digest = hashlib.sha256()
        for name in sorted(files):
            digest.update(f"{name}:{len(files[name])}:".encode() + files[name])
        tags[_CODE] = digest.hexdigest()
    return tags


def changes(recorded: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return, in words, what may have moved a curve since it was recorded; empty where nothing is known to have."""
    sentences = []
    for tag in dict.fromkeys([*now, *(tag for tag in recorded if tag.startswith("version.") or tag == _CODE)]):
        before, after = recorded.get(tag), now.get(tag)
        if before == after or before is None or tag in _NO_MATTER:
            continue
        if tag == _CODE:
            sentences.append("other code of the trainer than the sweep was begun with")
        else:
            what = "processor" if tag == _PROCESSOR else f"version of {tag.removeprefix('version.')}"
            sentences.append(f"other {what}: {after or 'none'}, recorded with {before}")
    return sentences


def processor() -> str:
    """Return the processor's name: sums come out differently in their last bits where it has other instructions."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()
