"""Every picture of a sweep by name, and what each needs of the figure_inputs to apply.

A new picture is a file of its own and one entry here. `rendered` draws them all; each entry returns None where its
picture does not apply.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.figures.curves.learning_curves import learning_curves
from hpsearch.figures.curves.parameter_path import parameter_path
from hpsearch.figures.curves.update_ratios import update_ratios
from hpsearch.figures.inputs import FigureInputs
from hpsearch.figures.labels import codes, text
from hpsearch.figures.models.activations import activations
from hpsearch.figures.models.confusion import confusion
from hpsearch.figures.models.decision_boundary import decision_boundary
from hpsearch.figures.models.first_layer_kernels import first_layer_kernels
from hpsearch.figures.models.hidden_gallery import hidden_gallery
from hpsearch.figures.models.misclassified import misclassified
from hpsearch.figures.models.occlusion_map import occlusion_map
from hpsearch.figures.models.truth_against_prediction import truth_against_prediction
from hpsearch.figures.trials.best_so_far import best_so_far
from hpsearch.figures.trials.contour import contour
from hpsearch.figures.trials.importance import importance
from hpsearch.figures.trials.parallel_coordinates import parallel_coordinates
from hpsearch.figures.trials.pareto_front import front
from hpsearch.figures.trials.pruning import pruning
from hpsearch.figures.trials.search_space import search_space
from hpsearch.figures.trials.timeline import timeline
from hpsearch.figures.trials.trial_curves import trial_curves

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Picture = Callable[[FigureInputs], "Figure | None"]


def _learning_curves(sweep: FigureInputs) -> Figure | None:
    if sweep.curve is None:
        return None
    rate, l2 = _number(sweep.params, "learning_rate"), _number(sweep.params, "l2")
    return learning_curves(sweep.curve, rate, l2, epoch=sweep.epoch, title=sweep.heading("learning curves"))


def _update_ratios(sweep: FigureInputs) -> Figure | None:
    if sweep.curve is None:
        return None
    rate, l2 = _number(sweep.params, "learning_rate"), _number(sweep.params, "l2")
    return update_ratios(sweep.curve, sweep.heading("update ratios"), learning_rate=rate, l2=l2)


def _search_space(sweep: FigureInputs) -> Figure | None:
    title = sweep.heading("search space", trial=False)
    return search_space(sweep.trials, sweep.metric, sweep.space, maximize=sweep.maximize, title=title)


def _best_so_far(sweep: FigureInputs) -> Figure | None:
    title = sweep.heading("best value so far", trial=False)
    return best_so_far(sweep.trials, sweep.metric, sweep.maximize, title=title)


def _trial_curves(sweep: FigureInputs) -> Figure | None:
    title = sweep.heading("curves of the best trials", trial=False)
    return trial_curves(sweep.curves, sweep.metric, best=sweep.best, title=title)


def _front(sweep: FigureInputs) -> Figure | None:
    title = sweep.heading("front of the aims", trial=False)
    return front(sweep.trials, sweep.aims, sweep.front, sweep.best, title=title)


def _importance(sweep: FigureInputs) -> Figure | None:
    title = sweep.heading("importance of the parameters", trial=False)
    return importance(sweep.importance, sweep.metric, title=title)


def _contour(sweep: FigureInputs) -> Figure | None:
    title, ranking = sweep.heading("contour", trial=False), tuple(sweep.importance)
    return contour(sweep.trials, sweep.metric, sweep.space, ranking=ranking, maximize=sweep.maximize, title=title)


def _parallel_coordinates(sweep: FigureInputs) -> Figure | None:
    title, ranking = sweep.heading("parallel coordinates", trial=False), tuple(sweep.importance)
    return parallel_coordinates(
        sweep.trials, sweep.metric, sweep.space, ranking=ranking, maximize=sweep.maximize, title=title
    )


def _timeline(sweep: FigureInputs) -> Figure | None:
    return timeline(sweep.trials, sweep.best, title=sweep.heading("timeline", trial=False))


def _pruning(sweep: FigureInputs) -> Figure | None:
    return pruning(sweep.trials, title=sweep.heading("pruning", trial=False))


def _decision_boundary(sweep: FigureInputs) -> Figure | None:
    X, y, predict = sweep.X_test, sweep.y_test, sweep.predict
    if X is None or y is None or predict is None or len(sweep.features) != 2 or not sweep.classes or not len(X):
        return None
    title = sweep.heading("decision boundary")
    return decision_boundary(predict, X, y, sweep.classes, sweep.features, title=title)


def _confusion(sweep: FigureInputs) -> Figure | None:
    if sweep.y_test is None or sweep.y_pred is None or not sweep.classes:
        return None
    return confusion(sweep.y_test, sweep.y_pred, sweep.classes, title=sweep.heading("confusion matrix"))


def _truth_against_prediction(sweep: FigureInputs) -> Figure | None:
    X, y, predicted = sweep.X_test, sweep.y_test, sweep.y_pred
    if X is None or y is None or predicted is None or len(sweep.classes) != 2 or len(sweep.features) != 2:
        return None
    title = sweep.heading("truth against prediction")
    return truth_against_prediction(
        X, y, predicted, sweep.classes, sweep.features, predict=sweep.predict if len(X) else None, title=title
    )


def _parameter_path(sweep: FigureInputs) -> Figure | None:
    return None if sweep.curve is None else parameter_path(sweep.curve, title=sweep.heading("path of the parameters"))


def _hidden_gallery(sweep: FigureInputs) -> Figure | None:
    X, y = sweep.X_gallery, sweep.y_gallery
    if X is None or y is None or len(sweep.features) != 2 or not sweep.classes or not len(X):
        return None
    title = sweep.heading("decision boundary of each choice", trial=False)
    choice = sweep.gallery_of
    return hidden_gallery(sweep.gallery, X, y, sweep.classes, sweep.features, choice=choice, title=title)


def _first_layer_kernels(sweep: FigureInputs) -> Figure | None:
    return first_layer_kernels(sweep.arrays, title=sweep.heading("kernels of the first layer"))


def _occlusion_map(sweep: FigureInputs) -> Figure | None:
    ask, example = sweep.predict_proba, _image(sweep)
    if ask is None or example is None or sweep.image_shape is None:
        return None
    image, code = example
    label, title = text(sweep.classes[code]), sweep.heading("occlusion sensitivity")
    return occlusion_map(ask, image, sweep.image_shape, label, code=code, title=title)


def _activations(sweep: FigureInputs) -> Figure | None:
    example = _image(sweep)
    if sweep.inside is None or example is None or sweep.image_shape is None:
        return None
    image, code = example
    title = sweep.heading("inside the network")
    return activations(sweep.inside, image, sweep.image_shape, text(sweep.classes[code]), title=title)


def _image(sweep: FigureInputs) -> tuple[NDArray[np.float64], int] | None:
    """Return one test image and its class: the first that is classified rightly, else the first of all."""
    X, y = sweep.X_test, sweep.y_test
    if X is None or y is None or not len(X) or not sweep.classes or sweep.image_shape is None:
        return None
    true = codes(y, sweep.classes)
    right = true == (true if sweep.y_pred is None else codes(sweep.y_pred, sweep.classes))
    row = int(np.argmax(right))
    return X[row], int(true[row])


def _misclassified(sweep: FigureInputs) -> Figure | None:
    X, y, predicted, ask = sweep.X_test, sweep.y_test, sweep.y_pred, sweep.predict_proba
    if X is None or y is None or predicted is None or ask is None or sweep.image_shape is None or not len(X):
        return None
    # Only the wrong ones are asked for again: a large test set of images takes a network a while.
    wrong = codes(y, sweep.classes) != codes(predicted, sweep.classes)
    probabilities = np.zeros((len(X), len(sweep.classes)))
    if wrong.any():
        probabilities[wrong] = ask(X[wrong])
    title = sweep.heading("wrongly classified images")
    return misclassified(X, sweep.image_shape, y, predicted, probabilities, classes=sweep.classes, title=title)


def _number(params: Mapping[str, Any], name: str) -> float | None:
    value = params.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


PICTURES: dict[str, Picture] = {
    "learning_curves": _learning_curves,
    "update_ratios": _update_ratios,
    "search_space": _search_space,
    "best_so_far": _best_so_far,
    "trial_curves": _trial_curves,
    "front": _front,
    "importance": _importance,
    "contour": _contour,
    "parallel_coordinates": _parallel_coordinates,
    "timeline": _timeline,
    "pruning": _pruning,
    "decision_boundary": _decision_boundary,
    "confusion": _confusion,
    "truth_against_prediction": _truth_against_prediction,
    "parameter_path": _parameter_path,
    "hidden_gallery": _hidden_gallery,
    "first_layer_kernels": _first_layer_kernels,
    "occlusion_map": _occlusion_map,
    "activations": _activations,
    "misclassified": _misclassified,
}
