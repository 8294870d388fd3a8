"""The Python files of a trainer that lies beside its spec: found where the driver is, unpacked where a worker is.

`sweep` puts them into every worker's assignment, `launch` sends them along with a job. A trainer that is installed
has none.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from hpsearch.errors import SpecError


def trainer_files(folder: Path, trainer: str) -> dict[str, bytes]:
    """Return every Python file below `folder`, by its relative path, if the module of `trainer` lies there.

    Hidden folders and virtual environments are left out.

    Raises
    ------
    SpecError
        If one of them cannot be read.
    """
    top = trainer.partition(":")[0].partition(".")[0]
    if ":" not in trainer or not ((folder / f"{top}.py").is_file() or (folder / top).is_dir()):
        return {}
    try:
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in _python_files(folder)}
    except OSError as error:
        raise SpecError(f"trainer: {error.filename}: cannot be read: {error.strerror}") from None


def _python_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name == "__pycache__" or path.is_symlink():
            continue
        if path.is_dir() and not (path / "pyvenv.cfg").exists():
            yield from _python_files(path)
        elif path.suffix == ".py" and path.is_file():
            yield path


def use_files(folder: str, files: Mapping[str, bytes]) -> None:
    """Let the trainer's module be imported: from its folder, or from its files on a machine without that folder."""
    if folder in sys.path or not folder:
        return
    if files and not Path(folder).is_dir():
        folder = tempfile.mkdtemp(prefix="hpsearch-trainer-")
        for name, content in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    sys.path.insert(0, folder)
