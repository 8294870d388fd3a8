"""Checks everything about a sweep that can be checked before anything is written or started.

The first step of a run: the data load, the trainer accepts every end of the space, metric and direction are settled.
What it returns holds no test rows.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hpsearch.data.prepare import prepare
from hpsearch.errors import SpecError
from hpsearch.spec import Choices, LoadedSpec, Parameter, SweepSpec
from hpsearch.spec.conditions import needed_for, point_with
from hpsearch.study.engine import make_pruner, make_sampler
from hpsearch.study.samplers import check_sampler
from hpsearch.sweep.finalists.refit import check_refit
from hpsearch.sweep.first_epoch import try_first_epochs
from hpsearch.sweep.prepared import PreparedSweep
from hpsearch.training.loader import build
from hpsearch.training.user_code import allow


def prepare_sweep(loaded: LoadedSpec) -> PreparedSweep:
    """Check a spec against its data and its trainer.

    Raises
    ------
    SpecError, DataError
        The first thing that is wrong; nothing was written.
    """
    use_folder(loaded.folder, *loaded.spec.trainers)
    epochs = try_settings(loaded.spec)
    check_refit(loaded.spec)
    data = prepare(loaded.spec.data, loaded.folder)
    spec = settle(loaded.spec, regression=not data.classes)
    try_first_epochs(spec, data, _points(spec))
    return PreparedSweep(spec, loaded.folder, data, epochs)


def use_folder(folder: Path, *trainers: str) -> None:
    """Let trainers that lie beside the spec be imported."""
    for trainer in trainers:
        allow(trainer, folder)
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def settle(spec: SweepSpec, regression: bool) -> SweepSpec:
    """Fill in the metric and the direction that the task implies."""
    metric = spec.search.metric or ("val_rmse" if regression else "val_accuracy")
    search = spec.search.model_copy(update={"metric": metric})
    search = search.model_copy(update={"direction": "maximize" if search.maximize else "minimize"})
    if search.deterministic and search.window is None:
        search = search.model_copy(update={"window": spec.workers})
    return spec.model_copy(update={"search": search})


def try_settings(spec: SweepSpec) -> int | None:
    """Build the trainer at every end of the space; return the epochs it announces.

    Raises
    ------
    SpecError
        If the trainer refuses a setting, or sampler or pruner cannot do what is asked of them.
    """
    (_, middle), *ends = _points(spec)
    trainer = build(spec.trainer, middle, seed=0)
    for where, settings in ends:
        try:
            build(spec.trainer, settings, seed=0)
        except SpecError as error:
            raise SpecError(f"{where}: {error}") from None
    epochs = getattr(trainer, "epochs", None)
    epochs = epochs if isinstance(epochs, int) and epochs > 0 else None
    check_sampler(spec)
    make_sampler(spec, seed=0)
    make_pruner(spec.search.pruner, epochs)
    return epochs


def _points(spec: SweepSpec) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield settings with their place in the spec: the middle of the space first, then every end of it."""
    yield "settings", {**spec.settings, **point_with(spec.space, {})}
    for name, parameter in spec.space.items():
        for value in _ends(parameter):
            point = point_with(spec.space, {**needed_for(spec.space, name), name: value})
            yield f"space.{name}", {**spec.settings, **point}


def _ends(parameter: Parameter) -> tuple[Any, ...]:
    return parameter.choices if isinstance(parameter, Choices) else (parameter.low, parameter.high)


def must_match(given: SweepSpec, begun: SweepSpec) -> None:
    """Refuse to go on with a spec that would have made other trials.

    Raises
    ------
    SpecError
        If anything that shapes a trial differs; the first difference is named.
    """
    if given.search.deterministic and given.search.window is None:  # other workers do not change the window
        given = given.model_copy(update={"search": given.search.model_copy(update={"window": begun.search.window})})
    given = settle(given, regression=begun.search.metric == "val_rmse")
    if given.experiment != begun.experiment:
        raise SpecError(f"experiment: must be that of the sweep's runs, {begun.experiment!r}, got {given.experiment!r}")
    if given.fingerprint() == begun.fingerprint():
        return
    where, now, before = next(_differences(given.shaping(), begun.shaping()))
    raise SpecError(
        f"{where}: must be what the sweep {begun.name} was begun with, got {now!r}, begun with {before!r}; "
        "give the new spec another name"
    )


def _differences(given: Any, begun: Any, where: str = "") -> Iterator[tuple[str, Any, Any]]:
    if isinstance(given, dict) and isinstance(begun, dict):
        for key in [*begun, *(key for key in given if key not in begun)]:
            yield from _differences(given.get(key), begun.get(key), f"{where}.{key}" if where else key)
    elif given != begun:
        yield where, given, begun
