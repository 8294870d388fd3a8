"""Trainers in a file of the user's own, named ``my_trainer.py:Mine``: which may be loaded, and their loading.

Only a file that the user named is ever executed: `sweep` and `worker` call `allow` for the trainer of the spec, the
command line for ``--trainer``. The name in a stored model allows nothing. `loader` asks here.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
import sys
import traceback
from pathlib import Path
from types import ModuleType

from hpsearch.errors import SpecError

FILE_NAME = re.compile(r"(?!/)(?:(?!\.\./)[\w.-]+/)*[\w.-]+\.py:[A-Za-z_]\w*", re.ASCII)
MOST_LINES = 10  # of a message about a file that cannot be imported
_allowed: dict[str, Path] = {}  # by the file's name in a spec, the folder that the name begins in


def is_file(trainer: str) -> bool:
    """Whether a trainer is named by its file.

    Raises
    ------
    SpecError
        If it is, but not by a plain path below the spec's folder.
    """
    if ".py:" not in trainer:
        return False
    if FILE_NAME.fullmatch(trainer) is None:
        raise SpecError(
            "trainer: a file must be named FILE.py:Name, below the spec's folder and in letters, digits, '_', '-', "
            f"'.' and '/', got {trainer!r}"
        )
    return True


def allow(trainer: str, folder: Path) -> None:
    """Let a trainer's file be loaded from `folder`, because the user named it; other names need no leave."""
    if is_file(trainer):
        _allowed[_file(trainer)] = folder


def load(trainer: str) -> ModuleType:
    """Import the file of a trainer; its content is its identity, so that an edited file is read anew.

    Raises
    ------
    SpecError
        If nobody allowed it, it is not there, or it cannot be imported; then with the end of its own traceback.
    """
    name = _file(trainer)
    if name not in _allowed:
        raise SpecError(
            f"trainer: {trainer}: is code of the user's own and no part of a model; name your file of it: hpsearch "
            f"predict MODEL FILE --trainer {trainer}, or Predictor.from_folder(folder, resolve=trusted"
            f'("{trainer}"))'
        )
    path = _allowed[name] / name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SpecError(f"trainer: {trainer}: {path} cannot be read: {error.strerror}") from None
    key = f"hpsearch_own_{hashlib.sha256(str(path).encode() + content).hexdigest()[:16]}"
    return sys.modules[key] if key in sys.modules else _executed(trainer, path, key)


def _file(trainer: str) -> str:
    return trainer.rpartition(":")[0]


def _executed(trainer: str, path: Path, key: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(key, path)
    assert spec is not None and spec.loader is not None, "a name that ends in .py has a loader"
    module = importlib.util.module_from_spec(spec)
    sys.modules[key] = module  # dataclasses look their module up while it is made
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[key]
        told = "\n".join([f"trainer: {trainer}: its file cannot be imported:", *_own_lines(error, path)])
        raise SpecError(told) from None
    return module


def _own_lines(error: BaseException, path: Path) -> list[str]:
    """Return the last lines of a traceback, from the user's own file on."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != str(path):
        trace = trace.tb_next
    told = traceback.format_exception(type(error), error, trace, chain=False)
    lines = [line for piece in told for line in piece.rstrip().splitlines() if line.strip()]
    lines = [line[:300] for line in lines if not line.startswith("Traceback (most recent call last)")]
    return lines[-(MOST_LINES - 1) :]
