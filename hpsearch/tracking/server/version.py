"""Asks an MLflow server which version it is, which tells within seconds whether one answers at all.

Used by `store` before anything else, by `sweep` before it starts a cluster, and by ``hpsearch doctor``.
"""

from __future__ import annotations

import re
from contextlib import closing
from urllib.parse import urlsplit

from hpsearch.config.credentials import Credentials
from hpsearch.errors import StoreUnavailable
from hpsearch.tracking.errors import Refused
from hpsearch.tracking.server.link import Link

_REACH_SECONDS = 5.0


def server_version(uri: str, credentials: Credentials | None = None) -> str:
    """Return the version of the MLflow server at `uri`.

    Raises
    ------
    StoreError
        Within seconds, not minutes: if none is there (StoreUnavailable), another server has its port, or the
        password is wrong.
    """
    try:
        _ = urlsplit(uri).port
    except ValueError:
        raise Refused(f"{uri}: must be http://HOST:PORT, its port a number") from None
    with closing(Link(uri, credentials)) as link:
        try:
            with link.answer("GET", "/version", timeout=(_REACH_SECONDS, _REACH_SECONDS), stream=True) as answer:
                said = answer.raw.read(200).decode("utf-8", "replace").strip()
        except StoreUnavailable as error:
            raise StoreUnavailable(f"{error}; start it, or unset MLFLOW_TRACKING_URI") from None
        except Refused as error:
            if error.status in (0, 401, 403):
                raise
            said = f"HTTP status {error.status}"
    if not re.fullmatch(r"\d+\.\d+\S*", said):
        raise Refused(f"{uri}: must be an MLflow server, but another one answers there (/version says {said[:60]!r})")
    return said
