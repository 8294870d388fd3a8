"""The plainest model on the same rows, to answer "is the network worth it?": scikit-learn's linear models.

Logistic regression for classes, least squares for targets, on the transformed training rows that the trials had.
Bounded in time; `sweep.finish` fits it, `sweep.score` scores it together with the winner.
"""

from __future__ import annotations

import warnings
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hpsearch.data.prepare import Prepared
from hpsearch.sweep.conclude.metrics import regression

MOST_ROWS = 20_000
MOST_ITERATIONS = 1000
_PRODUCTS = 1e10  # multiplications and additions that a fit may cost: some seconds on one processor


@dataclass(frozen=True)
class Baseline:
    """What the baseline reached: accuracies for classes, R² for regression; `test` once the winner was scored."""

    name: str
    metric: str
    validation: float
    test: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    def in_words(self) -> str:
        """Return the name and the values in one line."""
        test = "" if self.test is None else f", test {self.metric} {self.test:.4f}"
        return f"{self.name}: validation {self.metric} {self.validation:.4f}{test}"

    def points(self) -> dict[str, float]:
        """Return the values under the names they have in MLflow, such as ``baseline_test_accuracy``."""
        found = {f"baseline_val_{self.metric}": self.validation}
        return found if self.test is None else found | {f"baseline_test_{self.metric}": self.test}


class FittedBaseline:
    """A linear model that was fitted to the training rows of a sweep."""

    def __init__(self, model: Any, name: str, data: Prepared) -> None:
        self._model, self._data = model, data
        metric = "accuracy" if data.classes else "r2"
        self.baseline = Baseline(name, metric, self._value(data.validation.X, data.validation.y))

    def judged_by(self, validation: float) -> Self:
        """Take over a value for validation rows that this model was fitted to itself."""
        self.baseline = replace(self.baseline, validation=validation)
        return self

    def scored(self, X: NDArray[np.float64], y: NDArray[Any]) -> Baseline:
        """Return the baseline with its value on test rows, ``X : (rows, features)`` raw, ``y`` codes or targets."""
        return replace(self.baseline, test=self._value(self._data.transform.apply(X), y))

    def _value(self, X: NDArray[np.float64], y: NDArray[Any]) -> float:
        predicted = self._model.predict(X)
        return float(np.mean(predicted == y)) if self._data.classes else regression(y, predicted).overall["r2"]


def fit_baseline(data: Prepared) -> FittedBaseline:
    """Fit logistic or linear regression to the training rows; of very many rows to a random part of them.

    Raises
    ------
    Exception
        Whatever scikit-learn raises; the caller goes on without a baseline.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LinearRegression, LogisticRegression

    X, y = _bounded(data)
    if not data.classes:
        return FittedBaseline(LinearRegression().fit(X, y), "linear regression", data)
    most = iterations(X.shape[0], X.shape[1], len(data.classes))
    model = LogisticRegression(max_iter=most)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y)
    stopped = f" (stopped after {most} iterations)" if np.max(model.n_iter_) >= most else ""
    return FittedBaseline(model, f"logistic regression{stopped}", data)


def iterations(rows: int, features: int, classes: int) -> int:
    """Return how many iterations of logistic regression the bound on time allows, from 20 to 1000."""
    cost = 4.0 * rows * features * max(1, classes)  # a product forwards, one backwards
    return int(min(MOST_ITERATIONS, max(20, _PRODUCTS / cost)))


def _bounded(data: Prepared) -> tuple[NDArray[np.float64], NDArray[Any]]:
    X, y = data.train.X, data.train.y
    if len(y) <= MOST_ROWS:
        return X, y
    chosen = np.sort(np.random.default_rng(0).choice(len(y), MOST_ROWS, replace=False))
    return X[chosen], y[chosen]
