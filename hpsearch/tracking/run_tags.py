"""What every run of ours is tagged with beside what it is: who began it, from where, and below which run.

Also cuts what is too long for MLflow, the same in every store. Used by every store.
"""

from __future__ import annotations

import getpass
from collections.abc import Mapping

from hpsearch.tracking.interface import LONGEST_PARAM, LONGEST_TAG
from hpsearch.tracking.schema import Tag


def first_tags(tags: Mapping[str, str], parent: str) -> dict[str, str]:
    """Return the tags that a run is created with."""
    origin = {Tag.SOURCE_NAME: "hpsearch", Tag.SOURCE_TYPE: "LOCAL", Tag.USER: user()}
    return {**origin, **tags, **({Tag.PARENT: parent} if parent else {})}


def cut_tags(tags: Mapping[str, str] | None) -> dict[str, str]:
    """Return tags no longer than MLflow takes."""
    return {name: str(value)[:LONGEST_TAG] for name, value in (tags or {}).items()}


def cut_params(params: Mapping[str, str] | None) -> dict[str, str]:
    """Return parameters no longer than MLflow keeps them."""
    return {name: value[:LONGEST_PARAM] for name, value in (params or {}).items()}


def user() -> str:
    """Return the name of whoever runs this process."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"  # a container's user id may have no name
