"""The Python files of a trainer that lies beside its spec: found where the driver is, unpacked where a worker is.

`sweep` puts them into every worker's assignment, `launch` sends them along with a job. A trainer that is installed
has none.
"""

from __future__ import annotations

import atexit
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from hpsearch.errors import SpecError
from hpsearch.training.user_code import is_file


def trainer_files(folder: Path, trainer: str) -> dict[str, bytes]:
    """Return every Python file below `folder`, by its relative path, if the module of `trainer` lies there.

    Hidden folders and virtual environments are left out.

    Raises
    ------
    SpecError
        If one of them cannot be read.
    """
    if not _lies_in(folder, trainer):
        return {}
    try:
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in _python_files(folder)}
    except OSError as error:
        raise SpecError(f"trainer: {error.filename}: cannot be read: {error.strerror}") from None


def _lies_in(folder: Path, trainer: str) -> bool:
    module, colon, _ = trainer.rpartition(":")
    if not colon or is_file(trainer):
        return bool(colon) and (folder / module).is_file()
    top = module.partition(".")[0]
    return (folder / f"{top}.py").is_file() or (folder / top).is_dir()


def _python_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name == "__pycache__" or path.is_symlink():
            continue
        if path.is_dir() and not (path / "pyvenv.cfg").exists():
            yield from _python_files(path)
        elif path.suffix == ".py" and path.is_file():
            yield path


def use_files(folder: str, files: Mapping[str, bytes]) -> Path | None:
    """Let the trainer's module be imported and return where it lies: in its folder, or in a private copy.

    A machine without that folder, or with other files in it, gets the files that the driver has.
    """
    if not folder:
        return None
    place = Path(folder) if _same(Path(folder), files) else _copy(files)
    if str(place) not in sys.path:
        sys.path.insert(0, str(place))
    return place


def _same(folder: Path, files: Mapping[str, bytes]) -> bool:
    try:
        return all((folder / name).read_bytes() == content for name, content in files.items())
    except OSError:
        return False


def _copy(files: Mapping[str, bytes]) -> Path:
    place = Path(tempfile.mkdtemp(prefix="hpsearch-trainer-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    for name, content in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return place
