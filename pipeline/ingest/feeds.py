"""Feeds and sitemaps as entries: bytes in, addresses with their dates out. Pure, and no address is asked for.

A feed of strangers can keep a parser busy for minutes, so `discover` runs `read_feed` in a process of its own.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib
import zlib
from collections.abc import Iterator
from typing import Any, Literal

from pipeline.clean.dates import parse_date
from pipeline.clean.text import one_line
from pipeline.ingest.encodings import EncodingError, TooLargeError, unpacked
from pipeline.ingest.urls import BadUrlError, key
from pipeline.records import Record

_MAX_TITLE = 300
_GZIP = b"\x1f\x8b"


class Entry(Record):
    """A page that a source announces. `version` changes when the source says that the page changed."""

    url: str
    title: str | None = None
    published: dt.date | None = None
    version: str | None = None


class Reading(Record):
    """What a feed or sitemap holds. `sitemaps`: those that an index lists, newest first."""

    entries: tuple[Entry, ...] = ()
    sitemaps: tuple[str, ...] = ()
    unusable: int = 0
    """Entries without an address that can be fetched."""
    beyond: int = 0
    """Entries that were left out because there were more than the limit."""
    broken: str | None = None
    """What the parser complained of, where it could go on nevertheless."""


class FeedError(ValueError):
    """What was fetched is no feed or no sitemap; the message says why."""


def read_feed(kind: Literal["feed", "sitemap"], content: bytes, base: str, limit: int, max_bytes: int) -> Reading:
    """The first `limit` entries of an RSS or Atom feed or of a sitemap, in their order, each address once.

    `base` is the address that it was fetched from; `max_bytes` bounds what a compressed sitemap may unpack to.
    Raises FeedError.
    """
    return _feed(content, base, limit) if kind == "feed" else _sitemap(content, base, limit, max_bytes)


def _feed(content: bytes, base: str, limit: int) -> Reading:
    headers = {"content-location": base, "content-type": "application/xml"}
    try:
        parsed: Any = _untyped("feedparser").parse(content, sanitize_html=False, response_headers=headers)
    except Exception as error:  # it forgives most of what strangers write, and trips over the rest in many ways
        raise FeedError(f"it cannot be parsed ({type(error).__name__}: {error})") from error
    broken = one_line(str(parsed.get("bozo_exception", "")))[:_MAX_TITLE] or None
    if not parsed.get("version") and not parsed.entries:
        raise FeedError(f"it is no feed ({broken or 'there is nothing in it that looks like one'})")
    found: list[Any] = [entry for entry in parsed.entries if entry]
    entries, unusable = _usable(map(_of_feed, found[:limit]), base)
    return Reading(entries=entries, unusable=unusable, beyond=max(0, len(found) - limit), broken=broken)


def _of_feed(entry: dict[str, Any]) -> tuple[str, str | None, dt.date | None, str | None]:
    told: list[Any] = [link for link in entry.get("links", ()) if isinstance(link, dict)]
    links: list[Any] = [link.get("href") for link in told if link.get("rel") == "alternate"]
    address = next((text for link in (entry.get("link"), *links) if (text := _text(link))), "")
    # Its own `get` takes one date for the other and warns of it.
    plain = dict(entry.items())
    published, updated = _text(plain.get("published")), _text(plain.get("updated"))
    return address, _text(entry.get("title")), parse_date(published or updated or ""), updated


def _text(value: object) -> str | None:
    """A value that is a text: an element may be named as the parser names something else, and be put in its place."""
    return value if isinstance(value, str) else None


def _untyped(name: str) -> Any:
    # Neither parser ships types: Any by way of importlib keeps strict checking for the rest of the module.
    return importlib.import_module(name)


def _sitemap(content: bytes, base: str, limit: int, max_bytes: int) -> Reading:
    if content.startswith(_GZIP):
        try:
            content = unpacked(content, ["gzip"], max_bytes)
        except (EncodingError, TooLargeError, zlib.error) as error:
            raise FeedError(str(error)) from error
    etree = _untyped("lxml.etree")
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, recover=True)
    try:
        root: Any = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise FeedError(f"it is no sitemap ({error})") from error
    name = "" if root is None else _local_name(root)
    broken = one_line(str(parser.error_log[0].message))[:_MAX_TITLE] if len(parser.error_log) else None
    if name == "sitemapindex":
        listed = sorted(_of_sitemap(root), key=lambda found: found[3] or "", reverse=True)
        usable, unusable = _usable(iter(listed), base)
        return Reading(sitemaps=tuple(entry.url for entry in usable), unusable=unusable, broken=broken)
    if name != "urlset":
        raise FeedError(f"it is no sitemap (its root is {name[:40]!r})")
    found = list(_of_sitemap(root))
    entries, unusable = _usable(iter(found[:limit]), base)
    return Reading(entries=entries, unusable=unusable, beyond=max(0, len(found) - limit), broken=broken)


def _of_sitemap(root: Any) -> Iterator[tuple[str, str | None, dt.date | None, str | None]]:
    for element in root:
        if not isinstance(element.tag, str):
            continue
        fields: dict[str, str] = {
            _local_name(inner): (inner.text or "").strip() for inner in element.iter() if isinstance(inner.tag, str)
        }
        day = parse_date(fields.get("publication_date", ""))
        yield fields.get("loc", ""), fields.get("title"), day, fields.get("lastmod") or None


def _local_name(element: Any) -> str:
    """The tag without its namespace. Not by `QName`: it refuses broken names, which a recovering parser lets by."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _usable(
    found: Iterator[tuple[str, str | None, dt.date | None, str | None]], base: str
) -> tuple[tuple[Entry, ...], int]:
    """Each address once, in order; and how many had none that can be used."""
    entries: dict[str, Entry] = {}
    unusable = 0
    for address, title, published, version in found:
        url = None
        with contextlib.suppress(BadUrlError):
            url = key(address, base) if address else None
        if url is None:
            unusable += 1
        elif url not in entries:
            plain = one_line(title or "")[:_MAX_TITLE] or None
            entries[url] = Entry(url=url, title=plain, published=published, version=(version or "")[:60] or None)
    return tuple(entries.values()), unusable
