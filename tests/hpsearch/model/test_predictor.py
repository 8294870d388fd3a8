"""Predictions come from raw rows, in the labels of the data, whatever the order of the columns."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hpsearch.data.prepare import held_out, prepare
from hpsearch.errors import DataError, ModelFolderError, TrainerError
from hpsearch.model.predictor import Predictor
from hpsearch.spec.model import DataSpec
from trainers import TRAINERS
from trainers.model import NetworkModel

IRIS = DataSpec(dataset="iris")
X = held_out(IRIS, Path(), prepare(IRIS, Path()).fingerprint).X


@pytest.fixture
def predictor(bundle, resolve) -> Predictor:
    return Predictor.from_bundle(bundle, resolve)


def frame_of(predictor: Predictor) -> pd.DataFrame:
    return pd.DataFrame(X, columns=list(predictor.features))


def test_raw_rows_are_transformed_and_predicted_as_labels(predictor, bundle):
    probabilities = predictor.model.predict_proba(bundle.transform.apply(X))
    assert np.array_equal(predictor.predict_proba(X), probabilities)
    assert predictor.predict(X).tolist() == [bundle.classes[code] for code in probabilities.argmax(axis=1)]
    assert probabilities.shape == (len(X), 3) and probabilities.dtype == np.float64


@pytest.mark.parametrize("classes", [(1, 2, 3), (0.5, 1.5, 2.5), ("a", "b", "c")])
def test_labels_have_the_type_they_had(bundle, resolve, classes):
    predicted = Predictor.from_bundle(replace(bundle, classes=classes), resolve).predict(X)
    assert set(predicted.tolist()) <= set(classes) and type(predicted.tolist()[0]) is type(classes[0])


def test_a_data_frame_in_another_order_and_with_more_columns_predicts_the_same(predictor):
    frame = frame_of(predictor)
    expected = predictor.predict_proba(X).tobytes()
    assert predictor.predict_proba(frame).tobytes() == expected
    assert predictor.predict_proba(frame[frame.columns[::-1]].assign(comment="text")).tobytes() == expected


def test_a_rows_prediction_does_not_depend_on_its_neighbours(predictor):
    alone = np.vstack([predictor.predict_proba(X[i : i + 1]) for i in range(len(X))])
    assert np.allclose(alone, predictor.predict_proba(X), rtol=0, atol=1e-12)


def test_no_rows_give_no_predictions(predictor):
    assert predictor.predict(X[:0]).shape == (0,)
    assert predictor.predict_proba(X[:0]).shape == (0, 3)


def test_a_regression_predicts_numbers_and_has_no_probabilities(regression, resolve):
    predictor = Predictor.from_bundle(regression, resolve)
    assert predictor.predict(np.ones((4, 2))).dtype == np.float64 and predictor.task == "regression"
    with pytest.raises(DataError, match="probabilities need classes"):
        predictor.predict_proba(np.ones((4, 2)))


def test_images_need_not_be_flattened(bundle, resolve):
    predictor = Predictor.from_bundle(replace(bundle, image_shape=(2, 2)), resolve)
    assert np.array_equal(predictor.predict(X.reshape(-1, 2, 2)), predictor.predict(X))


def test_missing_columns_are_listed(predictor):
    frame = frame_of(predictor).rename(columns={"petal width (cm)": "petal_width (cm)"})
    with pytest.raises(
        DataError, match=r"missing 'petal width \(cm\)' \(did you mean 'petal_width \(cm\)'\?\); got: sep"
    ):
        predictor.predict(frame)


@pytest.mark.parametrize(
    ("value", "message"),
    [("tall", "got 'tall' in column 'sepal width"), (np.nan, "got nan.* in column 'sepal width")],
)
def test_a_cell_that_is_no_number_is_named(predictor, value, message):
    frame = frame_of(predictor).astype(object)
    frame.iloc[4, 1] = value
    with pytest.raises(DataError, match=rf"predict: features must be finite numbers, {message} \(cm\)', row 5"):
        predictor.predict(frame)


@pytest.mark.parametrize("rows", [X[:, :3], X[0], X[:, :, None], {"a": [1]}, 3.0, "text"])
def test_rows_of_another_shape_are_refused(predictor, rows):
    with pytest.raises(DataError, match="predict: rows must"):
        predictor.predict(rows)


def test_a_column_that_is_there_twice_is_refused(predictor):
    frame = frame_of(predictor)
    with pytest.raises(DataError, match="column names must be unique, got 'sepal length"):
        predictor.predict(pd.concat([frame, frame.iloc[:, :1]], axis=1))


def test_a_state_that_the_trainer_refuses_is_a_damaged_model(bundle, resolve):
    with pytest.raises(ModelFolderError, match=r"trainer 'softmax_trainer:Softmax' cannot restore it \(ValueError"):
        Predictor.from_bundle(replace(bundle, config={"units": [9, 9]}), resolve)
    with pytest.raises(ModelFolderError, match="KeyError"):
        Predictor.from_bundle(replace(bundle, arrays={}), resolve)


def test_something_that_is_no_trainer_is_not_called(bundle):
    with pytest.raises(ModelFolderError, match="must have a method restore"):
        Predictor.from_bundle(bundle, lambda name: print)


@pytest.mark.parametrize("answer", [np.full(len(X), 7), np.full(len(X), -1), np.full(len(X), 0.0), np.zeros(1, int)])
def test_a_model_that_answers_with_other_than_codes_is_the_trainers_error(predictor, answer):
    predictor.model.predict = lambda rows: answer
    with pytest.raises(TrainerError, match="predict must return"):
        predictor.predict(X)


def test_importing_the_model_package_imports_neither_mlflow_nor_pandas():
    code = "import sys, hpsearch.model.loader; sys.exit(bool({'mlflow', 'pandas', 'sklearn'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("method", ["predict", "predict_proba", "inside"])
def test_threads_get_the_answers_that_one_thread_gets(method, bundle):
    trainer = TRAINERS["mlp"](hidden=[100, 100])
    config, arrays = NetworkModel(trainer.network(4, 3), trainer.loss(3), classes=3, epoch=1).state()
    predictor = Predictor.from_bundle(replace(bundle, trainer="mlp", config=config, arrays=arrays))
    rows = [np.random.default_rng(seed).normal(4, 3, (2000, 4)) for seed in range(4)]

    def answer(raw):
        answers = getattr(predictor, method)(raw)
        return answers["layer2.relu"] if method == "inside" else answers

    alone = [answer(raw) for raw in rows]
    with ThreadPoolExecutor(len(rows)) as pool:
        for calls in range(20):
            for right, together in zip(alone, pool.map(answer, rows), strict=True):
                np.testing.assert_array_equal(together, right, err_msg=f"call {calls}")
