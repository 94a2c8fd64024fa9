"""Page -> Article | Rejected: from the bytes of HTML, Markdown or plain text to one clean text.

The text is normalised here once, before any offset exists: see `pipeline.clean.text` for what is changed. It is a
sequence of blocks (title, paragraph, heading, list item, table row), each on one line, separated by an empty line;
the title, where there is one, is the first line.
"""

from __future__ import annotations

import datetime as dt
import hashlib

from pipeline.clean.charset import decode
from pipeline.clean.dates import address_date, byline_dates
from pipeline.clean.html import looks_like_html, read_html
from pipeline.clean.judge import article_blocks, place_title, refuse_foreign, refuse_listing, refuse_stub
from pipeline.clean.markdown import is_markdown, read_markdown
from pipeline.clean.meta import host
from pipeline.clean.refusal import Refusal
from pipeline.clean.text import Draft, join, one_line, read_text
from pipeline.records import Article, Document, Page, Rejected, content_hash
from pipeline.settings import Settings

__all__ = ["clean"]


def clean(page: Page, settings: Settings) -> Article | Rejected:
    """The article of a page, or the reason why it has none.

    Reasons: `empty`, `binary`, `undecodable`, `too_large` (bytes or characters), `no_text`, `not_english`,
    `paywall`, `listing`. What the container told (title, date, ...) wins over what the page says; a date of
    publication after the day of retrieval is dropped. No page raises; no clock is read.
    """
    document: Document | None = None
    try:
        draft = _read(page, _characters(page, settings.max_bytes))
        title = one_line(page.title or draft.title or "") or None
        blocks = place_title(title, article_blocks(draft.blocks))
        text = join(blocks)
        refuse_stub(title, blocks, draft.blocks)
        if not text or text == title:
            raise Refusal("no_text", "nothing is left of it but markup" if not text else "it has a title but no text")
        document = _document(page, draft, title, text)
        if len(text) > settings.max_text_chars:
            raise Refusal("too_large", f"its text has {len(text):,} characters, more than {settings.max_text_chars:,}")
        refuse_listing(title, blocks, draft.links)
        refuse_foreign(text)
    except Refusal as refusal:
        message = f"{page.source}: {refusal.why}"
        return Rejected(source=page.source, reason=refusal.reason, message=message, document=document)
    return Article(document=document, text=text, cleaner=draft.cleaner)


def _characters(page: Page, max_bytes: int) -> str:
    content = page.content
    # JSON can hold half a surrogate pair, which no encoding can write.
    data = content if isinstance(content, bytes) else content.encode("utf-8", "replace")
    if len(data) > max_bytes:
        raise Refusal("too_large", f"it has {len(data):,} bytes; the limit is {max_bytes:,}")
    text = decode(data, page.charset) if isinstance(content, bytes) else data.decode("utf-8")
    if not text.strip(" \t\r\n\0\ufeff"):
        raise Refusal("empty", "it holds no text")
    return text


def _read(page: Page, text: str) -> Draft:
    if looks_like_html(text):
        latest = page.retrieved.date() if page.retrieved else None
        return read_html(text, page.url or page.otherwise_url, latest, find_date=page.published is None)
    return read_markdown(text) if page.media_type == "markdown" or is_markdown(text) else read_text(text)


def _document(page: Page, draft: Draft, title: str | None, text: str) -> Document:
    url = page.url or draft.url or page.otherwise_url
    return Document(
        id=page.id or content_hash(url or text)[:16],
        url=url,
        title=title,
        publisher=page.publisher or draft.publisher or host(url),
        author=page.author or draft.author,
        published=_published(page, draft, url),
        retrieved=page.retrieved,
        text_sha256=hashlib.sha256(text.encode("utf-8")).hexdigest(),
    )


def _published(page: Page, draft: Draft, url: str | None) -> dt.date | None:
    found = [*draft.published, *filter(None, [address_date(url or "")]), *byline_dates(draft.blocks)]
    latest = page.retrieved.date() if page.retrieved else dt.date.max
    told = (page.published, *found, page.otherwise_published)
    return next((day for day in told if day and day <= latest), None)
