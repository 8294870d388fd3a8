"""Trainers without a network, for the tests of the service: each does one thing, right or wrong, and does it fast.

Named in specs as ``sample_trainers:Quadratic``. The model behind all of them is the mean of every class.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass

import numpy as np


class Means:
    """Predicts the class whose mean is nearest; for regression the mean of the targets."""

    def __init__(self, means, epoch=None):
        self.means = np.asarray(means)
        if epoch is not None:
            self.epoch = epoch

    @classmethod
    def fit(cls, X, y, classes, epoch=None):
        if not classes:
            return cls(np.array([[np.mean(y)]]), epoch)
        return cls(np.stack([X[y == code].mean(axis=0) for code in range(classes)]), epoch)

    def _distances(self, X):
        return ((X[:, None, :] - self.means[None]) ** 2).sum(axis=2)

    def predict(self, X):
        if self.means.shape == (1, 1):
            return np.full(len(X), self.means[0, 0])
        return self._distances(X).argmin(axis=1).astype(np.int64)

    def predict_proba(self, X):
        weights = 1 / (1 + self._distances(X))
        return weights / weights.sum(axis=1, keepdims=True)

    def state(self):
        return {"kind": "means"}, {"means": self.means}


class _Restores:
    @staticmethod
    def restore(config, arrays):
        return Means(arrays["means"])


def metrics(x, epoch):
    """The best `x` is 0.3; the loss falls with every epoch and never reaches zero."""
    loss = (x - 0.3) ** 2 + 1 / epoch
    return {"train_loss": loss / 2, "val_loss": loss, "val_accuracy": 1 / (1 + loss)}


@dataclass
class Quadratic(_Restores):
    x: float = 0.5
    epochs: int = 5
    kind: str = "a"
    hidden: tuple = (10,)
    seed: int = 0

    def train(self, X, y, X_validation, y_validation, *, classes):
        for epoch in range(1, self.epochs + 1):
            yield metrics(self.x, epoch)
        return Means.fit(X, y, classes)


@dataclass
class Counted(Quadratic):
    """Quadratic with a whole number more, of which less is better."""

    n: int = 1

    def train(self, X, y, X_validation, y_validation, *, classes):
        for epoch in range(1, self.epochs + 1):
            yield metrics(self.x + self.n / 10, epoch)
        return Means.fit(X, y, classes)


@dataclass
class Seeded(Quadratic):
    """What it reports comes from its seed alone."""

    def train(self, X, y, X_validation, y_validation, *, classes):
        draw = np.random.default_rng(self.seed)
        for epoch in range(1, self.epochs + 1):
            yield {**metrics(self.x, epoch), "val_accuracy": float(draw.random())}
        return Means.fit(X, y, classes)


@dataclass
class Mixed(Quadratic):
    """Raises above 0.85, diverges above 0.7, else is Quadratic."""

    def train(self, X, y, X_validation, y_validation, *, classes):
        for epoch in range(1, self.epochs + 1):
            if self.x > 0.85 and epoch == 3:
                raise RuntimeError(f"x={self.x:.3f} is too much")
            bad = self.x > 0.7 and epoch == 4
            yield {**metrics(self.x, epoch), "val_loss": float("inf") if bad else 1.0}
        return Means.fit(X, y, classes)


@dataclass
class Diverging(Quadratic):
    value: float = float("nan")

    def train(self, X, y, X_validation, y_validation, *, classes):
        for epoch in range(1, self.epochs + 1):
            yield {**metrics(self.x, epoch), **({"val_loss": self.value} if epoch >= 3 else {})}
        return Means.fit(X, y, classes)


@dataclass
class Overflowing(Quadratic):
    """Raises behind a value that is not finite: the divergence came first."""

    def train(self, X, y, X_validation, y_validation, *, classes):
        yield metrics(self.x, 1)
        yield {**metrics(self.x, 2), "train_loss": 1e308 * 10}
        raise FloatingPointError("overflow")


@dataclass
class Raising(Quadratic):
    def train(self, X, y, X_validation, y_validation, *, classes):
        yield metrics(self.x, 1)
        raise RuntimeError("the moon is in the wrong phase")


@dataclass
class Mumbling(Quadratic):
    """Fails with a message that no UTF-8 file and no database takes as it is."""

    def train(self, X, y, X_validation, y_validation, *, classes):
        yield metrics(self.x, 1)
        raise ValueError("cannot read caf\udce9.csv\0")


@dataclass
class Slow(Quadratic):
    epochs: int = 30
    pause: float = 0.1

    def train(self, X, y, X_validation, y_validation, *, classes):
        for epoch in range(1, self.epochs + 1):
            time.sleep(self.pause)
            yield metrics(self.x, epoch)
        return Means.fit(X, y, classes)


@dataclass
class Fading(Quadratic):
    """Gets worse from the fourth epoch on, the faster the larger `x` is."""

    def train(self, X, y, X_validation, y_validation, *, classes):
        for epoch in range(1, self.epochs + 1):
            given = metrics(self.x, min(epoch, 4))
            yield {**given, "val_accuracy": given["val_accuracy"] - self.x * max(0, epoch - 4) / 50}
        return Means.fit(X, y, classes)


@dataclass
class Unstorable(Quadratic):
    """Its model cannot be written where `x` is below 0.5."""

    def train(self, X, y, X_validation, y_validation, *, classes):
        for epoch in range(1, self.epochs + 1):
            yield metrics(self.x, epoch)
        model = Means.fit(X, y, classes)
        if self.x < 0.5:
            model.state = lambda: ({"kind": "means", "x": np.int64(3)}, {"means": model.means})
        return model


@dataclass
class Stubborn(Quadratic):
    """Goes on when it is told to stop."""

    stubborn: bool = True

    def train(self, X, y, X_validation, y_validation, *, classes):
        for epoch in range(1, self.epochs + 1):
            try:
                yield metrics(self.x, epoch)
            except GeneratorExit:
                if not self.stubborn:
                    raise
        return Means.fit(X, y, classes)


@dataclass
class Chatty(Quadratic):
    def train(self, X, y, X_validation, y_validation, *, classes):
        for epoch in range(1, self.epochs + 1):
            print("CHATTER on stdout")
            print("CHATTER on stderr", file=sys.stderr)
            yield metrics(self.x, epoch)
        return Means.fit(X, y, classes)


@dataclass
class EarlyStopping(Quadratic):
    best_epoch: int = 2

    def train(self, X, y, X_validation, y_validation, *, classes):
        for epoch in range(1, self.epochs + 1):
            yield metrics(self.x, epoch)
        return Means.fit(X, y, classes, epoch=self.best_epoch)


@dataclass
class WrongMetrics(Quadratic):
    def train(self, X, y, X_validation, y_validation, *, classes):
        yield {"accuracy_of_validation": 0.5}
        return Means.fit(X, y, classes)


@dataclass
class Yields(Quadratic):
    """Yields whatever `what` names."""

    what: str = "text"

    def train(self, X, y, X_validation, y_validation, *, classes):
        yield metrics(self.x, 1)
        things = {
            "text": "val_accuracy: 0.5",
            "none": None,
            "word": {**metrics(self.x, 2), "val_loss": "high"},
            "list": [0.1, 0.2],
            "fewer": {"val_accuracy": 0.5},
            "reordered": dict(reversed(metrics(self.x, 2).items())),
        }
        yield things[self.what]
        return Means.fit(X, y, classes)


@dataclass
class Names(Quadratic):
    """Yields a metric of the name `name` beside the usual ones."""

    name: object = "more"

    def train(self, X, y, X_validation, y_validation, *, classes):
        yield {**metrics(self.x, 1), self.name: 1.0}
        return Means.fit(X, y, classes)


@dataclass
class Silent(Quadratic):
    """Returns a model without one epoch."""

    def train(self, X, y, X_validation, y_validation, *, classes):
        yield from ()
        return Means.fit(X, y, classes)


@dataclass
class NoModel(Quadratic):
    def train(self, X, y, X_validation, y_validation, *, classes):
        yield metrics(self.x, 1)


@dataclass
class NotAGenerator(Quadratic):
    def train(self, X, y, X_validation, y_validation, *, classes):
        return [metrics(self.x, 1)]


@dataclass
class Picky(Quadratic):
    def __post_init__(self):
        if self.x > 0.9:
            raise ValueError(f"x must be at most 0.9, got {self.x}")


class Anything(_Restores):
    """Takes any setting."""

    def __init__(self, seed, **settings):
        self.settings = settings

    def train(self, X, y, X_validation, y_validation, *, classes):
        yield metrics(0.5, 1)
        return Means.fit(X, y, classes)


class Any(_Restores):
    """Is whichever of the trainers here `does` names, so that one worker can be any of them."""

    def __init__(self, seed, does="Quadratic", **settings):
        self._trainer = globals()[does](**settings, seed=seed)

    def train(self, *rows, classes):
        return self._trainer.train(*rows, classes=classes)


class Needs(_Restores):
    def __init__(self, width, seed):
        self.width = width

    def train(self, X, y, X_validation, y_validation, *, classes):
        yield metrics(0.5, 1)
        return Means.fit(X, y, classes)


class Untrainable:
    pass


NUMBER = 5


@dataclass
class Lucky(Quadratic):
    """Its value is `x` plus luck, which comes from the seed and is small where `x` is large."""

    def train(self, X, y, X_validation, y_validation, *, classes):
        luck = np.random.default_rng(self.seed).normal() * (1 - self.x)
        for epoch in range(1, self.epochs + 1):
            yield {**metrics(self.x, epoch), "val_accuracy": self.x + luck}
        model = Means.fit(X, y, classes, epoch=min(3, self.epochs))
        model.means = model.means + luck / 1000  # so that the models of two seeds differ
        return model


@dataclass
class Unreliable(Lucky):
    """Fails from one of two seeds where `x` is above 0.7."""

    def train(self, X, y, X_validation, y_validation, *, classes):
        if self.x > 0.7 and self.seed % 2:
            raise RuntimeError("out of luck")
        return (yield from super().train(X, y, X_validation, y_validation, classes=classes))


@dataclass
class LuckyOfTwo(Lucky):
    """Lucky with a setting more, which decides as well."""

    learning_rate: float = 0.1

    def train(self, X, y, X_validation, y_validation, *, classes):
        for epoch, given in enumerate(super().train(X, y, X_validation, y_validation, classes=classes), 1):
            yield {**given, "val_accuracy": given["val_accuracy"] * (1 + self.learning_rate) * epoch / (1 + epoch)}
        return Means.fit(X, y, classes)


@dataclass
class Delayed(Mixed):
    """Mixed, with epochs that take times nobody can foresee."""

    def train(self, X, y, X_validation, y_validation, *, classes):
        epochs = super().train(X, y, X_validation, y_validation, classes=classes)
        while True:
            time.sleep(int.from_bytes(os.urandom(1), "big") / 2560)
            try:
                yield next(epochs)
            except StopIteration as stop:
                return stop.value
