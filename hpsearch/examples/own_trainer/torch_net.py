"""A trainer around PyTorch: one hidden layer, Adam, minibatches. Needs the package torch.

Named in `torch_net.yaml` beside it. It imports nothing of hpsearch.
"""

# mypy: ignore-errors
from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn


class Net:
    """A trained network, and the sizes it is rebuilt from."""

    def __init__(self, network, sizes):
        self.network, self.sizes = network, sizes

    def predict(self, X):
        """Predict class codes."""
        return self.predict_proba(X).argmax(axis=1).astype(np.int64)

    def predict_proba(self, X):
        """Predict a probability for every class."""
        with torch.no_grad():
            return torch.softmax(self.network(_tensor(X)), dim=1).double().numpy()

    def state(self):
        """Return the sizes, and the weights as plain arrays."""
        arrays = {name: weights.numpy().copy() for name, weights in self.network.state_dict().items()}
        return {"sizes": self.sizes}, arrays


@dataclass
class TorchNet:
    """One hidden layer in PyTorch, trained by Adam."""

    learning_rate: float = field(default=0.01, metadata={"help": "Adam's step size"})
    hidden: int = field(default=32, metadata={"help": "width of the hidden layer"})
    batch_size: int = field(default=32, metadata={"help": "rows a step"})
    epochs: int = field(default=20, metadata={"help": "passes over the training rows"})
    seed: int = 0

    def __post_init__(self):
        for name in ("learning_rate", "hidden", "batch_size", "epochs"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name}: must be above 0, got {getattr(self, name)!r}")

    def train(self, X, y, X_validation, y_validation, *, classes):
        """Yield the metrics of every epoch, and return the model."""
        if classes < 2:
            raise ValueError("TorchNet is for classes only")
        generator = torch.Generator().manual_seed(self.seed)
        sizes = [X.shape[1], self.hidden, classes]
        network = _network(sizes)
        for weights in network.parameters():  # drawn from our own generator, not from PyTorch's global one
            bound = weights.shape[-1] ** -0.5
            nn.init.uniform_(weights, -bound, bound, generator=generator)
        optimizer, loss_of = torch.optim.Adam(network.parameters(), self.learning_rate), nn.CrossEntropyLoss()
        inputs, targets = _tensor(X), torch.from_numpy(np.array(y))
        model = Net(network, sizes)
        for _ in range(self.epochs):
            for rows in torch.randperm(len(inputs), generator=generator).split(self.batch_size):
                optimizer.zero_grad()
                loss_of(network(inputs[rows]), targets[rows]).backward()
                optimizer.step()
            yield {**_measured(model, X, y, "train"), **_measured(model, X_validation, y_validation, "val")}
        return model

    @staticmethod
    def restore(config, arrays):
        """Rebuild a model; `load_state_dict` refuses arrays of other shapes."""
        network = _network([int(size) for size in config["sizes"]])
        try:
            network.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in arrays.items()})
        except RuntimeError as error:
            raise ValueError(str(error)) from None
        return Net(network, config["sizes"])


def _network(sizes):
    features, hidden, classes = sizes
    return nn.Sequential(nn.Linear(features, hidden), nn.ReLU(), nn.Linear(hidden, classes))


def _tensor(X):
    return torch.from_numpy(np.array(X, dtype=np.float32))


def _measured(model, X, y, part):
    probabilities = model.predict_proba(X)
    loss = -np.log(np.maximum(probabilities[np.arange(len(y)), y], 1e-12)).mean()
    return {f"{part}_loss": loss, f"{part}_accuracy": (probabilities.argmax(axis=1) == y).mean()}
