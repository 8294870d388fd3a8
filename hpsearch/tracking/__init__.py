"""What MLflow gets to know: `opening` finds a store, `interface` says what it can do, `schema` what stands there.

`recorder` writes behind the search, `spool` keeps what waits.
"""

from hpsearch.tracking.opening import open_store, open_store_at

__all__ = ["open_store", "open_store_at"]
