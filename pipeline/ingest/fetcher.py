"""One page from the web: an exchange, bounded in time and size, or the reason why there is none.

Redirects are followed here and recorded; bodies are kept as they were sent. Knows nothing of sources and state.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import email.utils
import functools
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Literal

import httpcore
import httpx

from pipeline.ingest.encodings import ACCEPTED, EncodingError, TooLargeError, codings, unpacked
from pipeline.ingest.guard import AddressRefused, GuardedBackend
from pipeline.ingest.urls import BadUrlError, key
from pipeline.records import Record

MAX_REDIRECTS = 10
_CONNECT_SECONDS = 20.0
_LONGEST_RETRY_AFTER = dt.timedelta(days=1)

Reason = Literal[
    "bad_url", "private_address", "unreachable", "tls", "timeout", "broken_answer", "broken_encoding", "too_large",
    "redirect_loop", "bad_redirect", "not_found", "forbidden", "throttled", "server_error", "http_status", "robots",
    "robots_unreachable",
]  # fmt: skip
_TEMPORARY: frozenset[str] = frozenset(
    {"unreachable", "tls", "timeout", "broken_answer", "broken_encoding", "throttled", "server_error",
     "robots_unreachable"}
)  # fmt: skip
_FAULTS = (
    AddressRefused, BadUrlError, TooLargeError, EncodingError, httpx.HTTPError, httpx.InvalidURL, httpcore.ConnectError,
    OSError, UnicodeError,
)  # fmt: skip


class Exchange(Record):
    """One request and its answer, as they went over the wire but for the framing of the body (chunks)."""

    url: str
    at: dt.datetime
    request: bytes
    """Request line and headers."""
    status: int
    head: bytes
    """Status line and headers of the answer."""
    body: bytes
    headers: dict[str, str]
    """By lower-case name; of several of one name, joined by commas."""


class Fetched(Record):
    """A page: all exchanges that led to it, the last of which is the page itself (200) or says unchanged (304)."""

    url: str
    exchanges: tuple[Exchange, ...]
    content: bytes
    """The body unpacked; empty if unchanged."""

    @property
    def last(self) -> Exchange:
        """The exchange that brought the page."""
        return self.exchanges[-1]

    @property
    def unchanged(self) -> bool:
        """Whether the server said that the page is as it was."""
        return self.last.status == 304


class Refused(Record):
    """No page, and why: a stable code and a sentence. `temporary`: another try makes sense, after `wait` if given."""

    url: str
    reason: Reason
    message: str
    wait: dt.timedelta | None = None

    @property
    def temporary(self) -> bool:
        """Whether another try makes sense."""
        return self.reason in _TEMPORARY


class Validators(Record):
    """What makes a request conditional."""

    etag: str | None = None
    last_modified: str | None = None


class _Transport(httpx.AsyncHTTPTransport):
    """httpx over connections that are checked where they are made."""

    def __init__(self, networks: Sequence[str], context: ssl.SSLContext) -> None:
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=None,
            max_keepalive_connections=20,
            keepalive_expiry=30.0,
            network_backend=GuardedBackend(networks),
        )


class Fetcher:
    """Asks for pages, one connection pool for all. Use as an async context manager."""

    def __init__(
        self,
        user_agent: str,
        clock: Callable[[], dt.datetime],
        *,
        networks: Sequence[str] = (),
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.user_agent = user_agent
        self._clock = clock
        self._client = httpx.AsyncClient(
            transport=_Transport(networks, context or _trusted()),
            # No cookies, no proxies and no credentials of the environment: every request stands for itself.
            trust_env=False,
            timeout=httpx.Timeout(_CONNECT_SECONDS),
            headers={"User-Agent": user_agent, "Accept-Encoding": ACCEPTED},
        )

    async def __aenter__(self) -> Fetcher:
        await self._client.__aenter__()
        return self

    async def __aexit__(self, *details: object) -> None:
        await self._client.aclose()

    async def fetch(
        self,
        url: str,
        *,
        timeout: float,
        max_bytes: int,
        validators: Validators | None = None,
        admit: Callable[[str], Awaitable[Refused | None]] | None = None,
        accept: str = "text/html,application/xhtml+xml,text/plain;q=0.9,*/*;q=0.5",
    ) -> Fetched | Refused:
        """The page at `url`, in at most `timeout` seconds and `max_bytes` of body. What a server does never raises.

        `admit` is asked before each redirect is followed; what it refuses is the outcome.
        """
        exchanges: list[Exchange] = []
        try:
            async with asyncio.timeout(timeout):
                return await self._follow(url, exchanges, max_bytes, validators or Validators(), accept, admit)
        except TimeoutError:
            return Refused(url=url, reason="timeout", message=f"not done after {timeout:g} seconds")
        except _FAULTS as error:
            return _refusal(url, error, redirected=bool(exchanges))

    async def _follow(
        self,
        url: str,
        exchanges: list[Exchange],
        max_bytes: int,
        validators: Validators,
        accept: str,
        admit: Callable[[str], Awaitable[Refused | None]] | None,
    ) -> Fetched | Refused:
        asked: set[str] = set()
        target = key(url)
        while True:
            asked.add(target)
            exchange = await self._exchange(target, max_bytes, validators, accept)
            exchanges.append(exchange)
            if exchange.status not in (301, 302, 303, 307, 308):
                return _outcome(url, exchanges, max_bytes)
            where = exchange.headers.get("location", "")
            if not where:
                return Refused(url=url, reason="bad_redirect", message=f"{target} redirects to nowhere")
            target = key(where, target)
            if target in asked or len(exchanges) > MAX_REDIRECTS:
                return Refused(
                    url=url, reason="redirect_loop", message=f"{len(exchanges)} redirects lead back to {target}"
                )

            if admit and (refused := await admit(target)):
                return refused.model_copy(update={"url": url})

    async def _exchange(self, url: str, max_bytes: int, validators: Validators, accept: str) -> Exchange:
        headers = {"Accept": accept}
        if validators.etag:
            headers["If-None-Match"] = validators.etag
        if validators.last_modified:
            headers["If-Modified-Since"] = validators.last_modified
        self._client.cookies.clear()
        request = self._client.build_request("GET", url, headers=headers)
        at = self._clock()
        async with self._answer(request) as response:
            parts: list[bytes] = []
            size = 0
            async for part in response.aiter_raw():
                parts.append(part)
                size += len(part)
                if size > max_bytes:
                    raise TooLargeError(f"it has more than {max_bytes:,} bytes")
        return Exchange(
            url=url, at=at, status=response.status_code, body=b"".join(parts),
            request=b"GET %s HTTP/1.1\r\n%s\r\n" % (request.url.raw_path, _lines(request.headers.raw)),
            head=_status_line(response) + _lines(response.headers.raw) + b"\r\n",
            headers={name.lower(): value for name, value in response.headers.items()},
        )  # fmt: skip

    @contextlib.asynccontextmanager
    async def _answer(self, request: httpx.Request) -> AsyncGenerator[httpx.Response]:
        response = await self._client.send(request, stream=True, follow_redirects=False)
        try:
            yield response
        finally:
            await response.aclose()


@functools.cache
def _trusted() -> ssl.SSLContext:
    """The authorities that are trusted, read once."""
    return httpx.create_ssl_context()


def _lines(headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    return b"".join(b"%s: %s\r\n" % pair for pair in headers)


def _status_line(response: httpx.Response) -> bytes:
    version = response.extensions.get("http_version", b"HTTP/1.1")
    phrase = response.extensions.get("reason_phrase", b"")
    return b"%s %d %s\r\n" % (version, response.status_code, phrase)


def _outcome(url: str, exchanges: list[Exchange], max_bytes: int) -> Fetched | Refused:
    last = exchanges[-1]
    if last.status == 304:
        return Fetched(url=url, exchanges=tuple(exchanges), content=b"")
    if last.status == 200:
        content = unpacked(last.body, codings(last.headers.get("content-encoding", "")), max_bytes)
        return Fetched(url=url, exchanges=tuple(exchanges), content=content)
    reason: Reason = (
        "not_found" if last.status in (404, 410)
        else "forbidden" if last.status in (401, 402, 403, 407, 451)
        else "throttled" if last.status == 429
        else "server_error" if last.status >= 500
        else "http_status"
    )  # fmt: skip
    wait = _retry_after(last) if reason in _TEMPORARY else None
    return Refused(url=url, reason=reason, message=f"the server answered {last.status}", wait=wait)


def _retry_after(exchange: Exchange) -> dt.timedelta | None:
    """What Retry-After asks for, in seconds or as a date, at most a day."""
    value = exchange.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(dt.timedelta(seconds=int(value[:9])), _LONGEST_RETRY_AFTER)
    with contextlib.suppress(ValueError, TypeError):
        when = email.utils.parsedate_to_datetime(value)
        wait = (when if when.tzinfo else when.replace(tzinfo=dt.UTC)) - exchange.at
        return min(max(wait, dt.timedelta()), _LONGEST_RETRY_AFTER)
    return None


def _refusal(url: str, error: Exception, *, redirected: bool) -> Refused:
    """The reason for an exception; its message without what differs from run to run."""
    reason: Reason
    if isinstance(error, AddressRefused):
        reason = "private_address"
    elif isinstance(error, BadUrlError | httpx.InvalidURL | httpx.UnsupportedProtocol):
        reason = "bad_redirect" if redirected else "bad_url"
    elif isinstance(error, TooLargeError):
        reason = "too_large"
    elif isinstance(error, EncodingError):
        reason = "broken_encoding"
    elif isinstance(error, httpx.TimeoutException):
        reason = "timeout"
    elif isinstance(error, ssl.SSLError) or "SSL" in str(error) or "certificate" in str(error).lower():
        reason = "tls"
    elif isinstance(error, httpx.ConnectError | httpcore.ConnectError):
        reason = "unreachable"
    else:
        reason = "broken_answer"
    return Refused(url=url, reason=reason, message=str(error) or type(error).__name__)
