"""The one way to a host: its robots.txt obeyed, one request at a time, with a pause between two."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from urllib.parse import urlsplit, urlunsplit

from pipeline.ingest import queue
from pipeline.ingest.config import Politeness
from pipeline.ingest.context import Context
from pipeline.ingest.fetcher import Fetched, Fetcher, Refused, Validators
from pipeline.ingest.queue import Host
from pipeline.ingest.robots import MAX_BYTES, Robots, text_of
from pipeline.ingest.urls import BadUrlError, host, key

_ROBOTS_SECONDS = 30.0
# A host whose robots.txt cannot be had is left alone for so long, then it is asked again.
_UNREACHABLE_HOURS = 1.0


class Gate:
    """Requests of one run, shared by all its stages. Two requests to one host never overlap."""

    def __init__(self, context: Context, fetcher: Fetcher) -> None:
        self._context = context
        self._fetcher = fetcher
        self._locks: dict[str, asyncio.Lock] = {}
        self._hosts: dict[str, Host] = {}
        self._turns = context.turns

    async def fetch(
        self, url: str, politeness: Politeness, validators: Validators | None = None, accept: str | None = None
    ) -> Fetched | Refused:
        """The page at `url` when the host's turn has come, if its robots.txt allows it."""
        try:
            name = host(key(url))
        except BadUrlError as error:
            return Refused(url=url, reason="bad_url", message=str(error))
        async with self._locks.setdefault(name, asyncio.Lock()):
            if refused := await self._forbidden(url, politeness):
                return refused
            await self._turn(name)

            async def admit(target: str) -> Refused | None:
                # Its queue is not waited for: two hosts that redirect to each other would wait for ever.
                return await self._forbidden(target, politeness)

            limits = {} if accept is None else {"accept": accept}
            try:
                return await self._fetcher.fetch(
                    url, timeout=politeness.timeout, max_bytes=politeness.max_bytes, validators=validators, admit=admit,
                    **limits,
                )  # fmt: skip
            finally:
                crawl_delay = Robots(self._stored(name).robots or "", self._fetcher.user_agent).delay()
                self._next(name, max(politeness.delay, crawl_delay))

    async def _forbidden(self, url: str, politeness: Politeness) -> Refused | None:
        """Why the robots.txt of a page's host does not let it be fetched, if it does not."""
        robots = await self._robots(host(url), url, politeness)
        if isinstance(robots, Refused):
            return robots
        if not robots.allows(url):
            return Refused(url=url, reason="robots", message="the robots.txt of the host forbids it")
        return None

    def wait(self, name: str) -> float:
        """Seconds until a host may be asked again."""
        return max(0.0, self._turns.get(name, 0.0) - time.monotonic())

    def next_at(self, name: str) -> float:
        """The same as seconds since 1970."""
        return self._context.now() + self.wait(name)

    async def _turn(self, name: str) -> None:
        if name not in self._turns:
            # The pause that a run before this one, or another worker, has left.
            ahead = (self._stored(name).next_at or 0.0) - self._context.now()
            pause = ahead if ahead <= self._context.config.operation.patience else 0.0
            self._turns[name] = time.monotonic() + pause
        await asyncio.sleep(self.wait(name))

    def _next(self, name: str, pause: float) -> None:
        self._turns[name] = time.monotonic() + pause

    def _stored(self, name: str) -> Host:
        if name not in self._hosts:
            with self._context.engine.begin() as db:
                self._hosts[name] = queue.host(db, name)
        return self._hosts[name]

    async def _robots(self, name: str, url: str, politeness: Politeness) -> Robots | Refused:
        """The rules of the host: kept ones while they are fresh, else as it gives them now."""
        stored, now = self._stored(name), self._context.now()
        hours = _UNREACHABLE_HOURS if stored.robots_reason else self._context.config.operation.robots_hours
        if stored.robots_at is None or not 0 <= now - stored.robots_at < hours * 3_600:
            answer = await self._ask_robots(name, url, politeness)
            if isinstance(answer, Refused):
                return answer
            stored = answer
        if stored.robots_reason:
            until = (stored.robots_at or now) + _UNREACHABLE_HOURS * 3_600
            return Refused(
                url=url, reason="robots_unreachable", message=f"the robots.txt of the host: {stored.robots_reason}",
                wait=dt.timedelta(seconds=max(0.0, until - now)),
            )  # fmt: skip
        return Robots(stored.robots or "", self._fetcher.user_agent)

    async def _ask_robots(self, name: str, url: str, politeness: Politeness) -> Host | Refused:
        """RFC 9309: none there, all is allowed; not reachable or an error of the server, nothing is.

        Refused where the host itself must not be spoken to.
        """
        parts = urlsplit(url)
        address = urlunsplit((parts.scheme, parts.netloc, "/robots.txt", "", ""))
        await self._turn(name)
        seconds = min(politeness.timeout, _ROBOTS_SECONDS)
        found = await self._fetcher.fetch(address, timeout=seconds, max_bytes=4 * MAX_BYTES, accept="text/plain,*/*")
        self._next(name, min(politeness.delay, 1.0))
        text, reason = "", None
        if isinstance(found, Fetched):
            text = text_of(found.content)
        elif found.reason == "private_address":
            return found.model_copy(update={"url": url})
        elif found.temporary:
            reason = found.message
        stored = Host(robots=text, robots_reason=reason, robots_at=self._context.now(), next_at=self.next_at(name))
        self._hosts[name] = stored
        with self._context.engine.begin() as db:
            queue.set_host(db, name, **stored.model_dump())
        return stored
