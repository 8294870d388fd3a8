"""One request to Ray's Jobs API, over `requests`: how it is sent, and which of the two kinds of error it ended with.

Here alone *refused* (`ClusterError`: said at once, with the way out) and *does not answer now* (`ClusterUnavailable`:
worth waiting for) are told apart, by exception classes and HTTP statuses. `jobs_api` says what to ask.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import requests
from pydantic import SecretStr

from hpsearch.errors import ClusterError, ClusterUnavailable
from hpsearch.launch.token import WHERE

REACH_SECONDS = 5.0
_LONGEST_REASON = 300


@dataclass(frozen=True)
class Answer:
    """What came back; `date` is the server's clock in seconds since 1970 (whole ones), where it told it."""

    status: int
    body: bytes
    date: float | None = None


class _Bearer(requests.auth.AuthBase):
    """Adds the token to each request; it is no header of the session, which a debugger would show."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token.get_secret_value()}"
        return request


class JobsHttp:
    """Requests to one address, each with the token."""

    def __init__(self, address: str, token: SecretStr | None) -> None:
        self.address = address
        self._session = requests.Session()
        # Nothing of the environment changes who hears the token. With `trust_env` on, a login in ~/.netrc would
        # replace it, and HTTP_PROXY, which a machine's profile sets for the web, would lead it past a proxy that reads
        # it; whoever wants one between names its URL as the address. Certificate authorities are Python's own choice,
        # SSL_CERT_FILE and SSL_CERT_DIR included, so that a company's count as well as the public ones.
        self._session.trust_env = False
        authorities = ssl.get_default_verify_paths()
        self._session.verify = authorities.cafile or authorities.capath or True
        self._session.auth = None if token is None else _Bearer(token)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        accept: tuple[int, ...] = (200,),
        seconds: float = REACH_SECONDS,
    ) -> Answer:
        """Return the answer to a request, whose status is one of `accept`.

        Parameters
        ----------
        seconds : for connecting, for sending, and for each silence while the answer comes

        Raises
        ------
        ClusterUnavailable
            If nobody answers now, or the server is in trouble (status 500 and above).
        ClusterError
            If the request was refused.
        """
        kind = "application/json" if method == "POST" else "application/octet-stream"
        headers = {} if body is None else {"Content-Type": kind}
        try:
            answer = self._send(method, path, body, headers, seconds)
        except OSError as error:  # the root of all errors of `requests`
            raise self._failure(error) from None
        if answer.status not in accept:
            raise self._refusal(answer)
        return answer

    def _send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], seconds: float) -> Answer:
        # A redirect would carry the request to a place nobody named.
        response = self._session.request(
            method, self.address + path, data=body, headers=headers, timeout=seconds, allow_redirects=False
        )
        return Answer(response.status_code, response.content, _clock(response.headers.get("Date")))

    def _failure(self, error: OSError) -> ClusterError:
        """Return what to raise where no answer came."""
        if isinstance(error, ValueError):
            return ClusterError(f"{self.address}: must be the URL of Ray's Jobs API, but cannot be read as a URL")
        cause = _cause(error)
        reason = getattr(cause, "strerror", None) or str(cause)
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
            return ClusterError(
                f"{self.address}: no secure connection: {reason}; name your certificate authority's file in "
                "SSL_CERT_FILE, or give an address with http:// where the server has no TLS"
            )
        if isinstance(cause, http.client.BadStatusLine) and not isinstance(cause, ConnectionError):
            return self.another_server()
        return ClusterUnavailable(f"{self.address}: Ray's Jobs API does not answer: {reason}")

    def _refusal(self, answer: Answer) -> ClusterError:
        """Return what to raise for an answer that was not asked for."""
        if answer.status in (401, 403):
            fault = "missing" if answer.status == 401 else "wrong"
            return ClusterError(f"{self.address}: the token of Ray's Jobs API is {fault}; put it into {WHERE}")
        if answer.status == 404:
            return ClusterError(f"{self.address}: must be Ray's Jobs API, but it knows no such page")
        if 300 <= answer.status < 400:
            return ClusterError(
                f"{self.address}: redirects elsewhere (HTTP status {answer.status}), which would carry the token "
                "there; give the address it leads to"
            )
        # A head that has trouble, or what stands in front of one that starts again.
        kind = ClusterUnavailable if answer.status >= 500 else ClusterError
        return kind(f"{self.address}: HTTP status {answer.status}: {last_line(answer.body)}")

    def another_server(self) -> ClusterError:
        """Return what to raise where an answer was not written by the Jobs API."""
        return ClusterError(f"{self.address}: must be Ray's Jobs API, but another server answers there")


def last_line(body: bytes) -> str:
    """Return the line of an error's text that says most."""
    lines = [line.strip() for line in body.decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1][:_LONGEST_REASON] if lines else "no reason given"


def _cause(error: BaseException) -> BaseException:
    """Return what the socket said: the first error in the chain that is not a wrapper of the HTTP libraries."""
    while type(error).__module__.startswith(("requests.", "urllib3.")):
        inner = error.__cause__ or error.__context__
        if inner is None:
            break
        error = inner
    return error


def _clock(date: str | None) -> float | None:
    try:
        return None if date is None else parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None  # written by another server
