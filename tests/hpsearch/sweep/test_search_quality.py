"""Our search finds what plain Optuna finds: the same seeds give the same points, the same values, the same regret.

The functions are Branin (L. C. W. Dixon, G. P. Szego, Towards Global Optimisation 2, 1978, 1-15) and Hartmann-6
(the same pages), as trainers of one epoch.
"""

from __future__ import annotations

import optuna
import pytest
from function_trainers import LEAST, SPACES, branin, hartmann6
from sample_specs import loaded

from hpsearch.study.study import Study, trial_seed
from hpsearch.sweep.session import Session

pytestmark = [pytest.mark.usefixtures("no_pictures"), pytest.mark.slow]

FUNCTIONS = {"branin": branin, "hartmann6": hartmann6}
TRIALS = 60


def ours(addresses, function, seed):
    given = loaded(
        name=f"{function}-{seed}",
        trainer=f"function_trainers:{function.capitalize()}",
        space=SPACES[function],
        settings={},
        search={"trials": TRIALS, "metric": "val_loss", "seed": seed},
        workers=1,
    )
    Session(addresses, in_process=True).run(given)
    return [(trial.params, trial.value) for trial in Study.load(addresses.storage, f"{function}-{seed}").trials()]


def plain(function, seed):
    study = optuna.create_study()
    found = []
    for number in range(TRIALS):
        study.sampler = optuna.samplers.TPESampler(seed=trial_seed(seed, number))
        distributions = {
            name: optuna.distributions.FloatDistribution(r["low"], r["high"]) for name, r in SPACES[function].items()
        }
        trial = study.ask(distributions)
        value = FUNCTIONS[function](**trial.params)
        study.tell(trial, value)
        found.append((trial.params, value))
    return found


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_tpe_tries_the_points_of_plain_optuna_and_has_its_regret(addresses, function, seed):
    found, expected = ours(addresses, function, seed), plain(function, seed)
    assert found == expected
    regret = min(value for _, value in found) - LEAST[function]
    at_random = {"branin": 2.0, "hartmann6": 1.6}[function]
    assert 0 <= regret < at_random


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_functions_have_the_least_values_of_the_literature(function):
    addresses = {
        "branin": {"x1": 3.14159265, "x2": 2.275},
        "hartmann6": dict(
            zip(SPACES["hartmann6"], (0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573), strict=True)
        ),
    }
    assert FUNCTIONS[function](**addresses[function]) == pytest.approx(LEAST[function], abs=1e-5)
