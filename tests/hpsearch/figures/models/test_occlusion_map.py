import numpy as np
import pytest

from hpsearch.figures import style
from hpsearch.figures.models.occlusion_map import occluded, occlusion_map

SHAPE = (10, 12)
IMAGE = np.zeros(SHAPE)
IMAGE[2, 3] = 1.0


def looks_at_one_pixel(rows):
    bright = rows.reshape(-1, *SHAPE)[:, 2, 3]
    return np.column_stack([1 - bright, bright])


def test_the_probability_falls_exactly_where_the_cover_hides_what_the_model_needs():
    probability = occluded(looks_at_one_pixel, IMAGE.ravel(), SHAPE, 1)
    assert probability.shape == SHAPE
    hidden = np.zeros(SHAPE, dtype=bool)
    hidden[1:4, 2:5] = True  # a cover of three by three around each place
    np.testing.assert_allclose(probability, np.where(hidden, IMAGE.mean(), 1.0))


def test_the_picture_shows_the_image_and_the_fall():
    figure = occlusion_map(looks_at_one_pixel, IMAGE.ravel(), SHAPE, "dot", code=1)
    image, fall = (ax.images[0].get_array() for ax in figure.axes[:2])
    np.testing.assert_array_equal(image, IMAGE)
    assert fall[2, 3] == pytest.approx(1 - IMAGE.mean())
    assert fall[9, 9] == pytest.approx(0)
    assert "class dot, probability 1.000" in figure.texts[-1].get_text()


def test_large_images_are_covered_at_a_bounded_number_of_places():
    def dull(rows):
        assert len(rows) <= 1024
        return np.full((len(rows), 2), 0.5)

    assert occluded(dull, np.zeros(100 * 60), (100, 60), 0).shape == (32, 32)


def test_a_uniform_image_is_no_error():
    figure = occlusion_map(lambda rows: np.full((len(rows), 2), 0.5), np.zeros(16), (4, 4), 0, code=0)
    assert style.png(figure).startswith(b"\x89PNG")
