from __future__ import annotations

from sample_evidence import evidence, trial

from hpsearch.diagnosis.dead_units import dead_units


def test_it_names_layer_share_and_rate():
    alive = [trial(n, 0.001 * (n + 1), dead_units__layer1=0.1) for n in range(3)]
    dead = [trial(n, 0.3 * n, dead_units__layer1=0.2 * n) for n in (3, 4)]
    (told,) = dead_units(evidence(alive + dead))
    assert told == "units died in 2 of 5 trials: up to 80% of layer1, with learning rates above 10^-1.3"


def test_without_a_border_it_says_what_to_try():
    trials = [trial(n, 0.1 * n + 0.1, dead_units__layer2=0.9 if n % 2 else 0.0) for n in range(6)]
    assert "up to 90% of layer2; try smaller learning rates" in dead_units(evidence(trials))[0]


def test_a_few_silent_units_are_no_finding():
    assert dead_units(evidence([trial(n, 0.1, dead_units__layer1=0.3) for n in range(5)])) == []
