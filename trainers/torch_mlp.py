"""The trainer `torch`: the network of `mlp` in PyTorch, from the same settings and initial weights (articles E).

An optional part: PyTorch is imported when a trainer is made. Its parameters share their memory with a NumPy network,
so that records, early stopping and the model are those of every other trainer, and the model needs no PyTorch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from trainers.arrays import Metrics
from trainers.layers import Dense, Dropout, Layer
from trainers.losses import Loss
from trainers.mlp import Mlp
from trainers.network import Network
from trainers.parameters import numbered
from trainers.training import Rows
from trainers.training.measure import measure_with
from trainers.training.minibatches import batches


@dataclass(frozen=True, kw_only=True)
class TorchMlp(Mlp):
    """A multilayer perceptron trained by PyTorch's autograd and optimizers, for comparison.

    While the learning rate changes, PyTorch's momentum differs a little from that of the articles: its velocity is
    not scaled by the rate.
    """

    def __post_init__(self) -> None:
        """Check every setting, and that PyTorch is there.

        Raises
        ------
        ImportError
            If it is not; the message says how to install it.
        ValueError
            Naming the setting, the rule and the value.
        """
        super().__post_init__()
        _import_torch()

    def epochs_of(self, network: Network, loss: Loss, rows: Rows) -> Iterator[Metrics]:
        """Yield the metrics of each epoch; `network` holds the parameters, in memory shared with PyTorch."""
        torch = _import_torch()
        rng, noise = np.random.default_rng([self.seed, 1]), torch.Generator().manual_seed(self.seed)
        parameters = {name: torch.from_numpy(array).requires_grad_() for name, array in network.parameters.items()}
        optimizer = self._optimizer(torch, parameters)
        schedule, measure = self.groups(network)[0].schedule, measure_with(loss, rows)
        X, y, weights = (torch.from_numpy(array) for array in (rows.X, rows.y, rows.weights))
        weight_places = network.flat[network.sections["weights"]]
        for epoch in range(self.epochs):
            for group in optimizer.param_groups:
                group["lr"] = schedule.rate(epoch)
            ratios: list[list[float]] = []
            whole = self.batch_size is None
            order = np.arange(rows.trained) if whole else rng.permutation(rows.trained)
            for batch in batches(order, self.batch_size or rows.trained):
                scores = _scores(torch, network, parameters, X[batch], noise)
                each = _losses(torch, loss, scores, y[batch])
                optimizer.zero_grad()
                (each @ _shares(weights[batch])).backward()
                ratios.append(_step(torch, optimizer, parameters))
            with np.errstate(all="ignore"):
                metrics = measure(_scores(torch, network, parameters, X, None).detach().numpy().T)
                metrics["l2_loss"] = 0.5 * self.l2 * float(weight_places @ weight_places)
                metrics["learning_rate"] = schedule.rate(epoch)
                means = np.mean(ratios, axis=0).tolist()
            yield metrics | {f"update_ratio/{n.replace('.', '/')}": m for n, m in zip(parameters, means, strict=True)}

    def _optimizer(self, torch: Any, parameters: dict[str, Any]) -> Any:
        """Return PyTorch's own optimizer; L2 is on weights only."""
        decayed = [p for name, p in parameters.items() if name.endswith(".weights")]
        others = [p for name, p in parameters.items() if not name.endswith(".weights")]
        groups = [{"params": decayed, "weight_decay": self.l2}, {"params": others, "weight_decay": 0.0}]
        if self.optimizer == "adam":
            return torch.optim.Adam(groups, lr=self.learning_rate, betas=(self.momentum, 0.999))
        momentum = 0.0 if self.optimizer == "sgd" else self.momentum
        nesterov = self.optimizer == "nesterov" and momentum > 0
        return torch.optim.SGD(groups, lr=self.learning_rate, momentum=momentum, nesterov=nesterov)


def _import_torch() -> Any:
    try:
        import torch
    except ImportError:
        raise ImportError("torch: PyTorch is not installed; pip install 'hpsearch[torch]'") from None
    return torch


def _scores(torch: Any, network: Network, parameters: dict[str, Any], x: Any, noise: Any) -> Any:
    """Run the layers of `network` in PyTorch; ``x : (rows, features)``."""
    for number, layer in numbered(network.layers):
        if isinstance(layer, Dense):
            x = torch.nn.functional.linear(x, parameters[f"layer{number}.weights"], parameters[f"layer{number}.biases"])
        elif isinstance(layer, Dropout):
            x = x if noise is None else _drop(torch, x, layer.rate, noise)
        else:
            x = _activate(torch, layer, x)
    return x


def _activate(torch: Any, layer: Layer, x: Any) -> Any:
    functions = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "linear": lambda x: x}
    return functions[layer.kind](x)


def _drop(torch: Any, x: Any, rate: float, noise: Any) -> Any:
    return x * (torch.rand(x.shape, generator=noise) >= rate) / (1 - rate)


def _losses(torch: Any, loss: Loss, scores: Any, y: Any) -> Any:
    """Return each row's loss by PyTorch's own function."""
    functions = torch.nn.functional
    if loss.kind == "softmax_cross_entropy":
        return functions.cross_entropy(scores, y, reduction="none")
    name = "mse_loss" if loss.kind == "mean_squared_error" else "binary_cross_entropy_with_logits"
    return getattr(functions, name)(scores[:, 0], y.to(scores.dtype), reduction="none")


def _shares(weights: Any) -> Any:
    total = weights.sum()
    return weights / total if total else weights


def _step(torch: Any, optimizer: Any, parameters: dict[str, Any]) -> list[float]:
    """Take one step and return each array's update ratio."""
    with torch.no_grad():
        before = [p.clone() for p in parameters.values()]
        optimizer.step()
        moved = [(p - q).abs().sum() for p, q in zip(parameters.values(), before, strict=True)]
        sizes = [q.abs().sum() for q in before]
        # From 0, as biases start, the ratio is to what is there after the step.
        return [float(m / s) if s else float(m > 0) for m, s in zip(moved, sizes, strict=True)]
