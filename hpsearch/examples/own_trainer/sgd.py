"""A trainer around scikit-learn's SGDClassifier: a linear classifier, one pass over the rows an epoch.

Named in `sgd.yaml` beside it. It imports nothing of hpsearch.
"""

# mypy: ignore-errors
from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import log_loss


class Linear:
    """What is left of a trained classifier: its coefficients."""

    def __init__(self, coefficients, intercepts):
        self.coefficients, self.intercepts = coefficients, intercepts

    def predict(self, X):
        """Predict class codes."""
        return self.predict_proba(X).argmax(axis=1).astype(np.int64)

    def predict_proba(self, X):
        """Predict a probability for every class: softmax of the scores."""
        scores = X @ self.coefficients.T + self.intercepts
        exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
        return exponentials / exponentials.sum(axis=1, keepdims=True)

    def state(self):
        """Return what `restore` takes: a configuration for JSON, and arrays."""
        return {"kind": "linear"}, {"coefficients": self.coefficients, "intercepts": self.intercepts}


@dataclass
class Sgd:
    """Linear classifier by stochastic gradient descent on the logistic loss."""

    alpha: float = field(default=1e-4, metadata={"help": "weight of the L2 penalty"})
    learning_rate: float = field(default=0.01, metadata={"help": "size of the first steps"})
    epochs: int = field(default=20, metadata={"help": "passes over the training rows"})
    seed: int = 0

    def __post_init__(self):
        for name in ("alpha", "learning_rate", "epochs"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name}: must be above 0, got {getattr(self, name)!r}")

    def train(self, X, y, X_validation, y_validation, *, classes):
        """Yield the metrics of every epoch, and return the model."""
        if classes < 2:
            raise ValueError("Sgd is for classes only")
        codes = np.arange(classes)
        classifier = SGDClassifier(
            loss="log_loss",
            alpha=self.alpha,
            learning_rate="invscaling",
            eta0=self.learning_rate,
            power_t=0.25,
            random_state=np.random.RandomState(self.seed),  # one generator for all epochs, so each shuffles anew
        )
        model = None
        for _ in range(self.epochs):
            classifier.partial_fit(X, y, classes=codes)
            model = _model(classifier)
            yield {
                "train_loss": log_loss(y, model.predict_proba(X), labels=codes),
                "val_loss": log_loss(y_validation, model.predict_proba(X_validation), labels=codes),
                "train_accuracy": (model.predict(X) == y).mean(),
                "val_accuracy": (model.predict(X_validation) == y_validation).mean(),
            }
        return model

    @staticmethod
    def restore(config, arrays):
        """Rebuild a model from what its `state` returned."""
        if arrays["coefficients"].shape[0] != arrays["intercepts"].shape[0]:
            raise ValueError("coefficients and intercepts must have as many rows as there are classes")
        return Linear(arrays["coefficients"], arrays["intercepts"])


def _model(classifier):
    """Copy the coefficients; of two classes scikit-learn keeps the second one's alone."""
    coefficients, intercepts = classifier.coef_.copy(), classifier.intercept_.copy()
    if len(coefficients) == 1:
        coefficients, intercepts = np.concatenate([-coefficients, coefficients]) / 2, np.array([-1, 1]) * intercepts / 2
    return Linear(coefficients, intercepts)
