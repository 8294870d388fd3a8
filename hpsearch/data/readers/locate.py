"""Finds a file that a spec names; used by `hpsearch.data.readers` before a format is picked."""

from __future__ import annotations

from pathlib import Path

from hpsearch.errors import DataError, nearest


def locate(where: str, given: str, folder: Path) -> Path:
    """Return the path of the file `given`, relative to `folder` unless it is absolute.

    Raises
    ------
    DataError
        There is no such file; the message says where it was looked for and guesses a neighbour.
    """
    path = (folder / given).absolute()
    try:
        if path.is_file():
            return path
        problem = "is a folder, not a file" if path.is_dir() else "does not exist"
        near = nearest(path.name, [p.name for p in path.parent.iterdir()]) if path.parent.is_dir() else ""
    except (OSError, ValueError) as error:
        problem, near = f"cannot be looked up ({error})", ""
    raise DataError(f"{where}: {given!r} {problem}; looked for {path}{near}")
