"""A trainer that the user vouches for, whatever name a stored model gives it: ``--trainer`` of `hpsearch predict`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hpsearch.training.loader import resolve
from hpsearch.training.user_code import allow


def trusted(trainer: str) -> Callable[[str], Any]:
    """Return what resolves any stored name to the trainer `trainer`, whose code the user vouches for.

    Parameters
    ----------
    trainer : ``path/to/my_trainer.py:Mine``, ``package.module:Name`` or one of our own

    Raises
    ------
    SpecError
        If there is no such trainer.
    """
    path, _, attribute = trainer.rpartition(":")
    if path.endswith(".py"):
        place = Path(path).absolute()
        sys.path.insert(0, str(place.parent))  # it may import what lies beside it
        trainer = f"{place.name}:{attribute}"
        allow(trainer, place.parent)
    elif attribute and path:
        sys.path.insert(0, str(Path.cwd()))
    factory = resolve(trainer)
    return lambda _stored: factory
