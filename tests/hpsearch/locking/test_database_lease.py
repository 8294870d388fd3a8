"""The lock in a real PostgreSQL: it comes back by itself after a restart, and whoever lost it is told."""

from __future__ import annotations

import threading
import time

import pytest
import sqlalchemy

from hpsearch.errors import StoreUnavailable, SweepBusy
from hpsearch.locking import database_lease
from hpsearch.locking.database_lease import DatabaseLease, hold_in_database
from hpsearch.locking.postgresql import AdvisoryLock, soon_given_up
from hpsearch.locking.retry import Timer

SETTINGS = {
    "search_path": "mine",
    "tcp_user_timeout": "15000",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "3",
    "tcp_keepalives_count": "3",
}


@pytest.fixture
def url(postgres, monkeypatch):
    monkeypatch.setattr(database_lease, "_LOOK_EVERY_SECONDS", 0.2)
    return postgres.fresh()


def within(seconds, true):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def is_free(url):
    other = DatabaseLease(url, "tiny")
    try:
        other.take()
    except SweepBusy:
        return False
    finally:
        other.release()
    return True


def test_the_second_is_refused_until_the_first_gave_it_back(url):
    with hold_in_database(url, "tiny"):
        assert not is_free(url)
    assert is_free(url)


def test_both_sides_give_a_silent_link_up_and_the_options_of_the_address_stay(url):
    address = f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3Dmine"
    engine = sqlalchemy.create_engine(address, connect_args=soon_given_up(address))
    with engine.connect() as connection:
        told = {name: connection.execute(sqlalchemy.text(f"show {name}")).scalar() for name in SETTINGS}
        client = connection.connection.dbapi_connection.info.get_parameters()
    engine.dispose()
    assert told == SETTINGS
    assert client["tcp_user_timeout"] == "15000" and client["keepalives_idle"] == "5"


def test_a_database_that_restarted_has_the_lock_again_although_nobody_asks(postgres, url):
    with hold_in_database(url, "tiny") as lease:
        postgres.kill()
        postgres.start()
        within(20, lambda: not is_free(url))
        lease.keep()


class Leaping(Timer):
    """Time that passes at once when it is waited for."""

    leapt = 0.0

    def now(self):
        return super().now() + self.leapt

    def wait(self, seconds):
        self.leapt += seconds


def test_whoever_lost_the_lock_meanwhile_is_told_from_then_on(postgres, url, monkeypatch):
    monkeypatch.setattr(database_lease, "_LOOK_EVERY_SECONDS", 3600.0)
    with hold_in_database(url, "tiny", Leaping()) as lease:
        postgres.kill()
        postgres.start()
        other = DatabaseLease(url, "tiny")
        other.take()
        try:
            lease.keep()  # nobody has looked yet
            with pytest.raises(SweepBusy, match="another driver is running this sweep"):
                lease.look()
            with pytest.raises(SweepBusy):
                lease.keep()
        finally:
            other.release()


def test_a_stop_ends_the_wait_for_a_database_that_went_away(postgres, url, monkeypatch):
    monkeypatch.setattr(database_lease, "_LOOK_EVERY_SECONDS", 3600.0)
    stop = threading.Event()
    with hold_in_database(url, "tiny", Timer(stop)) as lease:
        postgres.kill()
        try:
            threading.Timer(0.3, stop.set).start()
            began = time.monotonic()
            with pytest.raises(StoreUnavailable, match="does not answer"):
                lease.look()
            assert time.monotonic() - began < 1.5
            with pytest.raises(StoreUnavailable):
                lease.keep()
        finally:
            postgres.start()


def test_a_lease_that_is_given_back_while_its_database_is_away_leaves_no_thread(postgres, url, monkeypatch):
    take, again = AdvisoryLock.take, threading.Event()

    def noticed(lock):
        if threading.current_thread().name == "hpsearch-lease":
            again.set()
        take(lock)

    monkeypatch.setattr(AdvisoryLock, "take", noticed)
    with hold_in_database(url, "tiny"):
        postgres.kill()
        assert again.wait(20)  # its thread is in the midst of taking the lock again
        began = time.monotonic()
    assert time.monotonic() - began < 5
    postgres.start()
    assert "hpsearch-lease" not in {thread.name for thread in threading.enumerate()}


def test_a_second_lock_of_the_same_process_is_refused_by_its_owner_s_name(url):
    first, second = AdvisoryLock(url, "tiny"), AdvisoryLock(url, "tiny")
    first.take()
    try:
        assert first.holds()
        with pytest.raises(SweepBusy, match=first.owner):
            second.take()
    finally:
        second.release()
        first.release()
    assert not first.holds()
