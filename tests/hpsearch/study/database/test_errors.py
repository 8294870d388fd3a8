"""Which of a database's errors are worth another try, told by real databases where one can be brought to it."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import tempfile
from pathlib import Path

import psycopg
import pytest
import sqlalchemy
from sample_specs import spec

from hpsearch.errors import StoreError, StoreUnavailable
from hpsearch.study.database.errors import is_made_meanwhile, store_error
from hpsearch.study.database.sqlite_file import sqlite_url
from hpsearch.study.study import Study

URL = "postgresql+psycopg://me:secret@db/study"


def of_sqlite(name):
    error = sqlite3.OperationalError("the words of SQLite")
    error.sqlite_errorcode, error.sqlite_errorname = getattr(sqlite3, name), name
    return sqlalchemy.exc.OperationalError("select 1", {}, error)


def of_postgresql(state):
    error = psycopg.errors.lookup(state)("the words of PostgreSQL")
    kind = sqlalchemy.exc.OperationalError if isinstance(error, psycopg.OperationalError) else sqlalchemy.exc.DBAPIError
    return kind("select 1", {}, error)


def at_the_door(words):
    return sqlalchemy.exc.OperationalError(None, None, psycopg.OperationalError(words))


UNAVAILABLE = [
    (of_sqlite("SQLITE_BUSY"), "is locked by another process"),
    (of_sqlite("SQLITE_BUSY_SNAPSHOT"), "is locked by another process"),
    (of_sqlite("SQLITE_LOCKED"), "is locked by another process"),
    (of_sqlite("SQLITE_PROTOCOL"), "is locked by another process"),
    (of_postgresql("57P01"), "is starting, stopping"),
    (of_postgresql("57P03"), "is starting, stopping"),
    (of_postgresql("53300"), "has no connection or memory left"),
    (of_postgresql("40P01"), "was changed by another process"),
    (of_postgresql("55P03"), "was changed by another process"),
    (of_postgresql("08006"), "does not answer"),
    (of_postgresql("25P03"), "does not answer"),
    (at_the_door("connection refused"), "does not answer"),
    (at_the_door("FATAL: the database system is starting up"), "does not answer"),
    (at_the_door("failed to resolve host: it may be back with its container"), "does not answer"),
    (sqlalchemy.exc.PendingRollbackError("rolled back"), "does not answer"),
    (sqlalchemy.exc.TimeoutError("the pool is empty"), "does not answer"),
]
REFUSED = [
    (of_sqlite("SQLITE_CORRUPT"), "is damaged"),
    (of_sqlite("SQLITE_NOTADB"), "is damaged, or no database at all"),
    (of_sqlite("SQLITE_FULL"), "lies on a disk that is full"),
    (of_sqlite("SQLITE_READONLY_DBMOVED"), "may only be read"),
    (of_sqlite("SQLITE_IOERR"), "lies on a disk that failed"),
    (of_sqlite("SQLITE_CANTOPEN"), "cannot be opened"),
    (of_sqlite("SQLITE_ERROR"), "lacks the tables of a study"),
    (of_sqlite("SQLITE_TOOBIG"), "refused what was asked of it"),
    (of_postgresql("28P01"), "does not let this user in"),
    (of_postgresql("3D000"), "does not exist on its server"),
    (of_postgresql("42501"), "may not be changed by this user"),
    (of_postgresql("42P01"), "lacks the tables of a study"),
    (of_postgresql("53100"), "lies on a disk that is full"),
    (of_postgresql("25006"), "may only be read"),
    (of_postgresql("57P04"), "does not exist on its server"),
    (of_postgresql("22001"), "refused what was asked of it"),
    (at_the_door('FATAL: password authentication failed for user "me"'), "does not let this user in"),
    (at_the_door('FATAL: database "study" does not exist'), "does not exist on its server"),
    (at_the_door('FATAL: role "me" does not exist'), "does not let this user in"),
    (at_the_door("FATAL: no pg_hba.conf entry for host"), "does not let this user in"),
    (OSError(28, "No space left on device"), "lies on a disk that is full"),
    (PermissionError(13, "Permission denied"), "cannot be opened"),
]


@pytest.mark.parametrize(("error", "words"), UNAVAILABLE)
def test_what_passes_by_itself_is_unavailable(error, words):
    answer = store_error(error, URL)
    assert isinstance(answer, StoreUnavailable) and words in str(answer)


@pytest.mark.parametrize(("error", "words"), REFUSED)
def test_what_waiting_does_not_mend_is_refused(error, words):
    answer = store_error(error, URL)
    assert type(answer) is StoreError and words in str(answer)


@pytest.mark.parametrize(("error", "_"), UNAVAILABLE + REFUSED)
def test_every_message_is_one_line_with_the_address_the_engine_s_words_and_a_way_out(error, _):
    message = str(store_error(error, URL))
    assert message.startswith("postgresql+psycopg://me:***@db/study: the study's database ")
    assert "secret" not in message and "\n" not in message
    assert str(getattr(error, "orig", error)) in message and "; " in message


@pytest.mark.parametrize(("state", "answer"), [("42P07", True), ("42710", True), ("23505", True), ("42P01", False)])
def test_tables_that_another_process_made_at_the_same_moment_are_recognised(state, answer):
    assert is_made_meanwhile(of_postgresql(state)) is answer


def test_a_broken_link_is_unavailable_whatever_the_database_says():
    assert isinstance(store_error(of_postgresql("22001"), URL, disconnected=True), StoreUnavailable)


def create(url):
    Study.create(url, spec(), {}).close()


def test_a_file_that_is_no_database_is_one_line_with_its_path(tmp_path):
    (tmp_path / "study.db").write_bytes(b"this is not a database, but it is long enough to be looked at as one" * 20)
    url = sqlite_url(tmp_path / "study.db")
    for attempt in (lambda: Study.exists(url, "a"), lambda: Study.load(url, "a"), lambda: create(url)):
        with pytest.raises(
            StoreError, match=r"study\.db: .* damaged, .*\(file is not a database\); put a copy"
        ) as caught:
            attempt()
        assert type(caught.value) is StoreError and "\n" not in str(caught.value)


def test_a_folder_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(StoreError, match=r"study\.db: the study's database cannot be opened .*; its folder must exist"):
        create(sqlite_url(tmp_path / "none" / "study.db"))


def test_a_table_that_is_missing_is_said(addresses):
    study = Study.create(addresses.storage, spec(), {})
    with sqlite3.connect(addresses.home / "study.db") as connection:
        connection.execute("drop table study_user_attributes")
    connection.close()
    with pytest.raises(StoreError, match=r"lacks the tables of a study .*no such table"):
        study.remember("note", 1)
    study.close()


def as_nobody(action):
    """Do it in a process without rights; return what it said."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.setgid(65534)
        os.setuid(65534)
        try:
            action()
            message = "nothing"
        except StoreError as error:
            message = f"{type(error).__name__} {error}"
        os.write(write, message.encode())
        os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    with os.fdopen(read) as answer:
        return answer.read()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can take its rights away")
