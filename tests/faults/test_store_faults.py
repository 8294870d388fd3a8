"""Faults of the databases and of the disk: PostgreSQL killed, two drivers, SQLite locked, no space left."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy
from sample_specs import spec

from hpsearch.study.study import Study
from hpsearch.trial import Outcome, State

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]
SPACE_MIB = 16


def test_nothing_acknowledged_is_lost_when_postgresql_is_killed_and_started_again(postgres, steady, sweep, within):
    """Row 15."""
    hurt = sweep({**steady.env, "HPSEARCH_STORAGE": postgres.fresh()}, search={"trials": 16})
    driver = hurt.run()
    driver.until_acknowledged(3)
    with within(45, "the rest"):
        postgres.kill()
        time.sleep(2)
        postgres.start()
        driver.finished()
    hurt.check()


@pytest.fixture
def forgetful_link():
    """Drop every packet of the connections that a port has now, as a firewall does that has forgotten them."""
    with contextlib.ExitStack() as undo:

        def drop(source, target):
            ends = ["-i", "lo", "-p", "tcp", "--sport", str(source), "--dport", str(target), "-j", "DROP"]
            if shutil.which("iptables") is None or subprocess.run(["iptables", "-w", "-I", "INPUT", *ends]).returncode:
                pytest.skip("packets cannot be dropped here: no iptables, or no right to use it")
            undo.callback(subprocess.run, ["iptables", "-w", "-D", "INPUT", *ends], check=True)

        def forget(port):
            clients = client_ports(port)
            for client in clients:
                drop(client, port)
                drop(port, client)
            return len(clients)

        yield forget


def client_ports(port):
    """List the ports on this machine that are connected to `port`."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ends = [(int(row[1].partition(":")[2], 16), int(row[2].partition(":")[2], 16)) for row in rows if row[3] == "01"]
    return [here for here, there in ends if there == port]


def test_a_link_to_postgresql_that_falls_silent_is_given_up_and_made_anew(
    postgres, steady, sweep, within, forgetful_link
):
    """Row 15 without a word: nobody is told that the connections are dead, and the lease must be taken from one."""
    hurt = sweep({**steady.env, "HPSEARCH_STORAGE": postgres.fresh()}, search={"trials": 16})
    driver = hurt.run()
    driver.until_acknowledged(3)
    with within(45, "the rest"):
        assert forgetful_link(postgres.port) >= 2, "the study's connection and the lease's"
        driver.finished()
    hurt.check()


@pytest.mark.timeout(90)
def test_a_link_that_falls_silent_within_a_transaction_keeps_no_row_locked(postgres, within, forgetful_link):
    """Row 15 without a word, in the worst moment: the server holds a trial's row, and its last answer is lost."""
    study = Study.create(postgres.fresh(), spec(), {})
    suggestion = study.ask()
    with study._storage.engine.connect() as connection:
        connection.execute(sqlalchemy.text("update trials set state = state"))
        waiting = threading.Thread(target=in_vain, args=[connection, "select pg_sleep(1)"])
        waiting.start()
        time.sleep(0.3)
        forgetful_link(postgres.port)
        with within(45, "the trial is told"):
            study.tell(suggestion.number, Outcome(State.COMPLETE, 0.5, 1, 1))
        waiting.join()
    assert study.counts().complete == 1


def in_vain(connection, statement):
    with contextlib.suppress(sqlalchemy.exc.SQLAlchemyError):
        connection.execute(sqlalchemy.text(statement))


def test_of_two_drivers_of_one_study_the_second_is_refused_and_told_the_first(
    postgres, steady, sweep, empty_home, within
):
    """Row 18, as on two machines: each has a home of its own, the study lies in PostgreSQL."""
    env = {**steady.env, "HPSEARCH_STORAGE": postgres.fresh()}
    hurt = sweep(env, search={"trials": 8}, settings={"epochs": 30})
    driver = hurt.run()
    driver.until_acknowledged(1)
    elsewhere = shutil.copytree(empty_home, hurt.folder / "elsewhere")
    second = sweep(env, home=elsewhere, search={"trials": 8}, settings=hurt.spec["settings"])
    with within(30, "the refusal"):
        second.resume().finished(60, code=2)
    assert (
        f"another driver is running this sweep: hpsearch {os.uname().nodename}:{driver.pid}" in second.drivers[0].text()
    )
    assert driver.code is None, "the first ended before the second was refused"
    driver.finished()
    hurt.check()


def test_a_locked_sqlite_is_waited_for(steady, sweep, home, within):
    """Row 16."""
    hurt = sweep(steady.env, search={"trials": 8})
    driver = hurt.run()
    driver.until_acknowledged(2)
    with within(20, "the rest"):
        with contextlib.ExitStack() as locks:
            for name in ("study.db", "mlflow.db"):
                connection = locks.enter_context(contextlib.closing(sqlite3.connect(home / name, timeout=20)))
                connection.execute("begin exclusive")
            time.sleep(5)
        driver.finished()
    hurt.check()


@pytest.fixture
def small_disk(tmp_path, empty_home):
    """A home on a disk of its own."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SPACE_MIB}m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("a small disk cannot be mounted here")
    yield shutil.copytree(empty_home, place / "home")
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_full_disk_is_named_and_what_was_there_stays_readable(steady, sweep, small_disk, within):
    """Row 17."""
    hurt = sweep(steady.env, home=small_disk, search={"trials": 40}, settings={"ballast": 20_000})
    driver = hurt.run(HPSEARCH_MLFLOW_PATIENCE_SECONDS="3")
    driver.until_acknowledged(3)
    filler = small_disk / "filler"
    with within(20, "the end"):
        fill(filler)
        assert driver.wait(60) in (1, 2)
    said = driver.text().strip().splitlines()[-1]
    assert str(small_disk) in said
    assert "disk" in said or "No space left" in said
    assert "Traceback" not in driver.text(), driver.text()
    filler.unlink()
    hurt.check_acknowledged()
    listed = subprocess.run(
        [sys.executable, "-m", "hpsearch", "trials", "hurt", "--home", str(small_disk)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert listed.returncode == 0, listed.stderr
    hurt.resume().finished(120)
    hurt.check()


def fill(path):
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(b"0" * 4096)
