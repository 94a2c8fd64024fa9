"""What the sources announce, into the queue: feeds, sitemaps, lists of pages and folders."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import multiprocessing
import time
from typing import Any

from pebble import ProcessExpired, ProcessPool
from sqlalchemy import select
from sqlalchemy.engine import Connection

from pipeline.ingest import queue
from pipeline.ingest.config import Source
from pipeline.ingest.context import Context, Event
from pipeline.ingest.feeds import Entry, FeedError, Reading, read_feed
from pipeline.ingest.fetcher import Fetched, Refused, Validators
from pipeline.ingest.gate import Gate
from pipeline.ingest.tables import serialise, sources
from pipeline.ingest.urls import BadUrlError, key, same_site
from pipeline.records import Record, content_hash

_PARSE_SECONDS = 120.0
_MOST_SITEMAPS = 20
_FIRST_WAIT, _LONGEST_WAIT = 300.0, 6 * 3_600.0
_ACCEPT = "application/rss+xml, application/atom+xml, application/xml, text/xml;q=0.9, */*;q=0.5"


class Found(Record):
    """What one look at a source gave. `entries` is null where it has not changed; `reason` is set where it failed."""

    source: str
    entries: tuple[Entry, ...] | None = None
    etag: str | None = None
    last_modified: str | None = None
    digest: str | None = None
    reason: str | None = None
    message: str | None = None
    seconds: float = 0.0


class Parser:
    """Reads feeds in a process of its own, which is killed when one keeps it too long. Use as a context manager."""

    def __init__(self, seconds: float = _PARSE_SECONDS) -> None:
        self._seconds = seconds
        self._pool: ProcessPool | None = None

    def __enter__(self) -> Parser:
        return self

    def __exit__(self, *details: object) -> None:
        if self._pool:
            self._pool.stop()
            self._pool.join()

    async def read(self, kind: str, content: bytes, base: str, limit: int, max_bytes: int) -> Reading:
        """As `read_feed`; FeedError also where it takes too long or too much memory."""
        if self._pool is None:
            self._pool = ProcessPool(max_workers=1, context=multiprocessing.get_context("spawn"))
        arguments = (kind, content, base, limit, max_bytes)
        future: Any = self._pool.schedule(read_feed, args=arguments, timeout=self._seconds)
        try:
            return await asyncio.wrap_future(future)
        except TimeoutError as error:
            raise FeedError(f"it was not read after {self._seconds:g} seconds") from error
        except (MemoryError, ProcessExpired) as error:
            raise FeedError(f"it could not be read ({type(error).__name__})") from error


async def discover(context: Context, gate: Gate, parser: Parser) -> int:
    """Look at every source that is due, note what is new in the order of the sources file; how many pages are new."""
    with context.engine.connect() as db:
        kept = {row["name"]: dict(row) for row in db.execute(select(sources)).mappings()}
    now = context.now()
    due = [source for source in context.config.sources if _due(kept.get(source.name), now)]
    looks = (
        look(context, gate, parser, source, kept.get(source.name) or {}) for source in due if source.kind != "folder"
    )
    new = 0
    for found in await asyncio.gather(*looks):
        new += _note(context, found)
    return new


def _due(row: dict[str, Any] | None, now: float) -> bool:
    next_try = (row or {}).get("next_try")
    return next_try is None or next_try <= now or next_try > now + 2 * _LONGEST_WAIT


async def look(context: Context, gate: Gate, parser: Parser, source: Source, row: dict[str, Any]) -> Found:
    """What a source announces now. Writes nothing."""
    begun = time.monotonic()
    try:
        found = await _look(context, gate, parser, source, row)
    except FeedError as error:
        found = Found(source=source.name, reason="broken_feed", message=str(error))
    return found.model_copy(update={"seconds": round(time.monotonic() - begun, 3)})


async def _look(context: Context, gate: Gate, parser: Parser, source: Source, row: dict[str, Any]) -> Found:
    if source.kind == "pages":
        return Found(source=source.name, entries=_listed(source))
    politeness = context.config.polite(source)
    setting = content_hash(source.model_dump(mode="json"))
    same_setting = str(row.get("digest")).endswith(setting)
    validators = Validators(etag=row.get("etag"), last_modified=row.get("last_modified")) if same_setting else None
    fetched = await gate.fetch(source.url or "", politeness, validators, _ACCEPT)
    if isinstance(fetched, Refused):
        return Found(source=source.name, reason=fetched.reason, message=fetched.message)
    headers = fetched.last.headers
    told: dict[str, Any] = {"etag": headers.get("etag"), "last_modified": headers.get("last-modified")}
    digest = hashlib.sha256(fetched.content).hexdigest() + setting
    if fetched.unchanged or digest == row.get("digest"):
        return Found(source=source.name, digest=row.get("digest"), **({} if fetched.unchanged else told))
    limit, most = source.filters.max_entries, politeness.max_bytes
    reading = await parser.read(source.kind, fetched.content, fetched.last.url, limit, most)
    notes = [_trouble(reading)]
    entries = list(reading.entries)
    for address in [each for each in reading.sitemaps if same_site(each, fetched.last.url)][:_MOST_SITEMAPS]:
        if len(entries) >= limit:
            break
        part = await gate.fetch(address, politeness, None, _ACCEPT)
        if isinstance(part, Fetched):
            inner = await parser.read("sitemap", part.content, part.last.url, limit - len(entries), most)
            entries += inner.entries
            notes.append(_trouble(inner))
        else:
            notes.append(f"{address}: {part.message}")
    # The index says nothing of its parts: a digest of it alone would hide what they hold anew.
    digest = None if reading.sitemaps else digest
    return Found(
        source=source.name, entries=tuple(entries), digest=digest, message="; ".join(filter(None, notes)) or None,
        **(told if digest else {}),
    )  # fmt: skip


def _listed(source: Source) -> tuple[Entry, ...]:
    entries: dict[str, Entry] = {}
    for page in source.pages:
        with contextlib.suppress(BadUrlError):
            entries[key(page)] = Entry(url=key(page))
    return tuple(entries.values())


def _trouble(reading: Reading) -> str | None:
    notes = [
        f"{reading.unusable} entries without a usable address" if reading.unusable else None,
        f"{reading.beyond} entries beyond the limit were left out" if reading.beyond else None,
        f"not well-formed: {reading.broken}" if reading.broken else None,
    ]
    return "; ".join(filter(None, notes)) or None


def _note(context: Context, found: Found) -> int:
    """Write down what a source gave; how many pages are new."""
    source = context.config.by_name[found.source]
    today, now = context.clock().date(), context.now()
    entries = [
        entry for entry in found.entries or () if source.filters.admits(entry.url, entry.title, entry.published, today)
    ]
    with context.engine.begin() as db:
        new = queue.add(db, source.name, entries, now) if entries else 0
        again = queue.recheck(db, source.name, source.recheck_hours, now) if source.recheck_hours else 0
        serialise(db)
        note_source(db, found, new, now)
    outcome = found.reason or ("unchanged" if found.entries is None else "read")
    message = found.message or (f"{again} pages are looked at again" if again else None)
    context.report(
        Event(stage="discover", subject=source.name, outcome=outcome, message=message, count=new, seconds=found.seconds)
    )
    return new


def note_source(db: Connection, found: Found, new: int, now: float) -> None:
    """Keep how a source does: since when it fails, when it last had something new, when it is asked again."""
    row = db.execute(select(sources).where(sources.c.name == found.source)).mappings().first()
    before: dict[str, Any] = dict(row) if row else {}
    fields: dict[str, Any] = {"checked_at": now, "seconds": found.seconds, "message": found.message}
    if found.reason:
        failures = (before.get("failures") or 0) + 1
        wait = min(_FIRST_WAIT * 2 ** (failures - 1), _LONGEST_WAIT)
        fields |= {
            "failures": failures, "failing_since": before.get("failing_since") or now, "reason": found.reason,
            "next_try": now + wait,
        }  # fmt: skip
    else:
        fields |= {"failures": 0, "failing_since": None, "reason": None, "next_try": None, "ok_at": now}
        fields |= {"found": (before.get("found") or 0) + new, "digest": found.digest}
        fields |= {name: value for name in ("etag", "last_modified") if (value := getattr(found, name))}
        fields |= {"new_at": now} if new or not before.get("new_at") else {}
    if row:
        db.execute(sources.update().where(sources.c.name == found.source).values(**fields))
    else:
        db.execute(sources.insert().values(name=found.source, **fields))
