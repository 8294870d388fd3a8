"""Finds our model folder inside a download: it may be the folder itself, or lie in an MLflow model beside `MLmodel`.

Read before `bundle.load` by whoever was given an address or a path.
"""

from __future__ import annotations

from pathlib import Path

from hpsearch.errors import ModelFolderError
from hpsearch.model import description, first_format

_NAMES = (description.NAME, first_format.NAME)


def find(folder: Path) -> Path:
    """Return the folder that `bundle` wrote: `folder` itself or, in an MLflow model, the one below ``data``.

    Raises
    ------
    ModelFolderError
        There is no such folder, or more than one.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ModelFolderError(
            f"{folder}: a model is a folder, and this is {'a file' if folder.exists() else 'missing'}"
        )
    if any((folder / name).is_file() for name in _NAMES):
        return folder
    patterns = [f"{place}/{name}" for place in ("data", "data/*") for name in _NAMES]
    folders = sorted({path.parent for pattern in patterns for path in folder.glob(pattern)})
    if len(folders) == 1:
        return folders[0]
    many = f"got {len(folders)}" if folders else f"none is in it or below {folder / 'data'}"
    raise ModelFolderError(f"{folder}: a model folder holds one {' or '.join(_NAMES)}, {many}")
