import numpy as np

from hpsearch.figures import style
from hpsearch.figures.models.first_layer_kernels import first_layer_kernels


def kernels_drawn(figure):
    return [np.asarray(ax.images[0].get_array()) for ax in figure.axes if ax.images]


def test_each_kernel_of_the_first_convolution_is_drawn_on_one_scale():
    rng = np.random.default_rng(0)
    arrays = {"layer10.kernels": rng.normal(size=(4, 8, 3, 3)), "layer2.kernels": rng.normal(size=(8, 1, 5, 5))}
    figure = first_layer_kernels(arrays | {"layer1.weights": rng.normal(size=(3, 3))})
    drawn = kernels_drawn(figure)
    np.testing.assert_array_equal(drawn, arrays["layer2.kernels"][:, 0])
    assert len({ax.images[0].get_clim() for ax in figure.axes if ax.images}) == 1


def test_of_several_channels_the_mean_is_drawn():
    kernels = np.random.default_rng(0).normal(size=(2, 3, 3, 3))
    np.testing.assert_allclose(kernels_drawn(first_layer_kernels({"k": kernels})), kernels.mean(axis=1))


def test_at_most_sixty_four_kernels_are_drawn():
    assert len(kernels_drawn(first_layer_kernels({"k": np.ones((100, 1, 3, 3))}))) == 64


def test_kernels_of_zeros_are_no_error_and_no_convolution_gives_no_picture():
    assert style.png(first_layer_kernels({"k": np.zeros((2, 1, 3, 3))})).startswith(b"\x89PNG")
    assert first_layer_kernels({"weights": np.ones((2, 3))}) is None
