"""Checks everything about a sweep that can be checked before anything is written or started.

The first step of a run: the data load, the trainer accepts every end of the space, metric and direction are settled.
What it returns holds no test rows. A resume is checked here, too: it must go on with what the sweep was begun with.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hpsearch.data.prepare import prepare
from hpsearch.errors import SpecError
from hpsearch.spec import Choices, LoadedSpec, Parameter, SweepSpec, with_free
from hpsearch.spec.conditions import needed_for, point_with
from hpsearch.study.engine import make_pruner, make_sampler
from hpsearch.study.samplers import check_sampler
from hpsearch.study.study import Study
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


def check_processors(spec: SweepSpec) -> None:
    """Refuse a worker that this machine could never hold; a cluster may still grow.

    Raises
    ------
    SpecError
        If it has fewer processors than one worker is to have.
    """
    here = os.cpu_count() or 1
    if spec.cpus > here:
        raise SpecError(f"cpus: must be at most {here}, the processors of this machine, got {spec.cpus:g}")


def _points(spec: SweepSpec) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield settings with their place in the spec: the middle of the space first, then every end of it."""
    yield "settings", {**spec.settings, **point_with(spec.space, {})}
    for name, parameter in spec.space.items():
        for value in _ends(parameter):
            point = point_with(spec.space, {**needed_for(spec.space, name), name: value})
            yield f"space.{name}", {**spec.settings, **point}


def _ends(parameter: Parameter) -> tuple[Any, ...]:
    return parameter.choices if isinstance(parameter, Choices) else (parameter.low, parameter.high)


def resumed_spec(
    study: Study, trials: int | None = None, workers: int | None = None, spec: SweepSpec | None = None
) -> SweepSpec:
    """Return the spec to go on with: that of the study, with another budget or other workers.

    Raises
    ------
    SpecError
        If `spec` would have made other trials, or the budget is below what was begun.
    """
    begun = study.spec
    if spec is not None:
        must_match(spec, begun)
        begun = with_free(begun, spec)
    where, wanted = ("search.trials", begun.search.trials) if trials is None else ("--trials", trials)
    if wanted < study.next_number():
        reached = f"{study.next_number()} trials already ({study.counts().finished} finished)"
        raise SpecError(f"{where}: {begun.name} has begun {reached}, got {wanted}")
    changed = begun.model_copy(update={"search": begun.search.model_copy(update={"trials": wanted})})
    return changed if workers is None else changed.model_copy(update={"workers": workers})


def must_be_the_same_rows(ready: PreparedSweep, fingerprint: str) -> None:
    """Refuse to go on with other data than the sweep was begun with.

    Raises
    ------
    SpecError
        If the fingerprints differ.
    """
    if ready.data.fingerprint != fingerprint:
        raise SpecError(
            f"{ready.spec.name}: data: must be the rows the sweep was begun with, got other rows "
            f"(fingerprint {ready.data.fingerprint[:12]}, begun with {fingerprint[:12]}); "
            "give the new data to a sweep of another name"
        )


def must_match(spec: SweepSpec, begun: SweepSpec) -> None:
    """Refuse to go on with a spec that would have made other trials.

    Raises
    ------
    SpecError
        If anything that shapes a trial differs; the first difference is named.
    """
    if spec.search.deterministic and spec.search.window is None:  # other workers do not change the window
        spec = spec.model_copy(update={"search": spec.search.model_copy(update={"window": begun.search.window})})
    spec = settle(spec, regression=begun.search.metric == "val_rmse")
    if spec.experiment != begun.experiment:
        raise SpecError(f"experiment: must be that of the sweep's runs, {begun.experiment!r}, got {spec.experiment!r}")
    if spec.fingerprint() == begun.fingerprint():
        return
    where, now, before = next(_differences(spec.shaping(), begun.shaping()))
    raise SpecError(
        f"{where}: must be what the sweep {begun.name} was begun with, got {now!r}, begun with {before!r}; "
        "give the new spec another name"
    )


def _differences(now: Any, before: Any, where: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield place, value now and value before of everything that differs."""
    if isinstance(now, dict) and isinstance(before, dict):
        for key in [*before, *(key for key in now if key not in before)]:
            yield from _differences(now.get(key), before.get(key), f"{where}.{key}" if where else key)
    elif now != before:
        yield where, now, before