def test_a_database_that_may_not_be_written_is_refused():
    with tempfile.TemporaryDirectory() as place:  # pytest's own folders are closed to others
        Path(place).chmod(0o755)
        create(sqlite_url(Path(place) / "study.db"))
        message = as_nobody(lambda: create(sqlite_url(Path(place) / "study.db")))
        assert message.startswith("StoreError ") and "may only be read" in message, message
        message = as_nobody(lambda: create(sqlite_url(Path(place) / "new.db")))
        assert message.startswith("StoreError ") and "cannot be opened" in message, message


def test_a_full_disk_is_refused_and_named(tmp_path):
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("a small disk cannot be mounted here")
    try:
        study = Study.create(sqlite_url(place / "study.db"), spec(), {})
        with pytest.raises(StoreError, match="lies on a disk that is full") as caught:
            for turn in range(100):
                study.remember(f"ballast{turn}", "x" * 40_000)
        assert type(caught.value) is StoreError and str(place) in str(caught.value)
        study.close()
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_server_that_is_not_there_is_unavailable_and_one_that_refuses_is_not(postgres):
    url = postgres.fresh()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for address, kind, words in (
        (url.replace(f":{postgres.port}/", f":{port}/"), StoreUnavailable, "does not answer"),
        (url.replace("127.0.0.1", "no-such-host.invalid"), StoreUnavailable, "failed to resolve host"),
        (url + "-of-nobody", StoreError, "does not exist on its server"),
        (url.replace("postgres@", "nobody-here@"), StoreError, "does not let this user in"),
    ):
        with pytest.raises(StoreError) as caught:
            create(address)
        assert type(caught.value) is kind and words in str(caught.value), str(caught.value)


def test_a_user_without_the_right_to_make_tables_is_refused(postgres):
    url = postgres.fresh()
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("create role guest login")
        connection.execute("revoke create on schema public from public")
    with pytest.raises(StoreError, match="may not be changed by this user") as caught:
        create(url.replace("postgres@", "guest@"))
    assert type(caught.value) is StoreError


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql+pymysql://u:secret@127.0.0.1/db", "needs a driver that is not installed"),
        ("nonsense://u:secret@h/db", "has an address that cannot be used"),
        ("no address at all", "has an address that cannot be used"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_its_password(url, words):
    with pytest.raises(StoreError, match=words) as caught:
        create(url)
    assert "secret" not in str(caught.value) and "\n" not in str(caught.value)


def test_no_other_module_of_the_room_looks_at_the_words_of_an_error():
    import hpsearch.study

    room = Path(hpsearch.study.__file__).parent
    for path in room.rglob("*.py"):
        if path.name != "errors.py":
            source = path.read_text(encoding="utf-8")
            assert "in str(error)" not in source and ".orig" not in source, path
