"""Finds over- and underfitting of the winner: its training figures against its validation figures."""

from __future__ import annotations

import math

import numpy as np

from hpsearch.diagnosis.curve_stats import falling
from hpsearch.diagnosis.evidence import Evidence
from hpsearch.diagnosis.wording import number

GAP = 0.05  # between the accuracies, besides what chance explains
RISE = 1.15  # of the validation loss above its lowest
SPREAD = 1.3  # of the validation error above the training error
STILL_FALLING = 0.04
DROP = 0.01  # of the training loss itself; less is the noise of minibatches


def overfitting(evidence: Evidence) -> list[str]:
    """Say by how much the winner is better on its training rows, and since when its validation loss rises."""
    sentences, rise = [], _rise(evidence)
    train, validation = _pair(evidence, "accuracy")
    if train is not None and validation is not None:
        chance = 2 * math.sqrt(validation * (1 - validation) / max(1, evidence.validation_rows))
        if train - validation > GAP + chance or (rise and train - validation > GAP):
            sentences = [
                f"the winner overfits: accuracy {train:.3f} on training rows, {validation:.3f} on validation rows"
            ]
    train, validation = _pair(evidence, "rmse")
    if train is not None and validation is not None and validation > SPREAD * train:
        sentences = [
            f"the winner overfits: rmse {number(train)} on training rows, {number(validation)} on validation rows"
        ]
    return [f"{sentences[0]}{rise}; more rows, more l2 or a smaller network would help"] if sentences else []


def underfitting(evidence: Evidence) -> list[str]:
    """Say that the winner learned too little: less than the most frequent class, a line, or its own epochs allow."""
    train, validation = _pair(evidence, "accuracy")
    bar, more = evidence.baseline, "more or wider layers, more epochs or hotter rates would help"
    if train is not None and validation is not None:
        if train <= evidence.largest_class + 0.02:
            return [f"the winner underfits: {_on_rows(train)}, as always guessing the most frequent class has; {more}"]
        if bar is not None and train < bar - 0.02 and validation < bar:
            return [f"the winner underfits: {_on_rows(train)}, less than a linear model reaches ({bar:.3f}); {more}"]
    explained = _end(evidence, "val_r2")
    if explained is not None and explained < 0.05:
        return [f"the winner underfits: it explains {max(0.0, explained):.0%} of the validation variance; {more}"]
    left = falling(evidence.curve)
    if left is not None and left > STILL_FALLING and _drops(evidence) and not overfitting(evidence):
        part = f"{left:.0%} of its training loss's decline fell into the last tenth of its epochs"
        return [f"the winner was still learning when it stopped: {part}; try more epochs"]
    return []


def _drops(evidence: Evidence) -> bool:
    """Tell whether the training loss really fell, from each of the last tenths of the epochs to the next."""
    loss = evidence.curve.values[:, evidence.curve.names.index("train_loss")]
    tenth = len(loss) // 10
    means = loss[-4 * tenth :].reshape(4, tenth).mean(axis=1)
    return bool(np.all(means[1:] < (1 - DROP) * means[:-1]))


def _on_rows(accuracy: float) -> str:
    return f"accuracy {accuracy:.3f} on its own training rows"


def _rise(evidence: Evidence) -> str:
    """Say since when the validation loss has risen; empty where it has not."""
    curve = evidence.curve
    if "val_loss" not in curve.names or not curve.epochs:
        return ""
    loss = curve.values[:, curve.names.index("val_loss")]
    end = _epoch(evidence) - 1
    lowest = int(np.argmin(loss[: end + 1]))
    if not loss[end] > RISE * loss[lowest] or lowest > 0.9 * end:
        return ""
    return f", whose loss was lowest at epoch {lowest + 1} ({number(float(loss[lowest]))}) and rose to {loss[end]:.3g}"


def _pair(evidence: Evidence, figure: str) -> tuple[float | None, float | None]:
    return _end(evidence, f"train_{figure}"), _end(evidence, f"val_{figure}")


def _end(evidence: Evidence, name: str) -> float | None:
    """Return a metric at the epoch whose weights the winner's model holds."""
    known = name in evidence.curve.names and evidence.curve.epochs
    return evidence.curve.at(name, _epoch(evidence)) if known else None


def _epoch(evidence: Evidence) -> int:
    epochs = evidence.curve.epochs
    return min(epochs, (evidence.best.epoch if evidence.best else None) or epochs)
