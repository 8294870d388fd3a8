from hypothesis import given
from hypothesis import strategies as st

from hpsearch.execution.fair_share import even_shares

WANTED = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 20), min_size=1)


def test_a_sweep_alone_gets_what_it_wants_as_far_as_it_fits():
    assert even_shares({"a": 8}, 4) == {"a": 4}
    assert even_shares({"a": 3}, 4) == {"a": 3}


def test_what_a_small_sweep_leaves_is_divided_among_the_others():
    assert even_shares({"a": 8, "b": 2, "c": 8}, 12) == {"a": 5, "b": 2, "c": 5}


def test_an_uneven_rest_goes_to_the_first_names():
    assert even_shares({"c": 3, "a": 3, "b": 3}, 4) == {"a": 2, "b": 1, "c": 1}


@given(WANTED, st.integers(0, 60))
def test_nobody_gets_more_than_wanted_and_no_place_stays_empty_while_somebody_wants_it(wanted, addresses):
    shares = even_shares(wanted, addresses)
    assert all(0 <= shares[name] <= wanted[name] for name in wanted)
    assert sum(shares.values()) == min(addresses, sum(wanted.values()))


@given(WANTED, st.integers(0, 60))
def test_a_share_is_small_only_where_little_was_wanted(wanted, addresses):
    shares = even_shares(wanted, addresses)
    unsatisfied = [shares[name] for name in wanted if shares[name] < wanted[name]]
    assert all(max(shares.values()) - share <= 1 for share in unsatisfied)
