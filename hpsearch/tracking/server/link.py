"""Calls a server over HTTP: one kept-alive connection a thread, credentials handed on explicitly, no second try.

Used by its neighbours, which say what is called; `tracking.errors` judges the answers.
Nothing is read from ``.netrc`` and no redirection is followed, so a password reaches the named host alone.
Proxies and certificate authorities are taken from the environment all the same: they belong to the machine, not to a
server, and without them a server behind a company's proxy is out of reach.
"""

from __future__ import annotations

import base64
import socket
import ssl
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, cast

import requests
import urllib3.exceptions
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from hpsearch.config.credentials import Credentials
from hpsearch.errors import StoreUnavailable
from hpsearch.tracking.errors import Refused, from_answer

API = "/api/2.0/mlflow/"
CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 30.0


class Link:
    """Connections to one server, one for each thread that calls; any method may raise StoreError."""

    def __init__(self, base: str, credentials: Credentials | None = None) -> None:
        self.base = base.rstrip("/")
        self._login = _Login(credentials)
        self._local = threading.local()
        self._sessions: list[requests.Session] = []
        self._lock = threading.Lock()

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """Ask MLflow's API for something."""
        return self.call("GET", API + path, params=query)

    def post(self, path: str, content: dict[str, Any]) -> dict[str, Any]:
        """Tell MLflow's API something."""
        return self.call("POST", API + path, json=content)

    def call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """Send anything and return the JSON that comes back."""
        with self.answer(method, path, **options) as answer:
            try:
                said = answer.json() if answer.content else {}  # nothing is what an upload is answered with
            except ValueError:
                raise Refused(f"{self.base}: must answer with JSON, got {answer.text[:60]!r}") from None
        if not isinstance(said, dict):
            raise Refused(f"{self.base}: must answer with a JSON object, got {answer.text[:60]!r}")
        return said

    @contextmanager
    def answer(self, method: str, path: str, **options: Any) -> Iterator[requests.Response]:
        """Send anything and hand the answer on, which was a success; reading from it is watched, too."""
        options.setdefault("timeout", (CONNECT_SECONDS, ANSWER_SECONDS))
        try:
            with self._session().request(method, self.base + path, allow_redirects=False, **options) as answer:
                if answer.status_code != 200:
                    raise from_answer(self.base, answer.status_code, answer.text, self._login.user)
                yield answer
        except (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema) as error:
            raise Refused(f"{self.base}: is no address of a server: {error}") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            cause = first_cause(error)
            if isinstance(cause, ssl.SSLCertVerificationError):
                raise Refused(
                    f"{self.base}: its certificate is not trusted: {cause.verify_message}; "
                    "REQUESTS_CA_BUNDLE names a file of authorities"
                ) from None
            said = " ".join(str(cause).split()) or type(cause).__name__
            raise StoreUnavailable(f"{self.base}: no MLflow server answers: {said}") from None

    def close(self) -> None:
        """Close the connections of all threads; a later call opens new ones."""
        with self._lock:
            sessions, self._sessions, self._local = self._sessions, [], threading.local()
        for session in sessions:
            session.close()

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            session = _session(self.base, self._login)
            self._local.session = session
            with self._lock:
                self._sessions.append(session)
        return cast(requests.Session, self._local.session)


def first_cause(error: BaseException) -> BaseException:
    """Return the innermost error; the outer ones repeat the address and name classes."""
    while (further := _behind(error)) is not None:
        error = further
    return error


def _behind(error: BaseException) -> BaseException | None:
    places = (getattr(error, "reason", None), *error.args, error.__cause__, error.__context__)
    return next((one for one in places if isinstance(one, BaseException) and one is not error), None)


def pairs(values: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return names and values as the API takes them."""
    return [{"key": name, "value": value} for name, value in values.items()]


def named(listed: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the names and values of an answer."""
    return {str(one["key"]): str(one.get("value", "")) for one in listed}


class _Login(requests.auth.AuthBase):
    """Adds the name and password, or nothing; being there at all keeps ``requests`` from asking ``.netrc``."""

    def __init__(self, credentials: Credentials | None) -> None:
        self.user = None if credentials is None else credentials.username
        self._header = None
        if credentials is not None:
            pair = f"{credentials.username}:{credentials.password.get_secret_value()}"
            self._header = f"Basic {base64.b64encode(pair.encode()).decode()}"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._header is not None:
            request.headers["Authorization"] = self._header
        return request


def _session(base: str, login: _Login) -> requests.Session:
    session = requests.Session()
    machine = session.merge_environment_settings(base, {}, False, None, None)  # asked once, not for every call
    session.trust_env = False
    session.auth = login
    session.proxies, session.verify = dict(machine["proxies"]), machine["verify"]
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(max_retries=0))
    return session


def _acknowledge_at_once(connection: HTTPConnection) -> None:
    """Let the kernel acknowledge what comes next without its usual wait; the setting lasts for one answer.

    Servers whose event loop leaves Nagle's algorithm on (uvicorn's own does, on sockets it accepts) send the second
    part of an answer only after the first was acknowledged: 44 ms for every call on a kept-alive connection.
    """
    if connection.sock is not None and hasattr(socket, "TCP_QUICKACK"):
        with suppress(OSError):
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


class _Connection(HTTPConnection):
    def getresponse(self) -> Any:
        _acknowledge_at_once(self)
        return super().getresponse()


class _SecureConnection(HTTPSConnection):
    def getresponse(self) -> Any:
        _acknowledge_at_once(self)
        return super().getresponse()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    """Makes connections of ours; ``TCP_NODELAY`` is on by urllib3's own choice."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Use our connections, which differ in when answers are acknowledged."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
