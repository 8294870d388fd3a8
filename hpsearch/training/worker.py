"""Trains: holds the data, pulls epochs from one trainer at a time, sends them back in chunks.

`execution` puts a `Worker` into a process of its own (or, in its in-process twin, calls it directly). It sees no test
rows, no study and no tracking; to prune, the driver just stops asking.
"""

from __future__ import annotations

import contextlib
import posixpath
import re
import sys
import threading
import time
import traceback
from collections.abc import Generator, Mapping
from typing import Any

import numpy as np

from hpsearch.errors import HpsearchError, TrainerError
from hpsearch.training.loader import build, chosen
from hpsearch.training.messages import Assignment, Chunk, Pull
from hpsearch.training.source_files import use_files
from hpsearch.training.user_code import allow
from hpsearch.trial import Curve, Failure, ModelState, Suggestion

_TRACEBACK_LINES = 50
_METRIC = re.compile(r"[\w. -][\w./ -]{0,249}")
_TAKEN = ("epoch", "value")  # a column of the curve's file, and the trial's own value


class Worker:
    """Runs one trial at a time; beginning another closes the one before."""

    def __init__(self, assignment: Assignment) -> None:
        place = use_files(assignment.search_path, assignment.files)  # a trainer may lie beside the spec
        if place is not None:
            for trainer in (assignment.trainer, *assignment.trainers):
                allow(trainer, place)
        self._assignment = assignment
        self._epochs: Generator[Mapping[str, float], None, Any] | None = None
        self._names: tuple[str, ...] = ()
        self._rows: list[list[float]] = []
        self._values: dict[int, float] = {}
        self._epoch = 0
        self._thread = 0

    def begin(self, suggestion: Suggestion) -> None:
        """Build the trainer and forget the trial before."""
        self._suggestion = suggestion
        self.close()
        work = self._assignment
        self._names, self._epoch, self._values = (), 0, {}
        trainer = build(work.trainer, suggestion.settings, suggestion.seed, work.image_shape)
        epochs = trainer.train(work.X, work.y, work.X_validation, work.y_validation, classes=work.classes)
        if not isinstance(epochs, Generator):
            raise TrainerError(f"train must be a generator that yields metrics, got {type(epochs).__name__}")
        self._epochs = epochs

    def run(self, suggestion: Suggestion, pull: Pull) -> Chunk:
        """Begin a trial and pull its first chunk; whatever the trainer does wrong becomes a failure in the answer."""
        try:
            self.begin(suggestion)
        except Exception as error:
            return self._failed(_as_failure(error, 0), 0.0)
        return self.pull(pull)

    def pull(self, pull: Pull) -> Chunk:
        """Pull epochs until `pull` is satisfied or the trial ends."""
        self._rows = []
        started = time.perf_counter()
        before, failure = self._epoch, None
        model, finished = None, True
        try:
            with np.errstate(all="ignore"):
                model, finished = self._pull_rows(pull, started)
        except Exception as error:
            failure = _as_failure(error, self._epoch)
        seconds = time.perf_counter() - started
        curve, diverged = self._checked(before)  # a value that is not finite came before any error
        if (failure := diverged or failure) is None:
            try:
                return self._answer(curve, model, finished, seconds, pull.best)
            except Exception as error:
                failure = _as_failure(error, self._epoch)
        self.close()
        return self._failed(failure, seconds, curve)

    def stack(self) -> str:
        """Return where the trainer is right now, asked from another thread; empty before the first epoch."""
        frame = sys._current_frames().get(self._thread)
        lines = "".join(traceback.format_stack(frame)).splitlines() if frame else []
        return "\n".join(lines[-_TRACEBACK_LINES:])

    def close(self) -> None:
        """Close the generator of the trial that is open."""
        epochs, self._epochs = self._epochs, None
        if epochs is not None:
            # A trainer that fights its end, or fails in its own clean-up, must not spoil the next trial.
            with contextlib.suppress(Exception):
                epochs.close()

    def _pull_rows(self, pull: Pull, started: float) -> tuple[Any, bool]:
        assert self._epochs is not None, "pull without begin"
        self._thread = threading.get_ident()
        until = pull.until_epoch if pull.until_epoch is not None else float("inf")
        while self._epoch < until and time.perf_counter() - started < pull.seconds:
            try:
                metrics = next(self._epochs)
            except StopIteration as stop:
                self._epochs = None
                return stop.value, True
            self._note(metrics)
        return None, False

    def _note(self, metrics: Mapping[str, float]) -> None:
        if not isinstance(metrics, Mapping):
            raise TrainerError(f"each epoch must yield a mapping of metrics, got {metrics!r}"[:500])
        names = tuple(metrics)
        if names != self._names:
            self._check_names(names)
        try:
            row = [float(metrics[name]) for name in self._names]
        except (TypeError, ValueError):
            bad = {name: value for name, value in metrics.items() if not _is_number(value)}
            raise TrainerError(f"each metric must be a number, got {bad!r} after epoch {self._epoch + 1}") from None
        self._rows.append(row)
        self._epoch += 1

    def _check_names(self, names: tuple[str, ...]) -> None:
        if not self._names:
            if self._assignment.metric not in names:
                choices = ", ".join(map(str, names))
                raise TrainerError(f"search.metric: {self._assignment.metric!r} is not among the metrics: {choices}")
            for name in names:
                _check_name(name)
            self._names = names
        elif set(names) != set(self._names):
            changed = sorted(map(str, set(names) ^ set(self._names)))
            raise TrainerError(f"every epoch must yield the same metrics, {changed} changed at epoch {self._epoch + 1}")

    def _checked(self, before: int) -> tuple[Curve, Failure | None]:
        """Return the new epochs up to the first that is not finite, and the divergence if there is one."""
        values = np.array(self._rows, dtype=np.float64).reshape(len(self._rows), len(self._names))
        self._rows = []
        bad_rows, bad_columns = np.nonzero(~np.isfinite(values))
        failure = None
        if len(bad_rows):
            epoch, name = before + int(bad_rows[0]) + 1, self._names[bad_columns[0]]
            failure = Failure("diverged", f"diverged at epoch {epoch}: {name} is not finite", epoch)
            values = values[: bad_rows[0]]
        column = self._names.index(self._assignment.metric) if self._names else 0
        self._values.update({before + i + 1: float(row[column]) for i, row in enumerate(values)})
        return Curve(self._names, values), failure

    def _answer(self, curve: Curve, model: Any, finished: bool, seconds: float, best: float | None) -> Chunk:
        number, attempt = self._suggestion.number, self._suggestion.attempt
        if not finished:
            return Chunk(number, attempt, curve, False, seconds)
        if not self._values:
            raise TrainerError("the trainer yielded no epoch")
        epoch = int(getattr(model, "epoch", None) or self._epoch)
        if epoch not in self._values:
            raise TrainerError(f"the model's epoch must lie between 1 and {self._epoch}, got {epoch}")
        value = self._values[epoch]
        state = None
        if not hasattr(model, "state"):
            raise TrainerError(f"the trainer must return a model with a method state(), got {model!r}"[:500])
        if best is None or (value >= best if self._assignment.maximize else value <= best):
            config, arrays = model.state()
            name, _ = chosen(self._assignment.trainer, self._suggestion.settings)
            state = ModelState(config, arrays, epoch, name)
        return Chunk(number, attempt, curve, True, seconds, value, epoch, state)

    def _failed(self, failure: Failure, seconds: float, curve: Curve | None = None) -> Chunk:
        number, attempt = self._suggestion.number, self._suggestion.attempt
        return Chunk(number, attempt, curve or Curve(), True, seconds, failure=failure)


def _as_failure(error: Exception, epoch: int) -> Failure:
    """Describe an exception: ours by its message, anybody else's with the end of its traceback."""
    if isinstance(error, HpsearchError):
        return Failure("error", str(error), epoch)
    lines = "".join(traceback.format_exception(error)).splitlines()[-_TRACEBACK_LINES:]
    return Failure("error", f"{type(error).__name__}: {error}"[:500], epoch, "\n".join(lines))


def _check_name(name: Any) -> None:
    """Refuse a metric that MLflow would not take, or that would stand in the way of a column of ours."""
    plain = isinstance(name, str) and _METRIC.fullmatch(name) and posixpath.normpath(name) == name
    if not plain or name in _TAKEN or name.startswith(".."):
        raise TrainerError(
            f"a metric's name must be 1 to 250 letters, digits, spaces, '_', '-', '.' or '/', a plain path, and not "
            f"{' or '.join(_TAKEN)}, got {name!r}"[:500]
        )


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True
