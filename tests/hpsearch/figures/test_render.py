import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from hpsearch.figures import draw
from hpsearch.figures.registry import PICTURES
from hpsearch.spec import Range
from hpsearch.trial import Curve

SEARCH = ["search_space", "best_so_far", "contour", "parallel_coordinates"]
STANDARD = ["learning_curves", "update_ratios", *SEARCH, "decision_boundary", "confusion"]


def images(sweep):
    """Return the sweep as if its rows were four-pixel images of two classes."""
    rng = np.random.default_rng(0)
    X, classes = rng.random((30, 4)), (0, 1)

    def predict_proba(rows):
        return np.column_stack([1 - rows[:, 0], rows[:, 0]])

    return replace(
        sweep,
        classes=classes,
        features=("p0", "p1", "p2", "p3"),
        image_shape=(2, 2),
        predict=lambda rows: predict_proba(rows).argmax(axis=1),
        predict_proba=predict_proba,
        X_test=X,
        y_test=rng.integers(0, 2, 30),
        y_pred=predict_proba(X).argmax(axis=1),
        arrays={"kernels": rng.normal(size=(4, 1, 2, 2))},
    )


def test_the_standard_sweep_gets_its_eight_pictures_as_png(sweep):
    rendered = draw(sweep)
    assert rendered.failed == {}
    assert list(rendered.pictures) == STANDARD
    assert all(content.startswith(b"\x89PNG") for content in rendered.pictures.values())


def test_images_get_kernels_occlusion_and_mistakes(sweep):
    rendered = draw(images(sweep))
    assert rendered.failed == {}
    assert {"first_layer_kernels", "occlusion_map", "misclassified"} <= set(rendered.pictures)
    assert "decision_boundary" not in rendered.pictures


def test_two_classes_get_truth_against_prediction_and_the_gallery(sweep):
    def predict(rows):
        return np.where(rows[:, 0] > 5, "east", "north")

    two = {"classes": ("north", "east"), "predict": predict, "y_pred": predict(sweep.X_test)}
    shown = {"gallery": [("1", predict), ("2", predict)], "gallery_of": "hidden"}
    rows = {"X_gallery": sweep.X_test, "y_gallery": two["y_pred"]}
    rendered = draw(replace(sweep, **two, **shown, **rows))
    assert rendered.failed == {}
    assert list(rendered.pictures) == [*STANDARD, "truth_against_prediction", "hidden_gallery"]


def test_a_regression_gets_curves_and_the_path_of_its_parameters(sweep):
    curve = Curve(("val_rmse", "val_r2", "parameter/x1", "parameter/x2"), np.random.default_rng(0).random((9, 4)))
    y = sweep.X_test[:, 0]
    rendered = draw(replace(sweep, curve=curve, classes=(), predict_proba=None, y_test=y, y_pred=y))
    assert rendered.failed == {}
    assert list(rendered.pictures) == ["learning_curves", *SEARCH, "parameter_path"]


def test_a_sweep_of_which_nothing_is_known_gets_no_picture_and_no_error(sweep):
    bare = type(sweep)(name="s", metric="", maximize=True, space={"a": Range(low=0, high=1)}, trials=sweep.trials[:0])
    rendered = draw(bare)
    assert (rendered.pictures, rendered.failed) == ({}, {})


def test_a_picture_that_fails_is_named_with_its_error_and_costs_no_other(sweep):
    def broken(rows):
        raise RuntimeError("the model is gone")

    rendered = draw(replace(sweep, predict=broken))
    assert rendered.failed == {"decision_boundary": "RuntimeError: the model is gone"}
    assert list(rendered.pictures) == [name for name in STANDARD if name != "decision_boundary"]


@pytest.mark.parametrize("field", ["curve", "predict", "X_test", "y_test", "y_pred", "predict_proba", "image_shape"])
def test_whatever_is_missing_costs_only_the_pictures_that_need_it(sweep, field):
    for whole in (sweep, images(sweep)):
        for picture in PICTURES.values():
            picture(replace(whole, **{field: None}))


def test_no_test_rows_are_no_error(sweep):
    for whole in (sweep, images(sweep)):
        empty = {"X_test": whole.X_test[:0], "y_test": whole.y_test[:0], "y_pred": whole.y_pred[:0]}
        for picture in PICTURES.values():
            picture(replace(whole, **empty))


@pytest.mark.slow
def test_several_threads_draw_at_once(sweep):
    with ThreadPoolExecutor(3) as pool:
        albums = list(pool.map(draw, [sweep] * 3))
    assert [list(rendered.pictures) for rendered in albums] == [STANDARD] * 3
    assert [rendered.failed for rendered in albums] == [{}] * 3


def test_drawing_the_standard_sweep_is_quick(sweep):
    started = time.perf_counter()
    draw(sweep)
    assert time.perf_counter() - started < 10  # about 1 s on an idle machine; wide, for a busy one


def test_every_picture_is_named_like_its_module():
    modules = {name.rpartition(".")[2] for name in sys.modules if name.startswith("hpsearch.figures.")}
    assert set(PICTURES) - {"front"} <= modules  # "front" is what its file has always been called: pareto_front
