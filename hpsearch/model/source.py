"""Finds our model folder inside a download: it may be the folder itself, or lie in an MLflow model beside `MLmodel`.

Read before `bundle.load` by whoever was given an address or a path.
"""

from __future__ import annotations

from pathlib import Path

from hpsearch.errors import ModelFolderError
from hpsearch.model.manifest import NAME


def find(folder: Path) -> Path:
    """Return the folder with our manifest: `folder` itself or, in an MLflow model, the one below ``data``.

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
    if (folder / NAME).is_file():
        return folder
    found = sorted({path.parent for pattern in (f"data/{NAME}", f"data/*/{NAME}") for path in folder.glob(pattern)})
    if len(found) == 1:
        return found[0]
    many = f"got {len(found)}" if found else f"none is in it or below {folder / 'data'}"
    raise ModelFolderError(f"{folder}: a model folder holds one {NAME}, {many}")
