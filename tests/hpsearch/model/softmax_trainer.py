"""A trainer that learns nothing: enough of one to store a model and to restore it, also in another process."""

from __future__ import annotations

import numpy as np


class SoftmaxModel:
    def __init__(self, weights: np.ndarray):
        self.weights = weights

    def predict_proba(self, X):
        scores = X @ self.weights
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    def predict(self, X):
        return self.predict_proba(X).argmax(axis=1)

    def state(self):
        return {"units": list(self.weights.shape)}, {"weights": self.weights}


class LinearModel(SoftmaxModel):
    def predict(self, X):
        return (X @ self.weights)[:, 0]


class Softmax:
    model = SoftmaxModel

    def train(self, X, y, X_validation, y_validation, *, classes):
        yield {"train_loss": 0.0}
        return self.model(np.random.default_rng(0).normal(size=(X.shape[1], max(classes, 1))))

    @classmethod
    def restore(cls, config, arrays):
        if list(arrays["weights"].shape) != config["units"]:
            raise ValueError(f"weights must have shape {config['units']}, got {arrays['weights'].shape}")
        return cls.model(arrays["weights"])


class Linear(Softmax):
    model = LinearModel
