"""What travels with a sweep to the cluster: its spec, the data files it names, the Python files of its trainer.

Nothing else of the spec's folder does, so no password or notebook goes along by accident. Packed here, unpacked by
Ray in front of the driver, kept by `driver` in the cluster's home.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

from hpsearch.data.readers.locate import locate
from hpsearch.errors import DataError
from hpsearch.spec import LoadedSpec, SweepSpec
from hpsearch.training.source_files import trainer_files

SPEC_FILE = "sweep.yaml"
LARGEST_BYTES = 100 * 2**20
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same files make the same package


@dataclass(frozen=True)
class JobPackage:
    """A package: its name in the cluster, made from its content, and its bytes."""

    package: str
    content: bytes


def pack(loaded: LoadedSpec) -> JobPackage:
    """Pack a sweep.

    Raises
    ------
    DataError
        If a data file lies outside the spec's folder, or all files together are too large to travel.
    """
    sizes = {name: path.stat().st_size for name, path in _data_files(loaded).items()}
    sources = {n: f for trainer in loaded.spec.trainers for n, f in trainer_files(loaded.folder, trainer).items()}
    sizes |= {name: len(content) for name, content in sources.items()}
    _must_fit(sizes)
    files = {name: path.read_bytes() for name, path in _data_files(loaded).items()}
    return _zipped({**sources, **files, SPEC_FILE: json.dumps(loaded.spec.model_dump(mode="json"), indent=1).encode()})


def stays_behind(spec: SweepSpec) -> bool:
    """Whether the data are named by an absolute path: they are the cluster's, and cannot be checked from here."""
    return any(Path(name).is_absolute() for name in (spec.data.path, spec.data.labels) if name)


def _data_files(loaded: LoadedSpec) -> dict[str, Path]:
    """Return the data files that travel, by the names they have in the spec."""
    data, files = loaded.spec.data, {}
    for where, name in (("data.path", data.path), ("data.labels", data.labels)):
        if name is None or Path(name).is_absolute():
            continue
        path = locate(where, name, loaded.folder)
        if ".." in Path(name).parts:
            raise DataError(
                f"{where}: must lie in the spec's folder to travel to the cluster, got {name!r}; move it there, or "
                "give an absolute path that the cluster's head can read"
            )
        files[Path(name).as_posix()] = path
    return files


def _must_fit(sizes: dict[str, int]) -> None:
    total = sum(sizes.values())
    if total > LARGEST_BYTES:
        largest = max(sizes, key=lambda name: sizes[name])
        raise DataError(
            f"the files beside the spec: may have {LARGEST_BYTES / 2**20:g} MiB together to travel with the job, got "
            f"{total / 2**20:.1f} MiB ({largest}: {sizes[largest] / 2**20:.1f} MiB); put large data where every node "
            "can read it, and its absolute path into data.path"
        )


def _zipped(files: dict[str, bytes]) -> JobPackage:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name], zipfile.ZIP_DEFLATED)
    content = buffer.getvalue()
    return JobPackage(f"_ray_pkg_{hashlib.sha256(content).hexdigest()[:32]}.zip", content)
