from __future__ import annotations

from sample_evidence import SPACE, evidence, trial

from hpsearch.diagnosis.edge import edge
from hpsearch.spec import Range


def rising(count=10, name="learning_rate"):
    """Trials whose value grows with the rate, up to the end of the range at 1."""
    return [trial(n, 10 ** (-4 + 4 * n / (count - 1)), 0.5 + n / 100) for n in range(count)]


def test_the_upper_end_gets_a_range_beyond_it():
    assert edge(evidence(rising())) == [
        "the best learning_rate, 1, lies at the upper end of its range (0.0001 to 1): "
        "try learning_rate: {low: 0.01, high: 100, log: true} next"
    ]


def test_the_lower_end_of_what_is_minimized():
    trials = [trial(n, 10.0 ** (-4 + n), n / 10) for n in range(5)]
    (told,) = edge(evidence(trials, maximize=False, best=trials[0]))
    assert told.endswith(
        "at the lower end of its range (0.0001 to 1): try learning_rate: {low: 1e-06, high: 0.01, log: true} next"
    )


def test_a_best_value_inside_the_range_is_none():
    trials = [trial(n, 10.0 ** (-4 + n), -abs(n - 2)) for n in range(5)]
    assert edge(evidence(trials)) == []


def test_a_setting_without_influence_that_won_at_its_end_is_none():
    rates = (1.0, 1e-4, 1e-3, 1e-2, 1e-4, 1e-3, 1e-2)
    assert edge(evidence([trial(n, rate, 0.9 - n / 100) for n, rate in enumerate(rates)])) == []


def test_too_few_trials_say_nothing():
    assert edge(evidence(rising(4))) == []


def test_the_next_range_stays_within_what_the_trainer_accepts():
    def accepts(_, value):
        return value < 1.5

    space = {"momentum": Range(low=0.0, high=1.0)}
    trials = [trial(n, 0.1, 0.5 + n / 100, more={"momentum": n / 9}) for n in range(10)]
    (told,) = edge(evidence(trials, space, accepts=accepts))
    assert told.endswith("try momentum: {low: 0.5, high: 1.2} next")
    (told,) = edge(evidence(trials, space, accepts=lambda *_: False))
    assert told.endswith("the setting goes no further")


def test_whole_numbers_stay_whole():
    space = {"epochs": Range(low=10, high=20)}
    trials = [trial(n, 0.1, 0.5 + n / 100, more={"epochs": 10 + n}) for n in range(11)]
    assert edge(evidence(trials, space))[0].endswith("try epochs: {low: 15, high: 25} next")


def test_an_end_that_ran_hot_is_told_with_it():
    trials = [*rising()[:-1], trial(9, 1.0, 0.9, ratio=0.01)]
    assert "although it runs hot already" in edge(evidence(trials, SPACE))[0]
