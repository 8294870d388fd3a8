"""What only training tells is found out before a sweep begins, for our own trainers; others are not run."""

from __future__ import annotations

import pytest
from sample_specs import loaded

from hpsearch.errors import SpecError
from hpsearch.sweep.prepare import prepare_sweep

MOONS, PLANE, DIGITS = ({"dataset": name} for name in ("moons", "plane", "digits"))
RATE = {"learning_rate": {"low": 1e-3, "high": 1e-1, "log": True}}


def ready(trainer, data, space=RATE, metric=None, **settings):
    search = {"trials": 3, "sampler": "random", **({"metric": metric} if metric else {})}
    return prepare_sweep(loaded(trainer=trainer, data=data, space=space, settings=settings, search=search))


@pytest.mark.parametrize(
    ("trainer", "data", "more", "said"),
    [
        ("linear", MOONS, {}, "settings: linear cannot train on these data: "),
        ("logistic", PLANE, {}, "settings: logistic cannot train on these data: "),
        ("mlp", {"dataset": "iris"}, {"output": "sigmoid"}, "settings: mlp cannot train on these data: output"),
        ("mlp", MOONS, {"class_weights": [1.0, 2.0, 3.0]}, "settings: mlp cannot train on these data: class_weights"),
        ("mlp", PLANE, {"monitor": "val_accuracy", "patience": 5}, "settings: mlp cannot train on these data: monitor"),
        ("cnn", {"dataset": "wine"}, {}, "settings: cnn cannot train on these data: image_shape: 13 features"),
        ("cnn", DIGITS, {"kernels": [2, 2, 2, 2]}, "settings: cnn cannot train on these data: max_pooling"),
        ("mlp", MOONS, {"metric": "val_acuracy"}, "search.metric: unknown metric of mlp 'val_acuracy' (did you mean"),
        ("mlp", MOONS, {"metric": "parameters"}, "search.metric: unknown metric of mlp 'parameters'"),
        ("mlp", PLANE, {"metric": "val_accuracy"}, "search.metric: unknown metric of mlp 'val_accuracy'"),
    ],
)
def test_what_cannot_be_trained_is_refused_with_its_place(trainer, data, more, said):
    with pytest.raises(SpecError) as caught:
        ready(trainer, data, **more)
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


def test_an_end_of_the_space_that_cannot_be_trained_is_named():
    space = {"kernels": {"choices": [[4], [4, 4, 4, 4]]}}
    with pytest.raises(SpecError, match=r"^space\.kernels: cnn cannot train on these data: max_pooling"):
        ready("cnn", DIGITS, space)


def test_a_trainer_of_somebody_else_is_not_run():
    prepare_sweep(loaded(trainer="sample_trainers:Raising"))
