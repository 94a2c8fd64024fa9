"""Could this page hold a claim? Three looks, each cheaper than reading on, none of which may lose a claim.

1. The raw bytes: one pass of a multi-pattern matcher (0.1 ms for a page of 150 KB).
2. The plain text: every line of the page, before any is left out.
3. The article: the cleaned text, before it is annotated.

All three look for the words of `pipeline.screen.words`, which are read off the lexicon. "No" is sure and "yes" is not:
a page that passes all three may still hold nothing. Pure functions; the matcher is compiled once in a process.
"""

from __future__ import annotations

from pipeline.clean.charset import decode
from pipeline.clean.html import every_line, looks_like_html
from pipeline.clean.refusal import Refusal
from pipeline.clean.text import fold
from pipeline.records import Article, Page
from pipeline.screen.scan import Scanner

__all__ = ["article_could_hold_claim", "bytes_could_hold_claim", "prepare", "prepared", "text_could_hold_claim"]


def bytes_could_hold_claim(page: Page) -> bool:
    """The first look. Text that a container has decoded already is taken for HTML only where it is said to be."""
    if isinstance(page.content, bytes):
        return _told(page) or _scanner().could_hold_claim(page.content)
    html = page.media_type == "html"
    data = page.content.encode("utf-8", "replace")
    return _told(page) or (
        _scanner().could_hold_claim(data) if html else _scanner().text_could_hold_claim(fold(page.content))
    )


def text_could_hold_claim(page: Page) -> bool:
    """The second look, at HTML only: other pages cost as little to clean as to look through. Never raises."""
    try:
        text = decode(page.content) if isinstance(page.content, bytes) else page.content
    except Refusal:
        return True  # cleaning says why
    if not looks_like_html(text):
        return True
    lines = every_line(text, page.url)
    return lines is None or _told(page) or _scanner().text_could_hold_claim("\n".join(lines))


def article_could_hold_claim(article: Article) -> bool:
    """The third look."""
    return _scanner().text_could_hold_claim(article.text)


def _told(page: Page) -> bool:
    """Whether the title that the container tells, which the page itself need not repeat, is evidence."""
    return bool(page.title) and _scanner().text_could_hold_claim(fold(page.title or ""))


def prepared() -> bytes:
    """The compiled matcher, for `prepare` in another process."""
    return _scanner().dump()


def prepare(compiled: bytes) -> None:
    """Take a compiled matcher, so that this process need not make its own."""
    _Kept.scanner = Scanner(compiled)


class _Kept:
    """The matcher of this process."""

    scanner: Scanner | None = None


def _scanner() -> Scanner:
    if _Kept.scanner is None:
        _Kept.scanner = Scanner()
    return _Kept.scanner
