"""Finds trainers by name and checks settings against what a trainer accepts.

A name is one of our own (``mlp``), ``package.module:Name``, or ``my_trainer.py:Mine``, a file that the user named
(`user_code`). Read by `sweep`, `worker`, `model` and the command line; knows trainers only through `protocol`.
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from dataclasses import MISSING, dataclass, fields, is_dataclass
from types import ModuleType
from typing import Any

from hpsearch.errors import SpecError, nearest, unknown
from hpsearch.training import user_code
from hpsearch.training.protocol import Trainer
from trainers import TRAINERS

_ADDRESS = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


@dataclass(frozen=True)
class Setting:
    """One setting of a trainer; `required` where it has no default."""

    name: str
    default: Any
    required: bool
    help: str


def resolve(name: str) -> Any:
    """Return the trainer's class, or any callable that makes one.

    Raises
    ------
    SpecError
        If there is no such trainer, or its module cannot be imported.
    """
    if name in TRAINERS:
        return TRAINERS[name]
    module_name, _, attribute = name.rpartition(":")
    module = user_code.load(name) if user_code.is_file(name) else _module(name, module_name)
    factory = getattr(module, attribute, None)
    if not callable(factory):
        public = [public for public, value in vars(module).items() if callable(value) and not public.startswith("_")]
        raise SpecError(unknown("trainer", f"name in {module_name}", attribute, public))
    if not hasattr(factory, "train") and inspect.isclass(factory):
        raise SpecError(f"trainer: {name}: must have a method train(X, y, X_validation, y_validation, *, classes)")
    return factory


def resolve_stored(name: str) -> Any:
    """Return the trainer that a stored model names, without importing what somebody else wrote into a file.

    Raises
    ------
    SpecError
        As `resolve`; and if the name is of a module that is neither ours nor imported already.
    """
    module = name.rpartition(":")[0]
    ours = name in TRAINERS or user_code.is_file(name) or module.startswith("hpsearch.")
    if not ours and module not in sys.modules and _ADDRESS.fullmatch(name):
        raise SpecError(
            f"trainer: {name}: is named by the model alone, so {module} is not imported for it; "
            f"import it yourself first, or say hpsearch predict MODEL FILE --trainer {name}"
        )
    return resolve(name)


def _module(name: str, module_name: str) -> ModuleType:
    if not _ADDRESS.fullmatch(name):
        known = [*TRAINERS, '"package.module:Name"', '"my_trainer.py:Name"']
        raise SpecError(unknown("trainer", "trainer", name, known))
    try:
        return importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        told = " ".join(f"{type(error).__name__}: {error}".split())
        raise SpecError(f"trainer: {name}: its module cannot be imported: {told}") from error


def settings_of(factory: Any) -> list[Setting]:
    """List the settings a trainer accepts, with defaults and, for a dataclass, the help of its fields' metadata."""
    helps = {f.name: str(f.metadata.get("help", "")) for f in fields(factory)} if is_dataclass(factory) else {}
    made = (
        {f.name: f.default_factory() for f in fields(factory) if f.default_factory is not MISSING}
        if is_dataclass(factory)
        else {}
    )
    found = []
    for parameter in inspect.signature(factory).parameters.values():
        if parameter.name == "seed" or parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        required = parameter.default is parameter.empty
        default = made.get(parameter.name, None if required else parameter.default)
        found.append(Setting(parameter.name, default, required, helps.get(parameter.name, "")))
    return found


def chosen(name: str, settings: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the trainer and its own settings; a setting `trainer` chooses it, where several are searched."""
    own = {key: value for key, value in settings.items() if key != "trainer"}
    return str(settings.get("trainer", name)), own


def build(name: str, settings: dict[str, Any], seed: int, image_shape: tuple[int, int] | None = None) -> Trainer:
    """Construct a trainer; one with a setting `image_shape` learns that of the data unless it is set.

    Raises
    ------
    SpecError
        If a setting is unknown or missing, or the trainer refuses a value.
    """
    name, settings = chosen(name, settings)
    factory = resolve(name)
    _check_names(name, factory, settings)
    if image_shape is not None and any(setting.name == "image_shape" for setting in settings_of(factory)):
        settings = {"image_shape": list(image_shape), **settings}
    try:
        trainer: Trainer = factory(**settings, seed=seed)
    except ImportError as error:
        raise SpecError(f"trainer: {name}: {error}") from None
    except (ValueError, TypeError) as error:
        raise SpecError(f"settings: {name}: {' '.join(str(error).split())}") from None
    return trainer


def _check_names(name: str, factory: Any, settings: dict[str, Any]) -> None:
    takes_any = any(p.kind is p.VAR_KEYWORD for p in inspect.signature(factory).parameters.values())
    known = {setting.name: setting for setting in settings_of(factory)}
    for key in settings:
        if key not in known and not takes_any:
            listed = ", ".join(sorted(known)) or "none"
            raise SpecError(f"settings: {name} has no setting {key!r}{nearest(key, known)}; choose from: {listed}")
    missing = [key for key, setting in known.items() if setting.required and key not in settings]
    if missing:
        raise SpecError(f"settings: {name} needs {missing[0]!r}; put it under settings or space")
