"""One worker and one trainer: chunks, divergence, what a trainer may do wrong and how it is told."""

from __future__ import annotations

import numpy as np
import pytest

from hpsearch.training.messages import Assignment, Pull
from hpsearch.training.worker import Worker
from hpsearch.trial import Curve, Suggestion

X = np.random.default_rng(0).normal(size=(12, 2))
Y = np.repeat(np.arange(3), 4)
ALL = Pull(None, 60.0)


def worker(trainer, metric="val_accuracy", maximize=True):
    return Worker(Assignment(f"sample_trainers:{trainer}", X, Y, X, Y, 3, metric, maximize))


def suggestion(number=0, **settings):
    return Suggestion(number, {}, settings, seed=1)


def run(trainer, pull=ALL, **settings):
    return worker(trainer).run(suggestion(**settings), pull)


def test_a_trial_is_pulled_to_its_end_and_brings_its_curve_value_and_model():
    chunk = run("Quadratic", x=0.3, epochs=4)
    assert chunk.finished and chunk.failure is None
    assert chunk.curve.names == ("train_loss", "val_loss", "val_accuracy")
    np.testing.assert_allclose(chunk.curve.values[:, 1], [1, 1 / 2, 1 / 3, 1 / 4])
    assert (chunk.value, chunk.epoch, chunk.model.epoch) == (pytest.approx(0.8), 4, 4)
    assert chunk.model.arrays["means"].shape == (3, 2)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # it fights the collector, too
def test_a_trainer_that_fights_its_end_does_not_spoil_the_next_trial():
    busy = worker("Stubborn")
    busy.run(suggestion(), Pull(2, 60.0))
    chunk = busy.run(suggestion(1, stubborn=False), ALL)
    assert chunk.failure is None
    assert (chunk.number, chunk.curve.epochs) == (1, 5)


def test_pieces_put_together_are_the_curve_of_one_pull():
    busy = worker("Quadratic")
    pieces = [busy.run(suggestion(epochs=7), Pull(2, 60.0))]
    pieces += [busy.pull(Pull(until, 60.0)) for until in (3, 6, None)]
    assert [piece.curve.epochs for piece in pieces] == [2, 1, 3, 1]
    assert [piece.finished for piece in pieces] == [False, False, False, True]
    whole = run("Quadratic", epochs=7)
    np.testing.assert_array_equal(Curve.join([piece.curve for piece in pieces]).values, whole.curve.values)
    assert pieces[-1].value == whole.value


def test_a_pull_ends_when_its_time_is_up():
    chunk = run("Slow", Pull(None, 0.2), pause=0.05, epochs=100)
    assert not chunk.finished and 2 <= chunk.curve.epochs <= 6 and chunk.seconds < 1


def test_a_model_comes_along_only_if_it_is_as_good_as_the_best_so_far():
    better, worse = Pull(None, 60.0, best=0.1), Pull(None, 60.0, best=0.99)
    assert run("Quadratic", better).model is not None
    assert run("Quadratic", worse).model is None
    equal = run("Quadratic").value
    assert run("Quadratic", Pull(None, 60.0, best=equal)).model is not None
    minimizing = worker("Quadratic", metric="val_loss", maximize=False)
    assert minimizing.run(suggestion(), Pull(None, 60.0, best=0.01)).model is None
    assert minimizing.run(suggestion(), Pull(None, 60.0, best=9.0)).model is not None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), 1e308 * 10])
def test_a_value_that_is_not_finite_ends_the_trial_at_its_epoch(value):
    chunk = run("Diverging", value=value, epochs=6)
    assert chunk.finished and chunk.value is None and chunk.model is None
    assert (chunk.failure.kind, chunk.failure.epoch) == ("diverged", 3)
    assert chunk.failure.reason == "diverged at epoch 3: val_loss is not finite"
    assert chunk.curve.epochs == 2 and np.isfinite(chunk.curve.values).all()


def test_a_divergence_in_a_later_chunk_is_counted_from_the_beginning():
    busy = worker("Diverging")
    assert not busy.run(suggestion(epochs=6), Pull(2, 60.0)).finished
    chunk = busy.pull(ALL)
    assert chunk.failure.reason == "diverged at epoch 3: val_loss is not finite" and chunk.curve.epochs == 0


def test_a_divergence_before_an_exception_is_the_reason():
    chunk = run("Overflowing")
    assert chunk.failure.kind == "diverged" and chunk.failure.epoch == 2 and chunk.curve.epochs == 1


