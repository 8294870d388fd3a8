from __future__ import annotations

import numpy as np
from sample_evidence import curve, evidence, trial

from hpsearch.diagnosis.fit import overfitting, underfitting

EPOCHS = np.arange(1, 101)


def look(**columns):
    more = {name: columns.pop(name) for name in ("baseline", "largest_class") if name in columns}
    epochs = len(next(iter(columns.values())))
    best = trial(0, 0.1)
    shown = curve(**columns)
    return evidence([best], curve=shown, best=best.__class__(**{**best.__dict__, "epoch": epochs}), **more)


def flat(value):
    return np.full(100, value)


def test_a_gap_beyond_chance_is_overfitting():
    (told,) = overfitting(look(train_accuracy=flat(0.99), val_accuracy=flat(0.8)))
    assert told.startswith("the winner overfits: accuracy 0.990 on training rows, 0.800 on validation rows; more rows")


def test_a_gap_that_chance_explains_is_none():
    assert overfitting(look(train_accuracy=flat(0.85), val_accuracy=flat(0.8))) == []


def test_it_says_since_when_the_validation_loss_rises():
    rising = np.concatenate([np.linspace(1, 0.5, 40), np.linspace(0.5, 0.9, 60)])
    (told,) = overfitting(look(train_accuracy=flat(0.9), val_accuracy=flat(0.8), val_loss=rising))
    assert "whose loss was lowest at epoch 40 (0.5) and rose to 0.9" in told


def test_regression_is_judged_by_its_errors():
    (told,) = overfitting(look(train_rmse=flat(1.0), val_rmse=flat(2.0)))
    assert "rmse 1 on training rows, 2 on validation rows" in told
    assert overfitting(look(train_rmse=flat(1.0), val_rmse=flat(1.1))) == []


def test_guessing_the_most_frequent_class_is_underfitting():
    (told,) = underfitting(look(train_accuracy=flat(0.26), val_accuracy=flat(0.24), largest_class=0.25))
    assert told.startswith("the winner underfits: accuracy 0.260") and "most frequent class" in told


def test_less_than_a_linear_model_is_underfitting():
    (told,) = underfitting(look(train_accuracy=flat(0.7), val_accuracy=flat(0.68), baseline=0.88))
    assert "less than a linear model reaches (0.880)" in told


def test_a_regression_that_explains_nothing_is_underfitting():
    assert "explains 2% of the validation variance" in underfitting(look(val_r2=flat(0.02)))[0]


def test_a_loss_that_still_falls_asks_for_more_epochs():
    (told,) = underfitting(look(train_loss=np.linspace(1, 0.2, 100), train_accuracy=flat(0.8), val_accuracy=flat(0.8)))
    assert told.startswith("the winner was still learning when it stopped: 10% of its training loss's decline")


def test_a_good_fit_has_no_sentence():
    good = look(train_loss=np.exp(-EPOCHS / 5.0), train_accuracy=flat(0.92), val_accuracy=flat(0.9), baseline=0.6)
    assert overfitting(good) == underfitting(good) == []


def test_a_loss_that_wavers_where_it_settled_does_not():
    loss = np.full(100, 0.5)
    loss[0], loss[-11], loss[-1] = 0.52, 0.505, 0.495
    assert underfitting(look(train_loss=loss, train_accuracy=flat(0.8), val_accuracy=flat(0.8))) == []
