"""The picture of what each layer makes of an image, of a real network and of models that show nothing."""

from __future__ import annotations

import numpy as np

from hpsearch.figures import style
from hpsearch.figures.models.activations import activations
from trainers import TRAINERS


def test_every_layer_of_images_of_a_convolutional_network_is_drawn():
    rng = np.random.default_rng(0)
    X, y = rng.random((12, 64)), np.arange(12) % 3
    epochs = TRAINERS["cnn"](kernels=[4, 6], epochs=1, seed=0).train(X, y, X, y, classes=3)
    next(epochs)
    try:
        next(epochs)
    except StopIteration as stop:
        model = stop.value
    figure = activations(model.activations, X[0], (8, 8), "three")
    assert style.png(figure).startswith(b"\x89PNG")
    drawn = [np.asarray(ax.images[0].get_array()) for ax in figure.axes if ax.images]
    assert len(drawn) == 1 + 3 * 4 + 3 * 6  # the image; convolution, relu and pooling of each block
    np.testing.assert_array_equal(drawn[0], X[0].reshape(8, 8))
    inside = model.activations(X[:1])
    np.testing.assert_allclose(drawn[1], inside["layer1.convolution"][0, 0])
    assert (drawn[5] >= 0).all()


def test_a_network_without_images_inside_has_no_picture():
    assert activations(lambda rows: {"layer1.dense": rows @ np.ones((64, 3))}, np.ones(64), (8, 8), "x") is None
