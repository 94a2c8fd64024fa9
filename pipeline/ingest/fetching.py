"""The pages of a batch into the archive: one queue a host, several hosts at once, every outcome noted as it comes."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import re
import time
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Literal

from sqlalchemy.engine import Connection

from pipeline.ingest import queue
from pipeline.ingest.config import Source
from pipeline.ingest.context import Context, Event
from pipeline.ingest.fetcher import Fetched, Refused
from pipeline.ingest.gate import Gate
from pipeline.ingest.queue import Waiting
from pipeline.ingest.urls import canonical
from pipeline.records import Page, content_hash


async def fetch_batch(context: Context, gate: Gate, waiting: Iterable[Waiting]) -> None:
    """Ask for every page of the batch whose time comes; returns when each was had, refused or put off.

    Raises ArchiveError and what the state raises, where nothing more can be written.
    """
    slots = asyncio.Semaphore(context.config.operation.hosts_at_once)
    ordered = sorted((page for page in waiting if page.status == "found"), key=lambda page: (page.host, page.id))
    try:
        async with asyncio.TaskGroup() as group:
            for _, pages in groupby(ordered, key=lambda page: page.host):
                group.create_task(_one_host(context, gate, list(pages), slots))
    except* Exception as errors:
        # One is enough to say why, and callers know its class.
        raise errors.exceptions[0] from None


async def _one_host(context: Context, gate: Gate, pages: Sequence[Waiting], slots: asyncio.Semaphore) -> None:
    async with slots:
        for page in sorted(pages, key=lambda page: (page.next_try or 0.0, page.id)):
            wait = max(page.wait(context.now()), gate.wait(page.host))
            if context.late() or wait > context.config.operation.patience:
                return
            await asyncio.sleep(page.wait(context.now()))
            await _one_page(context, gate, page)


async def _one_page(context: Context, gate: Gate, page: Waiting) -> None:
    source = context.config.by_name.get(page.source)
    if source is None:
        return
    begun = time.monotonic()
    politeness = context.config.polite(source)
    found = await gate.fetch(page.url, politeness, page.validators if page.document else None)
    outcome, message = _settle(context, gate, source, page, found)
    context.report(
        Event(
            stage="fetch", subject=page.url, outcome=outcome, message=message, source=page.source,
            seconds=round(time.monotonic() - begun, 3),
        )
    )  # fmt: skip


def _settle(
    context: Context, gate: Gate, source: Source, page: Waiting, found: Fetched | Refused
) -> tuple[str, str | None]:
    """Archive and note an outcome; its code and what to say of it."""
    if isinstance(found, Fetched) and found.unchanged and not page.document:
        found = Refused(url=page.url, reason="broken_answer", message="the server answered 304 to a plain request")
    if isinstance(found, Refused):
        return _settle_refused(context, gate, source, page, found)
    digest = hashlib.sha256(found.content).hexdigest()
    told = {"etag": found.last.headers.get("etag"), "last_modified": found.last.headers.get("last-modified")}
    unchanged = bool(page.document) and (found.unchanged or digest == page.content_sha256)
    described = describe(source, page, found, digest)
    location = None if unchanged else context.archive.add(found, described)
    if unchanged:
        context.archive.add_unchanged(found, dt.datetime.fromtimestamp(page.fetched_at or 0.0, dt.UTC))
    with context.engine.begin() as db:
        if location is None:
            queue.set_unchanged(db, page, context.now(), **{name: value for name, value in told.items() if value})
        else:
            told |= {"content_sha256": digest, "final_url": found.last.url}
            queue.set_fetched(db, page.url, location, described, told, context.now())
        _note_turn(context, gate, db, page)
    hops = len(found.exchanges) - 1
    return "unchanged" if unchanged else "fetched", f"{hops} redirects, to {found.last.url}" if hops else None


def _settle_refused(
    context: Context, gate: Gate, source: Source, page: Waiting, refused: Refused
) -> tuple[str, str | None]:
    politeness = context.config.polite(source)
    with context.engine.begin() as db:
        status = queue.set_refused(db, page, refused, politeness.attempts, politeness.retry_after, context.now())
        _note_turn(context, gate, db, page)
    return "put_off" if status == "found" else refused.reason, f"{refused.message} [{refused.reason}]"


def _note_turn(context: Context, gate: Gate, db: Connection, page: Waiting) -> None:
    queue.set_turn(db, page.host, gate.next_at(page.host))
    if context.lease.due():
        context.lease.renew(db, context.now())


def describe(source: Source, page: Waiting, found: Fetched, digest: str) -> Page:
    """The page as the extractor is given it.

    Its address is the one that the page gives as its own. The first version of an article has the id that any
    extraction gives to its address; a later one has an id of its own, made from what it replaces and its content.
    """
    url = canonical(found.last.url, found.content)
    parts = (url, digest, page.document) if page.document else (url,)
    kind = found.last.headers.get("content-type", "")
    return Page(
        source=page.url,
        content=found.content,
        media_type=_media_type(kind),
        charset=_charset(kind),
        id=content_hash(*parts)[:16],
        url=url,
        publisher=source.publisher,
        published=page.published,
        retrieved=found.last.at.replace(microsecond=0),
    )


def _charset(header: str) -> str | None:
    found = re.search(r"""charset\s{0,5}=\s{0,5}["']?([A-Za-z0-9_:.-]{2,40})""", header, re.IGNORECASE)
    return found[1].lower() if found else None


def _media_type(header: str) -> Literal["html", "markdown", "text"] | None:
    named: dict[str, Literal["html", "markdown", "text"]] = {
        "text/html": "html",
        "application/xhtml+xml": "html",
        "text/markdown": "markdown",
        "text/plain": "text",
    }
    return named.get(header.partition(";")[0].strip().lower())
