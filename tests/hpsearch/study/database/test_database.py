"""Real databases: made whole by whoever comes first, waited for, given up at a signal, closed without a trace."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest
import sqlalchemy
from sample_specs import spec

from hpsearch.errors import StoreUnavailable, SweepExists, UnknownSweep
from hpsearch.locking.retry import Timer
from hpsearch.study.database.database import Database, try_storage
from hpsearch.study.database.sqlite_file import sqlite_url
from hpsearch.study.study import Study
from hpsearch.trial import Outcome, State

ODD = "a b%20", "c?d#e{f}=é.db"  # a folder and a file; each sign means something in an address


def complete(value):
    return Outcome(State.COMPLETE, value, 1, 1)


def in_child(action):
    """Do it in another process; return its id."""
    child = os.fork()
    if not child:
        code = 1
        try:
            action()
            code = 0
        finally:
            os._exit(code)
    return child


def schema(path):
    """Return every table and index of a database."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
        return sorted(connection.execute("select type, name, sql from sqlite_master").fetchall(), key=str)


def die_at(moment):
    """Have this process killed before it sends its database the statement of that number."""
    left = [moment]

    def count(*_):
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)

    sqlalchemy.event.listen(sqlalchemy.Engine, "before_cursor_execute", count)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The schema of a database whose making nobody disturbed, and the statements that make it."""
    path, statements = tmp_path_factory.mktemp("whole") / "study.db", []

    def note(_connection, _cursor, statement, *_):
        statements.append(statement.split())

    sqlalchemy.event.listen(sqlalchemy.Engine, "before_cursor_execute", note)
    Database(sqlite_url(path)).close()
    sqlalchemy.event.remove(sqlalchemy.Engine, "before_cursor_execute", note)
    return schema(path), statements


def test_a_process_killed_while_it_makes_the_tables_leaves_nothing_half_made(tmp_path, whole):
    """Above all between a table and its index: the one that keeps two studies from having one name was lost then."""
    tables, statements = whole
    indexes = [n for n, words in enumerate(statements, 1) if words[0] == "CREATE" and "INDEX" in words]
    assert len(indexes) >= 2
    for moment in {*indexes, 1, len(statements) // 2, len(statements)}:
        path = tmp_path / str(moment) / "study.db"
        path.parent.mkdir()
        assert os.WIFSIGNALED(os.waitpid(in_child(lambda at=path, n=moment: killed_at(n, at)), 0)[1])
        assert not Study.exists(sqlite_url(path), "tiny")
        study = Study.create(sqlite_url(path), spec(), {})
        study.tell(study.ask().number, complete(0.5))
        study.close()
        assert schema(path) == tables, statements[moment - 1]
        assert [file.name for file in path.parent.iterdir()] == ["study.db"]


def killed_at(moment, path):
    die_at(moment)
    Study.create(sqlite_url(path), spec(), {})


def test_processes_killed_at_any_moment_leave_a_home_that_the_next_can_use(tmp_path, whole):
    for turn in range(4):
        folder = tmp_path / str(turn)
        folder.mkdir()
        url = sqlite_url(folder / "study.db")
        children = [in_child(lambda n=name, at=url: Study.create(at, spec(name=n), {})) for name in ("a", "b")]
        time.sleep(0.05 + turn * 0.15)
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        Study.create(url, spec(name="c"), {}).close()
        assert Study.exists(url, "c")
        assert schema(folder / "study.db") == whole[0]


def begin_at_once(url, names=("a", "b", "c", "d")):
    begin = time.monotonic() + 0.5

    def create(name):
        time.sleep(max(0.0, begin - time.monotonic()))
        Study.create(url, spec(name=name), {})

    children = [in_child(lambda n=name: create(n)) for name in names]
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * len(names)
    assert all(Study.exists(url, name) for name in names)


def test_several_first_sweeps_in_one_home_may_begin_at_once(tmp_path, whole):
    begin_at_once(sqlite_url(tmp_path / "study.db"))
    assert schema(tmp_path / "study.db") == whole[0]


def test_several_first_sweeps_in_one_postgresql_may_begin_at_once(postgres):
    begin_at_once(postgres.fresh())


@pytest.mark.parametrize("moment", [1, 8, 16, 24])
def test_tables_that_a_killed_process_began_in_postgresql_are_completed(postgres, moment):
    url = postgres.fresh()

    def die():
        die_at(moment)
        Study.create(url, spec(), {})

    assert os.WIFSIGNALED(os.waitpid(in_child(die), 0)[1])
    study = Study.create(url, spec(), {})
    study.tell(study.ask().number, complete(0.5))
    assert study.counts().complete == 1
    study.close()


def test_a_log_that_an_earlier_database_left_is_not_played_into_a_new_one(tmp_path):
    path = tmp_path / "study.db"
    study = Study.create(sqlite_url(path), spec(), {})
    log = Path(f"{path}-wal").read_bytes()
    study.close()
    path.unlink()
    Path(f"{path}-wal").write_bytes(log)
    Study.create(sqlite_url(path), spec(name="new"), {}).close()
    assert [Study.exists(sqlite_url(path), name) for name in ("tiny", "new")] == [False, True]


def test_a_database_behind_a_link_is_made_where_the_link_points(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "study.db").symlink_to(tmp_path / "disk" / "big.db")
    Study.create(f"sqlite:///{tmp_path / 'study.db'}", spec(), {}).close()
    assert (tmp_path / "study.db").is_symlink() and (tmp_path / "disk" / "big.db").stat().st_size > 0


def test_any_path_can_be_a_database(tmp_path):
    folder, file = ODD
    (tmp_path / folder).mkdir()
    url = sqlite_url(tmp_path / folder / file)
    assert not Study.exists(url, "tiny")
    with pytest.raises(UnknownSweep):
        Study.load(url, "tiny")
    Study.create(url, spec(), {}).close()
    with Study.load(url, "tiny") as study:
        assert study.spec.name == "tiny"
    assert [path.relative_to(tmp_path).parts for path in tmp_path.rglob("*.db")] == [ODD]


def open_files(path):
    """List what this process has open of a database."""
    links = []
    for number in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the listing's own
            links.append(str(number.readlink()))
    return [link for link in links if link.startswith(str(path))]


def test_a_closed_study_leaves_no_file_open_and_may_be_closed_twice(tmp_path):
    path = tmp_path / "study.db"
    study = Study.create(sqlite_url(path), spec(), {})
    study.prepare(5)
    study.tell(study.ask().number, complete(0.5))
    assert open_files(path)
    study.close()
    assert open_files(tmp_path) == []
    study.close()
    with Study.load(sqlite_url(path), "tiny") as again:
        assert again.counts().complete == 1
    assert open_files(tmp_path) == []


def test_whoever_only_looks_leaves_no_file_open(tmp_path):
    url = sqlite_url(tmp_path / "study.db")
    Study.create(url, spec(), {}).close()
    assert Study.exists(url, "tiny")
    try_storage(url)
    with pytest.raises(UnknownSweep):
        Study.load(url, "other")
    with pytest.raises(SweepExists):
        Study.create(url, spec(), {})
    assert open_files(tmp_path) == []


def test_a_closed_study_leaves_no_connection_to_postgresql(postgres):
    url = postgres.fresh()
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool)

    def clients():
        with engine.connect() as connection:
            rows = connection.execute(
                sqlalchemy.text(
                    "select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
                )
            )
            return len(rows.fetchall())

    study = Study.create(url, spec(), {})
    study.tell(study.ask().number, complete(0.5))
    assert clients() > 0
    study.close()
    deadline = time.monotonic() + 5
    while clients():
        assert time.monotonic() < deadline, "a connection is left"
    study.close()


@pytest.fixture
def locked(addresses):
    """A study whose database another process locks, and that process' connection."""
    study = Study.create(addresses.storage, spec(), {})
    lock = sqlite3.connect(addresses.home / "study.db", isolation_level=None, check_same_thread=False)
    lock.execute("BEGIN EXCLUSIVE")
    yield study, lock
    lock.close()
    study.close()


