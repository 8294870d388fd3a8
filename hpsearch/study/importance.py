"""Which parameters matter: each one's share of the differences between a sweep's values.

Needs no storage, the trials alone; `sweep` and `report` draw the shares.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import optuna

from hpsearch.spec import Parameter
from hpsearch.spec.values import encoded
from hpsearch.study.engine import distribution
from hpsearch.trial import State, TrialRecord

_FEWEST, _MOST, _TREES = 4, 200, 32


def importances(space: Mapping[str, Parameter], trials: Iterable[TrialRecord], maximize: bool) -> dict[str, float]:
    """Return each parameter's share of the differences between values, the largest first; empty for too few trials.

    Optuna's fANOVA (Hutter, Hoos, Leyton-Brown, ICML 2014), over the parameters that every complete trial has; of
    many trials over 200, evenly spaced, because its cost grows with their square.
    """
    complete = [record for record in trials if record.state is State.COMPLETE and record.value is not None]
    if len(complete) < _FEWEST:
        return {}
    distributions = {name: distribution(parameter) for name, parameter in space.items()}
    study = optuna.create_study(direction="maximize" if maximize else "minimize")
    evaluator = optuna.importance.FanovaImportanceEvaluator(n_trees=_TREES, seed=0)
    try:
        for place in sorted({int(place) for place in np.linspace(0, len(complete) - 1, _MOST)}):
            params = {name: encoded(value) for name, value in complete[place].params.items() if name in space}
            theirs = {name: distributions[name] for name in params}
            study.add_trial(optuna.create_trial(params=params, distributions=theirs, value=complete[place].value))
        shares = optuna.importance.get_param_importances(study, evaluator=evaluator)
        return {name: float(share) for name, share in shares.items()}
    except (ValueError, RuntimeError):
        return {}  # all values are equal, no parameter is in every trial, or a record is of another space
