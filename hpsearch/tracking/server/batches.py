"""Cuts what is written to a run into calls that MLflow's server takes: so many points, so many bytes.

MLflow's own client keeps to the counts, not to the bytes, so that long parameters and tags would be refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

MOST = {"metrics": 1000, "params": 100, "tags": 100}  # of one kind in a call
MOST_TOGETHER, MOST_BYTES = 1000, 900_000  # the server's limit is 1,000,000 bytes of JSON

Written = dict[str, Any]


def batches(
    metrics: Sequence[Written], params: Sequence[Written], tags: Sequence[Written]
) -> Iterator[dict[str, list[Written]]]:
    """Yield the content of one call after another, parameters and tags first; nothing where there is nothing."""
    kinds = (("params", params), ("tags", tags), ("metrics", metrics))
    waiting = chain.from_iterable(((kind, one) for one in listed) for kind, listed in kinds)
    batch: dict[str, list[Written]] = {}
    count = size = 0
    for kind, one in waiting:
        length = len(json.dumps(one)) + 2
        full = count == MOST_TOGETHER or len(batch.get(kind, ())) == MOST[kind] or size + length > MOST_BYTES
        if full and batch:
            yield batch
            batch, count, size = {}, 0, 0
        batch.setdefault(kind, []).append(one)
        count, size = count + 1, size + length
    if batch:
        yield batch
