"""`check_trainer`: the tests that every trainer must pass, for the author of one to run.

::

    from hpsearch.checks.check_trainer import check_trainer
    from my_trainer import Mine

    def test_mine():
        check_trainer(Mine, settings={"learning_rate": 0.1})

Our own trainers pass the same ones. It knows trainers through `protocol` alone.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.data.transform import Unchanged
from hpsearch.errors import HpsearchError
from hpsearch.model.bundle import Bundle, save
from hpsearch.model.predictor import Predictor
from hpsearch.training.loader import settings_of
from hpsearch.training.trusted import trusted

SEED = 7
_FEW_EPOCHS = 4
_UNKNOWN = "no_such_setting"


@dataclass(frozen=True, eq=False)
class CheckRows:
    """Rows to check a trainer on; `classes` is 0 for regression."""

    X: NDArray[np.float64]
    y: NDArray[Any]
    X_validation: NDArray[np.float64]
    y_validation: NDArray[Any]
    classes: int

    @classmethod
    def small(cls, classes: int = 3, features: int = 4, rows: int = 30) -> CheckRows:
        """Make clouds of points, one a class; for 0 classes a plane with noise."""
        draw = np.random.default_rng(0)
        X = draw.normal(size=(rows + rows // 2, features))
        if classes:
            y: NDArray[Any] = np.arange(len(X)) % classes
            X += 2 * draw.normal(size=(classes, features))[y]
        else:
            y = X @ draw.normal(size=features) + 0.1 * draw.normal(size=len(X))
        return cls(X[:rows], y[:rows], X[rows:], y[rows:], classes)

    def copied(self) -> CheckRows:
        """Return the same rows in arrays that cannot be written, as a worker gives them."""
        X, y, X_validation, y_validation = map(np.array, (self.X, self.y, self.X_validation, self.y_validation))
        for array in (X, y, X_validation, y_validation):
            array.flags.writeable = False
        return CheckRows(X, y, X_validation, y_validation, self.classes)


class Broken(AssertionError):
    """A trainer does not keep the protocol; the message says how."""


@dataclass(frozen=True)
class _Trained:
    names: tuple[str, ...]
    values: NDArray[np.float64]
    model: Any


@dataclass(frozen=True)
class _Subject:
    """A trainer under test: how it is made, and on what it is trained."""

    factory: Any
    settings: dict[str, Any]
    rows: CheckRows

    def begin(self, seed: int = SEED) -> Generator[Mapping[str, float], None, Any]:
        trainer, rows = self.factory(**self.settings, seed=seed), self.rows.copied()
        epochs = trainer.train(rows.X, rows.y, rows.X_validation, rows.y_validation, classes=rows.classes)
        if not isinstance(epochs, Generator):
            raise Broken(f"train must be a generator that yields metrics, got {type(epochs).__name__}")
        return epochs

    def train(self) -> _Trained:
        epochs = self.begin()
        seen: list[dict[str, float]] = []
        with np.errstate(all="ignore"):
            while True:
                try:
                    seen.append(_mapping(next(epochs), len(seen) + 1))
                except StopIteration as stop:
                    model = stop.value
                    break
        if not seen:
            raise Broken("train must yield at least one epoch, got none")
        names = tuple(seen[0])
        for epoch, metrics in enumerate(seen, 1):
            if set(metrics) != set(names):
                changed = ", ".join(sorted(set(metrics) ^ set(names)))
                raise Broken(f"every epoch must yield the same metrics, {changed} changed at epoch {epoch}")
        return _Trained(names, np.array([[metrics[name] for name in names] for metrics in seen]), model)


def check_trainer(
    factory: Any,
    *,
    settings: Mapping[str, Any] | None = None,
    rows: CheckRows | None = None,
    classes: int = 3,
) -> list[str]:
    """Run every check and return their names.

    Parameters
    ----------
    factory : the trainer's class (or what makes one), or its name: ``my_trainer.py:Mine``
    settings : given to it besides the seed; a setting ``epochs`` is 4 unless given here
    rows : to train on; by default 30 points of `classes` classes, or for 0 classes of a plane

    Raises
    ------
    AssertionError
        Naming every check that does not hold, and how.
    """
    if isinstance(factory, str):
        factory = trusted(factory)(factory)
    chosen = dict(settings or {})
    if any(known.name == "epochs" for known in settings_of(factory)):
        chosen.setdefault("epochs", _FEW_EPOCHS)
    subject = _Subject(factory, chosen, rows or CheckRows.small(classes))
    wrong = [f"{name}: {problem}" for name, check in _CHECKS.items() if (problem := _problem(check, subject))]
    if wrong:
        called = getattr(factory, "__name__", repr(factory))
        raise AssertionError(f"{called} breaks {len(wrong)} of {len(_CHECKS)} rules:\n  " + "\n  ".join(wrong))
    return list(_CHECKS)


def _problem(check: Callable[[_Subject], None], subject: _Subject) -> str:
    try:
        check(subject)
    except ImportError:
        raise  # a package that is not installed says nothing about the trainer
    except (Broken, HpsearchError) as error:
        return str(error)
    except Exception as error:
        hint = " (arrays are read-only in a worker)" if "read-only" in str(error) else ""
        return f"{type(error).__name__}: {error}{hint}"
    return ""


def _yields_finite_metrics(subject: _Subject) -> None:
    trained = subject.train()
    bad = np.argwhere(~np.isfinite(trained.values))
    if len(bad):
        epoch, column = bad[0]
        value = trained.values[epoch, column]
        raise Broken(f"{trained.names[column]} must be a finite number, got {value} at epoch {epoch + 1}")


def _respects_its_seed(subject: _Subject) -> None:
    with _global_draws(1):
        first = subject.train()
    with _global_draws(2):
        second = subject.train()
    if first.values.shape != second.values.shape:
        raise Broken(f"the same seed must give the same epochs, got {len(first.values)} and {len(second.values)}")
    different = np.argwhere(first.values != second.values)
    if len(different):
        epoch, column = different[0]
        pair = f"{first.values[epoch, column]!r} and {second.values[epoch, column]!r}"
        raise Broken(f"the same seed must give the same {first.names[column]}, got {pair} at epoch {epoch + 1}")


def _closes_when_stopped_early(subject: _Subject) -> None:
    epochs = subject.begin()
    next(epochs)
    try:
        epochs.close()
    except Exception as error:
        raise Broken(f"closing it after one epoch must do nothing else, got {type(error).__name__}: {error}") from error


def _saves_and_loads(subject: _Subject) -> None:
    rows, model = subject.rows, subject.train().model
    if not callable(getattr(model, "state", None)):
        raise Broken(f"train must return a model with a method state(), got {model!r}"[:300])
    config, arrays = model.state()
    labels, features = tuple(range(rows.classes)), tuple(f"x{i}" for i in range(rows.X.shape[1]))
    bundle = Bundle("checked:trainer", config, arrays, Unchanged.fit(rows.X), labels, features)
    with tempfile.TemporaryDirectory() as place:
        save(bundle, Path(place))
        loaded = Predictor.from_folder(Path(place), resolve=lambda _: subject.factory)
    fresh = Predictor(bundle, model)
    _must_equal("predict", fresh.predict(rows.X_validation), loaded.predict(rows.X_validation))
    if rows.classes:
        probabilities = fresh.predict_proba(rows.X_validation)
        _must_equal("predict_proba", probabilities, loaded.predict_proba(rows.X_validation))
        if not np.allclose(probabilities.sum(axis=1), 1, atol=1e-5):
            raise Broken(f"predict_proba must give rows that sum to 1, got {probabilities.sum(axis=1)[:3]}")


def _names_an_epoch_it_ran(subject: _Subject) -> None:
    trained = subject.train()
    epoch = getattr(trained.model, "epoch", None)
    if epoch is not None and not 1 <= epoch <= len(trained.values):
        raise Broken(f"model.epoch must lie between 1 and {len(trained.values)}, got {epoch}")


def _rejects_unknown_settings(subject: _Subject) -> None:
    try:
        subject.factory(**subject.settings, **{_UNKNOWN: 1}, seed=SEED)
    except (TypeError, ValueError):
        return
    raise Broken(f"an unknown setting must raise TypeError or ValueError, got none for {_UNKNOWN}=1")


def _leaves_its_arrays_alone(subject: _Subject) -> None:
    """Train on arrays that can be written, and compare them afterwards."""
    given_rows, trainer = subject.rows, subject.factory(**subject.settings, seed=SEED)
    names = ("X", "y", "X_validation", "y_validation")
    arrays = {name: np.array(getattr(given_rows, name)) for name in names}
    for _ in trainer.train(*arrays.values(), classes=given_rows.classes):
        pass
    changed = [name for name in names if not np.array_equal(arrays[name], getattr(given_rows, name))]
    if changed:
        raise Broken(f"the arrays must stay as they are, {', '.join(changed)} changed")


_CHECKS: dict[str, Callable[[_Subject], None]] = {
    "yields finite metrics, the same every epoch": _yields_finite_metrics,
    "respects its seed": _respects_its_seed,
    "closes cleanly when stopped early": _closes_when_stopped_early,
    "saves and loads with equal predictions": _saves_and_loads,
    "names an epoch that it ran": _names_an_epoch_it_ran,
    "rejects unknown settings": _rejects_unknown_settings,
    "leaves its arrays as they are": _leaves_its_arrays_alone,
}


def _mapping(metrics: Any, epoch: int) -> dict[str, float]:
    if not isinstance(metrics, Mapping):
        raise Broken(f"each epoch must yield a mapping of metrics, got {metrics!r} at epoch {epoch}"[:300])
    try:
        return {str(name): float(value) for name, value in metrics.items()}
    except (TypeError, ValueError):
        raise Broken(f"each metric must be a number, got {dict(metrics)!r} at epoch {epoch}"[:300]) from None


def _must_equal(method: str, before: NDArray[Any], after: NDArray[Any]) -> None:
    if not np.array_equal(before, after):
        row = int(np.argwhere(np.atleast_2d(before.T != after.T))[0][-1])
        raise Broken(f"{method} must be the same after restore, got {after[row]} instead of {before[row]} in row {row}")


@contextmanager
def _global_draws(seed: int) -> Iterator[None]:
    """Give the global generators another state while the block runs: a trainer must not draw from them."""
    before, plain = np.random.get_state(), random.getstate()
    np.random.seed(seed)
    random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(before)
        random.setstate(plain)
