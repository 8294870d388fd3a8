"""What the pictures of a sweep are drawn from, as one value.

Filled by `hpsearch.sweep` at the end of a sweep or from its records; what is not known stays empty, and `registry`
then leaves out the pictures that need it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.figures.models.activations import Inside
from hpsearch.figures.models.regions import Predict
from hpsearch.figures.trials.trial_curves import TrialCurve
from hpsearch.spec.space import Parameter

if TYPE_CHECKING:
    import pandas as pd

    from hpsearch.trial import Curve

PredictProba = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class FigureInputs:
    """A sweep, its trials, and its best trial's model, curve and test rows.

    Attributes
    ----------
    name, metric, maximize : of the spec
    space : the searched parameters by name
    trials : the table of `hpsearch.sweep.conclude.trials_table.trials_table`
    best : number of the best trial
    params : its settings, searched, fixed and default ones; ``learning_rate`` and ``l2`` are named in titles
    curve : its metrics, every epoch
    epoch : the epoch whose weights its model holds
    classes : labels in the order of their codes; empty for regression
    features : names of the raw columns
    image_shape : (height, width) where a row is an image
    predict : from ``(rows, features) float64`` raw rows to ``(rows,)`` labels or targets
    predict_proba : from raw rows to ``(rows, classes) float64``
    inside : from raw rows to what each of the model's layers puts out, by name
    X_test : (rows, features) raw test rows
    y_test, y_pred : (rows,) true and predicted labels or targets of the test rows
    arrays : the model's arrays by name
    gallery_of : name of the searched choice whose values `gallery` compares
    gallery : (value's label, predict) of one model a value, in the order of the choices
    X_gallery, y_gallery : raw validation rows and their labels, which these models are compared on: the test rows
        are the winner's alone
    importance : share of the values' differences by parameter, the largest first
    curves : of the metric, of the best trials and some pruned ones
    aims : by the name of each metric that is searched for, whether larger values are better
    front : numbers of the trials that no other beats in every aim
    """

    name: str
    metric: str
    maximize: bool
    space: Mapping[str, Parameter]
    trials: pd.DataFrame
    best: int | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    curve: Curve | None = None
    epoch: int | None = None
    classes: tuple[Any, ...] = ()
    features: tuple[str, ...] = ()
    image_shape: tuple[int, int] | None = None
    predict: Predict | None = None
    predict_proba: PredictProba | None = None
    inside: Inside | None = None
    X_test: NDArray[np.float64] | None = None
    y_test: NDArray[Any] | None = None
    y_pred: NDArray[Any] | None = None
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    gallery_of: str = ""
    gallery: Sequence[tuple[str, Predict]] = ()
    X_gallery: NDArray[np.float64] | None = None
    y_gallery: NDArray[Any] | None = None
    importance: Mapping[str, float] = field(default_factory=dict)
    curves: Sequence[TrialCurve] = ()
    aims: Mapping[str, bool] = field(default_factory=dict)
    front: Sequence[int] = ()

    def heading(self, title: str, *, trial: bool = True) -> str:
        """Return the picture's title: the sweep's name, what is shown and, unless not wanted, of which trial."""
        of_trial = f" of trial {self.best}" if trial and self.best is not None else ""
        return f"{self.name}: {title}{of_trial}"
