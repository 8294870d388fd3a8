"""The checks that `hpsearch check` runs: cheap, in this process, nothing of the sweep is begun.

Each is a function that returns one line or raises one of our errors. Networks are checked through what their trainer
offers (`trainers.gradient_check`); a trainer of somebody else's without a network skips those.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hpsearch.errors import HpsearchError, TrainerError
from hpsearch.places import Places
from hpsearch.spec import LoadedSpec
from hpsearch.sweep.ready import Ready, make_ready
from hpsearch.trainer_source import build, resolve, settings_of
from hpsearch.trial import Proposal
from hpsearch.worker import Assignment, Pull, Worker

GRADIENT_TOLERANCE = 1e-6
OVERFIT_EPOCHS = 100
_ROWS_A_CLASS = 2


@dataclass(frozen=True)
class CheckResult:
    """One line of the report."""

    name: str
    passed: bool
    detail: str


def run_checks(loaded: LoadedSpec, places: Places) -> Iterator[CheckResult]:
    """Run every check in turn; one that fails does not keep the next from running, unless it needs the spec."""
    try:
        ready = make_ready(loaded)
    except HpsearchError as error:
        yield CheckResult("spec", False, str(error))
        return
    yield CheckResult(
        "spec", True, f"{ready.spec.name}: {ready.spec.trainer}, {len(ready.spec.space)} searched settings"
    )
    checks: dict[str, Callable[[Ready], str]] = {"data": _data, "gradients": _gradients, "overfit": _overfit}
    for name, work in checks.items():
        yield _result(name, work, ready)
    yield _result("stores", lambda _: _stores(places), ready)


def _result(name: str, work: Callable[[Ready], str], ready: Ready) -> CheckResult:
    try:
        return CheckResult(name, True, work(ready))
    except HpsearchError as error:
        return CheckResult(name, False, str(error))


def _data(ready: Ready) -> str:
    parts = ", ".join(f"{rows} {part}" for part, rows in ready.data.summary.items())
    kind = f"{len(ready.data.classes)} classes" if ready.data.classes else "regression"
    return f"{parts} rows, {len(ready.data.features)} features, {kind}, {ready.spec.data.transform}"


def _middle(ready: Ready) -> dict[str, Any]:
    spec = ready.spec
    return {**spec.settings, **{name: parameter.middle() for name, parameter in spec.space.items()}}


def _gradients(ready: Ready) -> str:
    from trainers import gradient_check

    trainer = build(ready.spec.trainer, _middle(ready), seed=0)
    if not hasattr(trainer, "network"):
        return "skipped: the trainer offers no network to check"
    rows = _handful(ready)
    worst = gradient_check.check(trainer, ready.data.train.X[rows], ready.data.train.y[rows], len(ready.data.classes))
    name = max(worst, key=lambda key: worst[key])
    detail = f"{len(worst)} arrays agree with central differences, worst {worst[name]:.1e} ({name})"
    if not worst[name] < GRADIENT_TOLERANCE:
        raise TrainerError(f"{name}: relative error must be below {GRADIENT_TOLERANCE:g}, got {worst[name]:.3g}")
    return detail


def _overfit(ready: Ready) -> str:
    """Train on a handful of points without regularization: a network that cannot learn those by heart is broken."""
    if not ready.data.classes:
        return "skipped: for classes only"
    rows = _handful(ready)
    X, y = ready.data.train.X[rows], ready.data.train.y[rows]
    settings = {**_middle(ready), **_easy(ready.spec.trainer)}
    assignment = Assignment(ready.spec.trainer, X, y, X, y, len(ready.data.classes), "val_accuracy", True)
    with np.errstate(all="ignore"):
        chunk = Worker(assignment).run(Proposal(0, {}, settings, seed=0), Pull(None, 60.0))
    if chunk.failure is not None:
        raise TrainerError(chunk.failure.reason)
    column = chunk.curve.names.index("val_accuracy")
    perfect = np.flatnonzero(chunk.curve.values[:, column] == 1.0)
    if not len(perfect):
        reached = chunk.curve.values[:, column].max(initial=0.0)
        raise TrainerError(
            f"{len(rows)} points must be learned by heart in {chunk.curve.epochs} epochs, got {reached:.3f}"
        )
    return f"{len(rows)} points learned by heart after {perfect[0] + 1} epochs"


def _easy(trainer: str) -> dict[str, Any]:
    """Return settings under which overfitting is easy, those of them that the trainer knows."""
    easy = {
        "learning_rate": 0.1,
        "l2": 0.0,
        "momentum": 0.9,
        "epochs": OVERFIT_EPOCHS,
        "batch_size": None,
        "decay": 1.0,
    }
    known = {setting.name for setting in settings_of(resolve(trainer))}
    return {name: value for name, value in easy.items() if name in known}


def _handful(ready: Ready) -> Any:
    """Pick the first rows of every class; for regression the first eight."""
    y = ready.data.train.y
    if not ready.data.classes:
        return np.arange(min(8, len(y)))
    return np.concatenate([np.flatnonzero(y == code)[:_ROWS_A_CLASS] for code in range(len(ready.data.classes))])


def _stores(places: Places) -> str:
    """Write to the home and open both stores; a home that did not exist is not left behind."""
    from hpsearch.study import Study
    from hpsearch.tracking.store import Store

    if places.local and not places.home.exists():
        with tempfile.TemporaryDirectory() as place:
            _try_stores(Places(Path(place), f"sqlite:///{place}/study.db", f"sqlite:///{place}/mlflow.db", None))
        parent = next(folder for folder in places.home.parents if folder.exists())
        with tempfile.NamedTemporaryFile(dir=parent):
            return f"{places.home} can be made"
    places.make()
    Store(places.tracking, places.home).experiment("hpsearch")
    Study.exists(places.storage, "any")
    return f"study and tracking can be written ({places.home})"


def _try_stores(places: Places) -> None:
    from hpsearch.tracking.store import Store

    Store(places.tracking, places.home).experiment("hpsearch")
