from __future__ import annotations

from sample_evidence import evidence, trial

from hpsearch.diagnosis.heat import cold, hot


def test_it_names_the_rate_from_which_trials_ran_hot_and_how_hot():
    trials = [trial(n, 10.0**-n, ratio=1e-3) for n in (3, 2, 1)] + [
        trial(9, 1.0, ratio=0.01),
        trial(8, 0.9, ratio=0.012),
    ]
    assert hot(evidence(trials)) == [
        "learning rates above 10^-0.5 ran hot: update ratios about 0.01 against a healthy 0.001 (2 of 5 trials)"
    ]


def test_it_says_where_the_winner_is_among_them():
    trials = [trial(0, 0.01, 0.7, ratio=1e-3), trial(1, 0.5, 0.9, ratio=0.01), trial(2, 0.6, 0.8, ratio=0.01)]
    assert "the winner among them" in hot(evidence(trials))[0]


def test_a_range_that_is_hot_all_over_gets_a_rate_to_try():
    trials = [trial(n, rate, ratio=0.01) for n, rate in enumerate((0.63, 0.7, 0.79))]
    (told,) = hot(evidence(trials))
    assert told.startswith("learning rates over the whole range, 10^-0.2 to 10^-0.1, ran hot: ")
    assert told.endswith("(all 3 trials, the winner among them); try rates around 10^-1.2")


def test_most_of_a_range_counts_as_all_of_it():
    ratios = (0.01, 1e-4, 0.01, 0.01, 1e-4, 0.01)
    trials = [trial(n, 0.6 + n / 50, ratio=ratio) for n, ratio in enumerate(ratios)]
    assert "4 of 6 trials" in hot(evidence(trials))[0]


def test_healthy_trials_are_not_mentioned():
    trials = [trial(n, 10.0**-n, ratio=ratio) for n, ratio in enumerate((2e-3, 1e-3, 8e-4))]
    assert hot(evidence(trials)) == cold(evidence(trials)) == []


def test_a_single_hot_trial_matters_only_if_it_won():
    trials = [trial(0, 0.5, 0.9, ratio=0.02), trial(1, 0.6, 0.8, ratio=1e-3), trial(2, 0.4, 0.8, ratio=1e-3)]
    assert hot(evidence(trials)) == ["the winner ran hot: update ratios about 0.02 against a healthy 0.001"]
    trials[1] = trial(1, 0.6, 0.95, ratio=1e-3)
    assert hot(evidence(trials)) == []


def test_cold_needs_small_steps_and_a_loss_that_still_falls():
    slow = [trial(n, 1e-4 * (n + 1), ratio=3e-5, falling=0.09) for n in range(3)]
    healthy = [trial(9, 0.1, ratio=1e-3, falling=0.01)]
    (told,) = cold(evidence(slow + healthy))
    assert told.startswith("learning rates below 10^-2.3 ran cold: update ratios about 3e-05 against a healthy 0.001")
    assert told.endswith("; their losses were still falling when they stopped")
    settled = [trial(n, 1e-4 * (n + 1), ratio=3e-5, falling=0.001) for n in range(3)]
    assert cold(evidence(settled + healthy)) == []


def test_a_fixed_rate_is_named_too():
    trials = [trial(n, None, ratio=0.02) for n in range(3)]
    for one in trials:
        del one.params["learning_rate"]
    (told,) = hot(evidence(trials, settings={"learning_rate": 0.5}))
    assert told.startswith("the learning rate 10^-0.3 ran hot")


def test_trainers_without_ratios_are_left_alone():
    assert hot(evidence([trial(0, 0.1), trial(1, 1.0)])) == []
