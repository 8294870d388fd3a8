"""Every layer's backward pass against central differences, of inputs and of parameters, in float64."""

from __future__ import annotations

import numpy as np
import pytest

from trainers.layers import (
    LAYERS,
    BatchNorm,
    Convolution,
    Dense,
    Dropout,
    Flatten,
    Linear,
    MaxPooling,
    Relu,
    Sigmoid,
    Tanh,
    from_config,
)
from trainers.network import Network

CASES = {
    "dense": (Dense(4), (3,)),
    "dense without bias": (Dense(4, bias=False), (3,)),
    "batch_norm": (BatchNorm(), (3,)),
    "batch_norm with a running average": (BatchNorm(memory=0.9), (3,)),
    "batch_norm with a large epsilon": (BatchNorm(epsilon=0.5), (3,)),
    "relu": (Relu(), (3,)),
    "tanh": (Tanh(), (3,)),
    "sigmoid": (Sigmoid(), (3,)),
    "linear": (Linear(), (3,)),
    "dropout": (Dropout(0.4), (5,)),
    "flatten": (Flatten(), (2, 3, 2)),
    "convolution": (Convolution(3, size=3), (2, 5, 4)),
    "convolution with padding and stride": (Convolution(2, size=3, stride=2, padding=1), (2, 5, 6)),
    "convolution without bias": (Convolution(2, size=3, bias=False), (2, 5, 4)),
    "max_pooling": (MaxPooling(2), (2, 4, 5)),
    "max_pooling with overlap and padding": (MaxPooling(3, stride=2, padding=1), (2, 5, 5)),
    "batch_norm of images": (BatchNorm(), (2, 3, 2)),
}


def differences(f, array, step=1e-5):
    """Return central differences of the number f() for every entry of `array`, which is changed in place."""
    found, flat = np.empty(array.size), array.reshape(-1)
    for i in range(array.size):
        kept = flat[i]
        flat[i] = kept + step
        above = f()
        flat[i] = kept - step
        found[i] = (above - f()) / (2 * step)
        flat[i] = kept
    return found.reshape(array.shape)


@pytest.fixture(params=CASES)
def case(request):
    layer, shape = CASES[request.param]
    layer = from_config(layer.config())
    network = Network([layer], shape, "float64")
    rng = np.random.default_rng(5)
    network.flat[:] = rng.standard_normal(network.flat.size)
    return layer, network, network.workspace()[0], rng.standard_normal((*shape, 7)), rng


def test_every_kind_of_layer_is_among_the_cases():
    assert {layer.kind for layer, _ in CASES.values()} == set(LAYERS)


@pytest.mark.parametrize("trained", [7, 5])
def test_gradients_of_inputs_and_parameters_equal_central_differences(case, trained):
    layer, network, scratch, x, rng = case
    if x.ndim > 2:
        trained = 7
    slopes = np.ascontiguousarray(rng.standard_normal(layer.forward(x.copy(), scratch, trained).shape)[..., :trained])

    def value():
        return float(np.sum(layer.forward(x.copy(), scratch, trained, noise())[..., :trained] * slopes))

    def noise():
        return np.random.default_rng(3)

    value()
    gradient = layer.backward(slopes.copy(), scratch).copy()
    parameter_gradients = {name: array.copy() for name, array in network.gradients.items()}
    np.testing.assert_allclose(gradient, differences(value, x)[..., :trained], rtol=1e-6, atol=1e-8)
    for name, array in network.parameters.items():
        np.testing.assert_allclose(parameter_gradients[name], differences(value, array), rtol=1e-6, atol=1e-8)


def test_a_first_layer_computes_no_gradient_of_its_inputs(case):
    layer, _, scratch, x, _ = case
    y = layer.forward(x, scratch, 7)
    if layer.kinds:
        assert layer.backward(np.ones_like(y), scratch, wanted=False) is None


def test_a_configuration_builds_the_same_layer(case):
    layer, *_ = case
    assert from_config(layer.config()).config() == layer.config()


def test_an_unknown_kind_names_the_choices():
    with pytest.raises(
        ValueError, match=r"layers: kind: must be one of .*dense.*, got 'dens' \(did you mean 'dense'\?\)"
    ):
        from_config({"kind": "dens"})


def test_an_unknown_option_names_the_layer():
    with pytest.raises(ValueError, match=r"layers: dense: .*unit_count"):
        from_config({"kind": "dense", "unit_count": 3})


@pytest.mark.parametrize("kind", [Convolution, MaxPooling])
def test_padding_reaches_neither_the_size_of_the_window_nor_beyond_that_of_the_image(kind):
    with pytest.raises(ValueError, match="padding: must be below the size of a window, size=1, got 1"):
        kind(1, 1, 1, 1) if kind is Convolution else kind(1, padding=1)
    layer = kind(1, 21, 1, 10) if kind is Convolution else kind(21, padding=10)
    Network([layer], (1, 10, 10))
    with pytest.raises(ValueError, match=rf"^{layer.kind}: padding must be at most the images' 9 pixels, got 10"):
        Network([layer], (1, 9, 9))


@pytest.mark.parametrize("activation", [Sigmoid, Tanh])
def test_activations_are_finite_for_any_finite_input(activation):
    x = np.array([[-1e300, -1e3, 0.0, 1e3, 1e300]])
    layer = activation()
    network = Network([layer], (1,), "float64")
    with np.errstate(over="raise", invalid="raise"):
        y = network.scores(x, network.workspace(), 5)
    low = 0.0 if activation is Sigmoid else -1.0
    np.testing.assert_allclose(y[0, [0, 1, 3, 4]], [low, low, 1, 1])


def test_batch_norm_predicts_with_training_statistics_whatever_the_neighbours():
    layer = BatchNorm()
    network = Network([layer], (3,), "float64")
    x = np.random.default_rng(0).standard_normal((3, 50)) * 4 + 2
    trained = layer.forward(x, network.workspace()[0], 50).copy()
    np.testing.assert_allclose(layer.mean, x.mean(axis=1))
    np.testing.assert_allclose(layer.variance, x.var(axis=1))
    np.testing.assert_allclose(network.forward(x.T).T, trained)
    np.testing.assert_allclose(network.forward(x.T[:1]).T, trained[:, :1])


def test_batch_norm_measures_only_the_trained_rows_of_a_joint_pass():
    layer = BatchNorm()
    (scratch,) = Network([layer], (3,), "float64").workspace()
    x = np.random.default_rng(0).standard_normal((3, 50))
    joint = layer.forward(x, scratch, 30).copy()
    np.testing.assert_allclose(joint[:, :30].mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(layer.variance, x[:, :30].var(axis=1))


def test_batch_norm_keeps_a_running_average_that_starts_at_the_first_batch():
    layer = BatchNorm(memory=0.9)
    (scratch,) = Network([layer], (2,), "float64").workspace()
    first, second = np.random.default_rng(0).standard_normal((2, 2, 20))
    layer.forward(first, scratch, 20)
    np.testing.assert_allclose(layer.mean, first.mean(axis=1))
    layer.forward(second, scratch, 20)
    np.testing.assert_allclose(layer.mean, 0.9 * first.mean(axis=1) + 0.1 * second.mean(axis=1))
    np.testing.assert_allclose(layer.variance, 0.9 * first.var(axis=1, ddof=1) + 0.1 * second.var(axis=1, ddof=1))
