from __future__ import annotations

import numpy as np
import pytest
from sample_evidence import curve

from hpsearch.diagnosis.curve_stats import curve_stats, falling
from hpsearch.trial import Curve


def test_the_ratio_is_the_median_over_layers_and_epochs_of_weights_only():
    found = curve_stats(
        curve(
            **{
                "update_ratio/layer1/weights": [0.1, 0.2, 0.3],
                "update_ratio/layer2/weights": [0.4, 0.5, 0.6],
                "update_ratio/layer1/biases": [9, 9, 9],
            }
        )
    )
    assert found == {"ratio": pytest.approx(0.35)}


def test_an_even_decline_has_a_tenth_of_itself_in_the_last_tenth():
    assert falling(curve(train_loss=np.linspace(1, 0, 101))) == pytest.approx(0.1)


def test_a_loss_that_settled_has_nothing_left():
    assert falling(curve(train_loss=np.exp(-np.arange(100.0)))) == pytest.approx(0, abs=1e-9)


def test_a_loss_that_rose_and_a_short_curve_say_nothing():
    assert falling(curve(train_loss=np.linspace(0, 1, 100))) is None
    assert falling(curve(train_loss=[1.0, 0.5])) is None


def test_dead_units_are_those_after_the_last_epoch():
    assert curve_stats(curve(**{"dead_units/layer1": [0.0, 0.25]})) == {"dead_units/layer1": 0.25}


def test_a_trainer_that_reports_none_of_it_has_no_signs():
    assert curve_stats(curve(val_accuracy=[0.5, 0.6])) == {}
    assert curve_stats(Curve()) == {}