def test_a_database_locked_for_a_moment_is_waited_for(locked):
    study, lock = locked
    threading.Timer(1.5, lambda: lock.execute("ROLLBACK")).start()
    study.tell(study.ask().number, complete(0.5))
    assert study.counts().complete == 1


@pytest.mark.parametrize("write", [lambda url: Study.create(url, spec(name="other"), {}).close(), try_storage])
def test_whoever_opens_a_locked_database_to_write_waits_too(locked, addresses, write):
    threading.Timer(1.0, lambda: locked[1].execute("ROLLBACK")).start()
    write(addresses.storage)


def test_a_signal_ends_the_wait_for_a_locked_database_within_a_second(locked, addresses):
    stop, moments = threading.Event(), []

    def end(*_):
        moments.append(time.monotonic())
        stop.set()

    before = signal.signal(signal.SIGALRM, end)
    try:
        signal.setitimer(signal.ITIMER_REAL, 1.0)
        with pytest.raises(StoreUnavailable, match=r"study\.db: the study's database is locked by another process"):
            Study.create(addresses.storage, spec(name="other"), {}, timer=Timer(stop))
    finally:
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - moments[0] < 1.0


def test_a_signal_ends_the_waits_of_a_study_that_is_open(addresses, locked):
    stop = threading.Event()
    locked[1].execute("ROLLBACK")
    with Study.load(addresses.storage, "tiny", timer=Timer(stop)) as study:
        locked[1].execute("BEGIN EXCLUSIVE")
        threading.Timer(0.8, stop.set).start()
        begin = time.monotonic()
        with pytest.raises(StoreUnavailable):
            study.remember("note", 1)
        assert time.monotonic() - begin < 1.8
