"""Could this page hold a claim? Three looks, each cheaper than reading on, none of which may lose a claim.

1. The raw bytes: all that shows of the page, in one pass of a multi-pattern matcher (0.1 ms for a page of 150 KB).
2. The lines of the page, before any is left out: does what belongs together stand together?
3. The article: the cleaned text, before it is annotated.

All three look for the words of `pipeline.screen.words`, which are read off the lexicon. "No" is sure and "yes" is not:
a page that passes all three may still hold nothing. Pure functions; the matcher is compiled once in a process.
"""

from __future__ import annotations

import functools
import re

from pipeline import lexicon
from pipeline.clean.charset import decode
from pipeline.clean.html import looks_like_html
from pipeline.clean.refusal import Refusal
from pipeline.clean.text import fold, key
from pipeline.records import Article, Page
from pipeline.screen.scan import Scanner

__all__ = ["article_could_hold_claim", "bytes_could_hold_claim", "prepare", "prepared", "text_could_hold_claim"]


def bytes_could_hold_claim(page: Page) -> bool:
    """The first look, at HTML that begins as a document: of other pages the second is the first."""
    raw = page.content if isinstance(page.content, bytes) else page.content.encode("utf-8", "replace")
    return _scanner().could_hold_claim(raw, page.title or "", page.charset)


def text_could_hold_claim(page: Page) -> bool:
    """The second look. Never raises."""
    try:
        text = decode(page.content, page.charset) if isinstance(page.content, bytes) else page.content
    except Refusal:
        return True  # cleaning says why
    lines = _scanner().lines(text) if looks_like_html(text) else [fold(text)]
    return _scanner().text_could_hold_claim("\n".join([fold(page.title or ""), *lines]), ours=_speaks(page))


def article_could_hold_claim(article: Article) -> bool:
    """The third look."""
    # Its rules are those of extraction, which load spaCy; a process that takes the first two looks does without.
    from pipeline.screen.topic import could_be_on_topic

    text, document = article.text, article.document
    found = _scanner().found(text)
    at = [len(text.encode("utf-8", "replace")[:end].decode("utf-8", "ignore")) for end in found.chips]
    company = found.company or _of_the_field(document.url, document.publisher)
    return could_be_on_topic(text, [max(0, offset - 2) for offset in at], company=company)


def _speaks(page: Page) -> bool:
    """Whether "we" may be a company of the field by what the container tells."""
    return page.url is None or _of_the_field(page.url, page.publisher)


def _of_the_field(url: str | None, publisher: str | None) -> bool:
    """Whether the address or the publisher may be a company's (`extractor.own_voice`)."""
    labels = re.sub(r"^https?://|[/:].*$", "", (url or "").lower()).split(".")
    voices = [key(label) for label in labels] + [key(publisher or "")]
    return any(name in voice for voice in voices if voice for name in _companies())


@functools.cache
def _companies() -> tuple[str, ...]:
    kinds = lexicon.toml("scope")["topic"]["company_kinds"]
    known = [company for company in lexicon.load().companies if company.kind in kinds]
    return tuple(sorted({key(name) for company in known for name in (company.name, *company.aliases)} - {""}))


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
