"""What a robots.txt allows (RFC 9309). Pure; fetching and keeping it is the business of the queues."""

from __future__ import annotations

import functools

from protego import Protego

MAX_BYTES = 500_000
"""Of a robots.txt; the standard asks for at least so much."""
LONGEST_DELAY = 3_600.0
"""Seconds; a longer crawl-delay is taken as this."""


class Robots:
    """The rules of one host for one User-Agent."""

    def __init__(self, text: str, user_agent: str) -> None:
        self._rules = _parsed(text)
        self._agent = user_agent

    def allows(self, url: str) -> bool:
        """Whether the page may be fetched."""
        return self._rules.can_fetch(url, self._agent)

    def delay(self) -> float:
        """The crawl-delay in seconds; 0 where none is asked for."""
        asked = self._rules.crawl_delay(self._agent)
        return min(max(asked or 0.0, 0.0), LONGEST_DELAY)


@functools.lru_cache(maxsize=256)
def _parsed(text: str) -> Protego:
    return Protego.parse(text)


def text_of(content: bytes) -> str:
    """The text of a robots.txt, of which what is beyond the limit does not count."""
    return content[:MAX_BYTES].decode("utf-8", "replace")