def test_an_exception_of_the_trainer_fails_its_trial_and_keeps_the_traceback():
    chunk = run("Raising")
    assert chunk.finished and chunk.failure.kind == "error" and chunk.curve.epochs == 1
    assert chunk.failure.reason == "RuntimeError: the moon is in the wrong phase"
    assert "sample_trainers.py" in chunk.failure.detail


def test_a_worker_serves_the_next_trial_after_every_kind_of_end():
    busy = worker("Mixed")
    assert busy.run(suggestion(0, x=0.95), ALL).failure.kind == "error"
    assert busy.run(suggestion(1, x=0.75), ALL).failure.kind == "diverged"
    assert not busy.run(suggestion(2, x=0.1), Pull(2, 60.0)).finished
    chunk = busy.run(suggestion(3, x=0.1), ALL)
    assert chunk.number == 3 and chunk.value is not None and chunk.curve.epochs == 5


def test_beginning_a_trial_closes_the_generator_of_the_one_before():
    busy = worker("Quadratic")
    busy.run(suggestion(epochs=9), Pull(2, 60.0))
    before = busy._epochs
    busy.begin(suggestion(1))
    assert before.gi_frame is None


@pytest.mark.parametrize(
    ("trainer", "settings", "said"),
    [
        ("WrongMetrics", {}, "search.metric: 'val_accuracy' is not among the metrics: accuracy_of_validation"),
        ("Yields", {"what": "text"}, "each epoch must yield a mapping of metrics, got 'val_accuracy: 0.5'"),
        ("Yields", {"what": "none"}, "each epoch must yield a mapping of metrics, got None"),
        ("Yields", {"what": "list"}, "each epoch must yield a mapping of metrics, got [0.1, 0.2]"),
        ("Yields", {"what": "word"}, "each metric must be a number, got {'val_loss': 'high'} after epoch 2"),
        ("Yields", {"what": "fewer"}, "every epoch must yield the same metrics, ['train_loss', 'val_loss'] changed"),
        ("Silent", {}, "the trainer yielded no epoch"),
        ("NotAGenerator", {}, "train must be a generator that yields metrics, got list"),
        ("EarlyStopping", {"best_epoch": 9}, "the model's epoch must lie between 1 and 5, got 9"),
        ("EarlyStopping", {"best_epoch": -1}, "the model's epoch must lie between 1 and 5, got -1"),
        ("NoModel", {}, "the trainer must return a model with a method state(), got None"),
        ("Names", {"name": 5}, "a metric's name"),
        ("Names", {"name": "loss (train)?"}, "a metric's name"),
        ("Names", {"name": "../../loss"}, "a metric's name"),
        ("Names", {"name": "epoch"}, "a metric's name"),
        ("Names", {"name": "value"}, "a metric's name"),
        ("Names", {"name": ""}, "a metric's name"),
        ("Names", {"name": "x" * 300}, "a metric's name"),
    ],
)
def test_a_trainer_that_breaks_the_protocol_is_told_which_rule(trainer, settings, said):
    chunk = run(trainer, **settings)
    assert chunk.finished and chunk.failure.kind == "error"
    assert said in chunk.failure.reason and "\n" not in chunk.failure.reason


@pytest.mark.parametrize("name", ["update_ratio/dense-1/weights", "F1 score", "a.b", "top_5"])
def test_a_metric_may_have_any_name_that_mlflow_takes(name):
    assert name in run("Names", name=name).curve.names


def test_metrics_in_another_order_are_the_same_metrics():
    chunk = run("Yields", what="reordered")
    assert chunk.failure is None and chunk.curve.at("val_loss", 2) == pytest.approx(0.04 + 0.5)


def test_the_value_is_read_at_the_epoch_that_the_model_names():
    chunk = run("EarlyStopping", x=0.3, epochs=5, best_epoch=2)
    assert (chunk.epoch, chunk.model.epoch, chunk.curve.epochs) == (2, 2, 5)
    assert chunk.value == pytest.approx(1 / 1.5)


def test_an_unknown_setting_fails_the_trial_with_the_choices():
    chunk = run("Quadratic", widht=3)
    assert chunk.failure.reason.startswith("settings: sample_trainers:Quadratic has no setting 'widht'")


def test_a_trainer_beside_the_spec_is_found_by_the_search_path(tmp_path):
    source = "import sample_trainers\n\nclass Mine(sample_trainers.Quadratic):\n    pass\n"
    (tmp_path / "trainer_beside_the_spec.py").write_text(source)
    given = Assignment("trainer_beside_the_spec:Mine", X, Y, X, Y, 3, "val_accuracy", True, str(tmp_path))
    assert Worker(given).run(suggestion(), ALL).value is not None
