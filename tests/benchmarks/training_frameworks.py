"""The same networks in PyTorch eager and compiled JAX, with the same records; what `training.py` compares with.

Each function returns the epochs, or a line that says why they cannot be had.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
from training_ours import L2, MOMENTUM, RATE, pictures, waves

SIZES = (2, 100, 100, 4)


def torch_mlp() -> Iterator[dict] | str:
    """Return epochs of the plain network in PyTorch eager, or why there are none."""
    try:
        import torch
    except ImportError:
        return "PyTorch is not installed"
    torch.manual_seed(0)
    layers = [part for i, o in itertools.pairwise(SIZES) for part in (torch.nn.Linear(i, o), torch.nn.ReLU())][:-1]
    return _torch_full_batch(torch, torch.nn.Sequential(*layers))


def torch_batchnorm() -> Iterator[dict] | str:
    """Return epochs of the network with batch normalization in PyTorch eager, or why there are none."""
    try:
        import torch
    except ImportError:
        return "PyTorch is not installed"
    torch.manual_seed(0)
    nn, layers = torch.nn, []
    for i, o in itertools.pairwise(SIZES):
        # A momentum of 1 keeps the training rows' own statistics, as our trainer does for full batches.
        layers += [nn.Linear(i, o, bias=False), nn.BatchNorm1d(o, momentum=1.0), nn.ReLU()]
    return _torch_full_batch(torch, nn.Sequential(*layers[:-1]))


def _torch_full_batch(torch: Any, net: Any) -> Iterator[dict]:
    torch.set_num_threads(1)
    data = waves()
    X, X_validation = (torch.tensor(part, dtype=torch.float32) for part in (data[0], data[2]))
    y, y_validation = torch.tensor(data[1]), torch.tensor(data[3])
    entropy, parameters = torch.nn.functional.cross_entropy, list(net.parameters())
    weights = [p for p in parameters if p.ndim > 1]
    groups = [{"params": weights, "weight_decay": L2}, {"params": [p for p in parameters if p.ndim == 1]}]
    optimizer = torch.optim.SGD(groups, lr=RATE, momentum=MOMENTUM, nesterov=True)
    loss = entropy(net(X), y)
    while True:
        optimizer.zero_grad()
        loss.backward()
        before = [p.detach().clone() for p in parameters]
        optimizer.step()
        net.train()
        scores = net(X)
        loss = entropy(scores, y)
        with torch.no_grad():
            ratios = torch.stack(
                [(p - q).abs().sum() / q.abs().sum().clamp_min(1e-30) for p, q in zip(parameters, before, strict=True)]
            )
            net.eval()
            validation = net(X_validation)
            record = {
                "train_loss": loss.item(),
                "val_loss": entropy(validation, y_validation).item(),
                "l2_loss": 0.5 * L2 * sum(w.square().sum() for w in weights).item(),
                "train_accuracy": (scores.argmax(1) == y).float().mean().item(),
                "val_accuracy": (validation.argmax(1) == y_validation).float().mean().item(),
                "ratios": ratios.tolist(),
            }
        net.train()
        yield record


def torch_cnn() -> Iterator[dict] | str:
    """Return epochs of 8 and 16 kernels 3x3, two poolings and one dense layer, or why there are none."""
    try:
        import torch
    except ImportError:
        return "PyTorch is not installed"
    nn = torch.nn
    convolutions = [nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    convolutions += [nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    net = nn.Sequential(*convolutions, nn.Flatten(), nn.Linear(16 * 7 * 7, 10))
    return _torch_minibatches(torch, net)


def _torch_minibatches(torch: Any, net: Any) -> Iterator[dict]:
    torch.set_num_threads(1)
    data = pictures()
    X, X_validation = (torch.tensor(part, dtype=torch.float32).reshape(-1, 1, 28, 28) for part in (data[0], data[2]))
    y, y_validation = torch.tensor(data[1]), torch.tensor(data[3])
    entropy, parameters = torch.nn.functional.cross_entropy, list(net.parameters())
    optimizer = torch.optim.SGD(parameters, lr=RATE, momentum=MOMENTUM, nesterov=True, weight_decay=L2)
    while True:
        for batch in torch.randperm(len(X)).split(128):
            optimizer.zero_grad()
            entropy(net(X[batch]), y[batch]).backward()
            before = [p.detach().clone() for p in parameters]
            optimizer.step()
            with torch.no_grad():
                steps = [(p - q).abs().sum() / q.abs().sum() for p, q in zip(parameters, before, strict=True)]
                torch.stack(steps).tolist()
        with torch.no_grad():
            scores, validation = net(X), net(X_validation)
            record = {
                "train_loss": entropy(scores, y).item(),
                "val_loss": entropy(validation, y_validation).item(),
                "train_accuracy": (scores.argmax(1) == y).float().mean().item(),
                "val_accuracy": (validation.argmax(1) == y_validation).float().mean().item(),
            }
        yield record


def jax_mlp() -> Iterator[dict] | str:
    """Return epochs of the plain network compiled by JAX, or why there are none."""
    try:
        import jax
    except ImportError:
        return "JAX is not installed"
    rng = np.random.default_rng(0)
    shapes = list(itertools.pairwise(SIZES))
    parameters = [(rng.standard_normal(s).astype("f") * 0.5 * np.sqrt(2 / s[0]), np.zeros(s[1], "f")) for s in shapes]
    parameters = [(w.astype("f"), b) for w, b in parameters]
    return _jax_epochs(jax, _jax_epoch(jax), parameters)


def _jax_epochs(jax: Any, epoch: Any, parameters: list) -> Iterator[dict]:
    velocity = jax.tree.map(np.zeros_like, parameters)
    while True:
        parameters, velocity, records = epoch(parameters, velocity)
        yield {name: float(value) for name, value in jax.device_get(records).items()}


def _jax_epoch(jax: Any) -> Any:
    """Return one compiled epoch: the step, then the records of the parameters after it."""
    jnp, tree, data = jax.numpy, jax.tree, waves()
    X, X_validation = (jnp.asarray(part, jnp.float32) for part in (data[0], data[2]))
    y, y_validation = jnp.asarray(data[1]), jnp.asarray(data[3])

    def scores(p: list, X: Any) -> Any:
        for w, b in p[:-1]:
            X = jax.nn.relu(X @ w + b)
        return X @ p[-1][0] + p[-1][1]

    def entropy(s: Any, y: Any) -> Any:
        return -jnp.mean(jax.nn.log_softmax(s)[jnp.arange(len(y)), y])

    def penalty(p: list) -> Any:
        return 0.5 * L2 * sum(jnp.sum(w**2) for w, _ in p)

    @jax.jit
    def epoch(p: list, v: list) -> tuple:
        g = jax.grad(lambda p: entropy(scores(p, X), y) + penalty(p))(p)
        v_new = tree.map(lambda v, g: MOMENTUM * v - RATE * g, v, g)
        delta = tree.map(lambda new, old: new + MOMENTUM * (new - old), v_new, v)
        ratios = tree.map(lambda d, p: jnp.abs(d).sum() / jnp.maximum(jnp.abs(p).sum(), 1e-30), delta, p)
        p = tree.map(lambda p, d: p + d, p, delta)
        s, s_validation = scores(p, X), scores(p, X_validation)
        records = {"train_loss": entropy(s, y), "val_loss": entropy(s_validation, y_validation)}
        records |= {"train_accuracy": jnp.mean(s.argmax(1) == y), "l2_loss": penalty(p)}
        records |= {"val_accuracy": jnp.mean(s_validation.argmax(1) == y_validation)}
        return p, v_new, records | {f"ratio{i}": ratio for i, ratio in enumerate(tree.leaves(ratios))}

    return epoch
