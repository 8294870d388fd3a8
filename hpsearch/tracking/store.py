"""The old name of what is in `interface`, `opening` and `server` now; for imports that have not moved yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpsearch.tracking.interface import ALIAS, LONGEST_TAG, ModelFiles, Point, RunView
from hpsearch.tracking.opening import open_store
from hpsearch.tracking.schema import Tag
from hpsearch.tracking.server.version import server_version

if TYPE_CHECKING:
    from hpsearch.tracking.interface import TrackingStore as Store
else:
    Store = open_store

DIGEST, NOTE = Tag.DIGEST, Tag.NOTE

__all__ = ["ALIAS", "DIGEST", "LONGEST_TAG", "NOTE", "ModelFiles", "Point", "RunView", "Store", "server_version"]
