"""Our gradients, steps, convolution and pooling against PyTorch's, on the same weights, in float64."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from trainers import TRAINERS
from trainers.layers import Convolution, MaxPooling
from trainers.network import Network
from trainers.parameters import numbered

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
functional = torch.nn.functional

CASES = {
    "mlp relu": ("mlp", {"hidden": [7, 5]}, 3),
    "mlp tanh": ("mlp", {"hidden": [7, 5], "activation": "tanh"}, 3),
    "mlp one sigmoid output": ("mlp", {"hidden": [6], "activation": "sigmoid", "output": "sigmoid"}, 2),
    "mlp regression": ("mlp", {"hidden": [6]}, 0),
    "mlp momentum": ("mlp", {"hidden": [6], "optimizer": "momentum"}, 3),
    "mlp adam": ("mlp", {"hidden": [6], "optimizer": "adam"}, 3),
    "mlp class weights": ("mlp", {"hidden": [6], "class_weights": [1.0, 2.0, 5.0]}, 3),
    "batchnorm": ("batchnorm", {"hidden": [7, 5], "norm_learning_rate": 0.02}, 3),
    "cnn": ("cnn", {"kernels": [2, 3], "hidden": [5], "batch_size": None}, 3),
    "cnn stride and padding": (
        "cnn",
        {"kernels": [2], "kernel_size": 4, "stride": 2, "padding": 2, "batch_size": None},
        3,
    ),
    "cnn batch norm": ("cnn", {"kernels": [2, 3], "batch_norm": True, "batch_size": None}, 3),
    "logistic": ("logistic", {}, 3),
    "linear": ("linear", {"l2": 0.01}, 0),
}


class Twin:
    """The same network in PyTorch, on copies of the same weights."""

    def __init__(self, network):
        self.network = network
        self.p = {n: torch.tensor(array.copy(), requires_grad=True) for n, array in network.parameters.items()}

    def scores(self, X):
        x = torch.tensor(X.reshape(len(X), *self.network.input_shape))
        for number, layer in numbered(self.network.layers):
            own = {kind: self.p.get(f"layer{number}.{kind}") for kind in ("weights", "biases", "gammas", "betas")}
            x = self.apply(layer, x, own)
        return x

    def apply(self, layer, x, p):
        simple = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}
        if layer.kind in simple:
            return simple[layer.kind](x)
        if layer.kind == "dense":
            return functional.linear(x, p["weights"], p["biases"] if layer.bias else None)
        if layer.kind == "batch_norm":
            return functional.batch_norm(x, None, None, p["gammas"], p["betas"], training=True, eps=layer.epsilon)
        if layer.kind == "convolution":
            w = layer.windows
            return functional.conv2d(x, p["weights"], p["biases"], stride=w.stride, padding=w.padding)  # biases or None
        if layer.kind == "max_pooling":
            return functional.max_pool2d(x, layer.windows.size)
        return x.flatten(1)


def mean_loss(scores, y, classes, output, weights):
    if classes == 0:
        return functional.mse_loss(scores[:, 0], torch.tensor((y - y.mean()) / y.std()))
    if output == "sigmoid":
        return functional.binary_cross_entropy_with_logits(scores[:, 0], torch.tensor(y, dtype=torch.float64))
    return functional.cross_entropy(scores, torch.tensor(y), weight=weights)


@pytest.mark.parametrize("case", CASES)
def test_ten_steps_equal_those_of_pytorch(case, finish):
    name, options, classes = CASES[case]
    rng = np.random.default_rng(4)
    X = rng.standard_normal((24, 36 if name == "cnn" else 4))
    y = np.arange(24) % classes if classes else rng.standard_normal(24)
    trainer = TRAINERS[name](dtype="float64", learning_rate=0.03, epochs=10, **options)
    twin = Twin(trainer.network(X.shape[1], classes))
    if trainer.optimizer == "adam":
        kind, arguments = torch.optim.Adam, {"betas": (trainer.momentum, 0.999)}
    else:
        nesterov = trainer.optimizer == "nesterov"
        kind, arguments = torch.optim.SGD, {"momentum": trainer.momentum, "nesterov": nesterov}
    groups = []
    for key, parameter in twin.p.items():
        norm = key.endswith(("gammas", "betas"))
        rate = getattr(trainer, "norm_learning_rate", trainer.learning_rate) if norm else trainer.learning_rate
        groups.append({"params": [parameter], "lr": rate, "weight_decay": trainer.l2 * key.endswith("weights")})
    optimizer = kind(groups, **arguments)
    weights = torch.tensor(trainer.class_weights, dtype=torch.float64) if trainer.class_weights else None
    output = getattr(trainer, "output", "auto")
    for _ in range(10):
        optimizer.zero_grad()
        mean_loss(twin.scores(X), y, classes, output, weights).backward()
        optimizer.step()
    run = finish(trainer, X, y, classes=classes)
    for key, parameter in twin.p.items():
        np.testing.assert_allclose(run.model.network.parameters[key], parameter.detach().numpy(), rtol=1e-6, atol=1e-9)
    loss = mean_loss(twin.scores(X), y, classes, output, weights)
    assert run.curve[-1]["train_loss"] == pytest.approx(loss.item(), rel=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_gradients_equal_those_of_pytorch(case):
    name, options, classes = CASES[case]
    rng = np.random.default_rng(5)
    X = rng.standard_normal((10, 36 if name == "cnn" else 4))
    y = np.arange(10) % classes if classes else rng.standard_normal(10)
    trainer = TRAINERS[name](**options)
    network, loss = trainer.network(X.shape[1], classes, dtype="float64"), trainer.loss(classes)
    twin, workspace = Twin(network), network.workspace()
    standard = y if classes else (y - y.mean()) / y.std()
    loss.forward(network.scores(X.T.copy(), workspace, 10), loss.encode(standard, classes, network.dtype))
    network.backward(loss.backward(np.full(10, 0.1)), workspace)
    mean_loss(twin.scores(X), y, classes, getattr(trainer, "output", "auto"), None).backward()
    for key, parameter in twin.p.items():
        np.testing.assert_allclose(network.gradients[key], parameter.grad.numpy(), rtol=1e-6, atol=1e-12)


def passes(layer, shape, rows, rng, theirs):
    """Compare a layer's outputs and gradients with PyTorch's function of (x, network)."""
    network = Network([layer], shape, "float64")
    network.flat[:] = rng.standard_normal(network.flat.size)
    x = rng.standard_normal((rows, *shape))
    (scratch,) = network.workspace()
    mine = layer.forward(np.moveaxis(x, 0, -1).copy(), scratch, rows).copy()
    given = torch.tensor(x, requires_grad=True)
    parameters = {n: torch.tensor(a.copy(), requires_grad=True) for n, a in network.parameters.items()}
    expected = theirs(given, parameters)
    np.testing.assert_allclose(np.moveaxis(mine, -1, 0), expected.detach().numpy(), atol=1e-12)
    slopes = rng.standard_normal(expected.shape)
    expected.backward(torch.tensor(slopes))
    gradient = layer.backward(np.moveaxis(slopes, 0, -1).copy(), scratch)
    np.testing.assert_allclose(np.moveaxis(gradient, -1, 0), given.grad.numpy(), atol=1e-12)
    for key, parameter in parameters.items():
        np.testing.assert_allclose(network.gradients[key], parameter.grad.numpy(), atol=1e-11)


SIZES = {"size": st.integers(1, 4), "stride": st.integers(1, 3), "padding": st.integers(0, 2)}
IMAGES = {"height": st.integers(1, 8), "width": st.integers(1, 8), "channels": st.integers(1, 3)}


@settings(deadline=None, max_examples=60)
@given(**SIZES, **IMAGES, kernels=st.integers(1, 3), rows=st.integers(1, 3), seed=st.integers(0, 99))
def test_convolution_equals_pytorchs(size, stride, padding, height, width, channels, kernels, rows, seed):
    assume(min(height, width) + 2 * padding >= size)
    assume(padding < size and padding <= max(height, width))

    def theirs(x, p):
        return functional.conv2d(x, p["layer1.weights"], p["layer1.biases"], stride=stride, padding=padding)

    layer = Convolution(kernels, size, stride, padding)
    passes(layer, (channels, height, width), rows, np.random.default_rng(seed), theirs)


@settings(deadline=None, max_examples=60)
@given(**SIZES, **IMAGES, rows=st.integers(1, 3), seed=st.integers(0, 99))
def test_max_pooling_equals_pytorchs(size, stride, padding, height, width, channels, rows, seed):
    assume(min(height, width) + 2 * padding >= size)
    assume(padding <= min(size // 2, max(height, width)))

    def theirs(x, p):
        return functional.max_pool2d(x, size, stride=stride, padding=padding)

    passes(MaxPooling(size, stride, padding), (channels, height, width), rows, np.random.default_rng(seed), theirs)


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov", "adam"])
@pytest.mark.parametrize("batch_size", [None, 16])
def test_the_trainer_torch_walks_the_way_of_mlp(optimizer, batch_size, finish):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((50, 3)), np.arange(50) % 3
    options = {"hidden": [8, 6], "epochs": 5, "dtype": "float64", "optimizer": optimizer, "batch_size": batch_size}
    ours, theirs = (
        finish(TRAINERS[name](learning_rate=0.02, **options), X, y, X, y).curve for name in ("mlp", "torch")
    )
    for mine, other in zip(ours, theirs, strict=True):
        assert other == pytest.approx({key: mine[key] for key in other}, rel=1e-6, abs=1e-9)


def test_the_trainer_torch_restores_without_pytorch_and_keeps_its_seed(finish):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((50, 3)), np.arange(50) % 3
    trainer = TRAINERS["torch"](hidden=[8], epochs=5, dropout=0.3, batch_size=16)
    first, again = finish(trainer, X, y), finish(dataclasses.replace(trainer), X, y)
    assert first.curve == again.curve
    copy = TRAINERS["mlp"].restore(*first.model.state())
    np.testing.assert_array_equal(copy.predict_proba(X), first.model.predict_proba(X))
