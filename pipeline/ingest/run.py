"""A run, stage by stage: recover, discover, batches of fetch, extract and publish, and what is done at its end.

The command line and the Prefect flow call the same stages in the same order. A batch is committed to the state as a
whole, so a run may be killed anywhere and the next one goes on where it was.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import hashlib
import uuid
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from pathlib import Path

from sqlalchemy.engine import Engine

from pipeline.archive import Archive
from pipeline.ingest import books, publish, queue
from pipeline.ingest.config import Config
from pipeline.ingest.context import Clock, Context, Event
from pipeline.ingest.discover import Parser, discover
from pipeline.ingest.fetcher import Fetcher
from pipeline.ingest.fetching import fetch_batch
from pipeline.ingest.folder import read_folder
from pipeline.ingest.gate import Gate
from pipeline.ingest.links import Link
from pipeline.ingest.queue import Lease, Waiting
from pipeline.ingest.tables import make_durable, open_state, serialise
from pipeline.ingest.webhook import payloads
from pipeline.locks import only_one
from pipeline.pool import open_workers
from pipeline.records import Claim, Extraction, Page, Record, Rejected
from pipeline.settings import Settings
from pipeline.store import Summary, count, summary
from pipeline.stream import build, extract_or_reject

_PER_HOST = 25
_READY = ("fetched", "refused")
_ABANDONED_SECONDS = 3_600.0
SHOWN = 30
"""Claims of a batch that its report carries; the files hold all."""

Extract = Callable[[Iterable[Page | Rejected]], Iterator[Extraction]]


class BatchReport(Record):
    """What one batch did. `moved`: pages of which anything became; 0 means that there is nothing more to do now."""

    id: str
    moved: int
    summary: Summary
    claims: tuple[Claim, ...] = ()


@contextlib.contextmanager
def open_run(config: Config, clock: Clock, report: Callable[[Event], None]) -> Generator[Context]:
    """State and archive of one run, mended if the run before was killed. Raises BusyError and StateError."""
    config.data.mkdir(parents=True, exist_ok=True)
    began = clock()
    deadline = began + dt.timedelta(minutes=config.operation.run_minutes)
    worker = f"{began:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
    archive = Archive(config.data / "archive", config.user_agent, config.operation.archive_bytes)
    with contextlib.ExitStack() as stack:
        if not config.operation.state_url:  # a state in one file has one run at a time
            stack.enter_context(only_one(config.data))
        engine = open_state(config.state_url)
        stack.callback(engine.dispose)
        stack.enter_context(archive)
        context = Context(config, engine, archive, clock, report, worker, deadline)
        _recover(context)
        yield context


def _recover(context: Context) -> None:
    """Finish what a killed run had begun: leases, half records, stored pages, batches on the way to their place."""
    shared = context.config.operation.state_url is not None
    if not shared:
        with context.engine.begin() as db:
            queue.release(db)
    for found in context.archive.recover():
        taken = sum(_take_up(context, page, location) for page, location in found.pages)
        if taken or found.cut:
            message = f"{found.cut} bytes of a half record cut off" if found.cut else None
            context.report(Event(stage="start", subject="archive", outcome="recovered", count=taken, message=message))
    data = context.config.data
    with context.engine.begin() as db:
        left = books.unpublished(db)
    for batch, day in left.items():
        if not shared or _abandoned(context, data / publish.STAGING / batch):
            _place(context, batch, day)
            context.report(Event(stage="start", subject=batch, outcome="published"))
    if not shared:
        for batch in publish.sweep(data, ()):
            context.report(Event(stage="start", subject=batch, outcome="swept", message="it was never committed"))


def _abandoned(context: Context, folder: Path) -> bool:
    return folder.exists() and context.now() - folder.stat().st_mtime > _ABANDONED_SECONDS


def _take_up(context: Context, page: Page, location: queue.Location) -> bool:
    """A page that was stored when its run was killed before it could say so."""
    limit = max(polite.max_bytes for polite in map(context.config.polite, context.config.sources))
    try:
        content = context.archive.page(location, limit).content
    except (OSError, ValueError) as error:
        context.report(Event(stage="start", subject=page.source, outcome="unreadable", message=str(error)))
        return False
    digest = hashlib.sha256(content if isinstance(content, bytes) else content.encode()).hexdigest()
    found = {"content_sha256": digest, "final_url": page.url}
    with context.engine.begin() as db:
        return queue.set_fetched(db, page.source, location, page, found, context.now())


@contextlib.contextmanager
def extraction(settings: Settings, workers: int = 1) -> Generator[Extract]:
    """Workers for all batches of a run; they start with the first page."""
    with open_workers(settings, build=build, extract=extract_or_reject, workers=workers) as results:
        yield results


def discover_all(context: Context, settings: Settings) -> int:
    """Look at all sources that are due; how many pages are new."""
    new = sum(read_folder(context, source, settings) for source in context.config.sources if source.folder)

    async def look() -> int:
        with Parser() as parser:
            async with _fetcher(context) as fetcher:
                return await discover(context, Gate(context, fetcher), parser)

    return new + asyncio.run(look())


def _fetcher(context: Context) -> Fetcher:
    config = context.config
    return Fetcher(config.user_agent, context.clock, networks=config.operation.allow_addresses)


def run_batch(context: Context, number: int, extract: Extract) -> BatchReport | None:
    """Fetch, extract and publish the next pages that are due; null if there are none."""
    operation = context.config.operation
    with context.engine.begin() as db:
        waiting = queue.claim(
            db, context.worker, context.now(), context.config.by_name, limit=operation.batch,
            per_host=max(_PER_HOST, operation.batch // 8), patience=operation.patience, lease=Lease.SECONDS,
        )  # fmt: skip
    if not waiting:
        return None
    batch = f"{context.worker}-{number:04d}"
    try:
        asyncio.run(_fetch(context, waiting))
        taken = _read_again(context.engine, waiting)
        ready = [page for page in taken if page.status in _READY]
        found = _publish(context, batch, ready, _extract(context, ready, extract)) if ready else []
    finally:
        with context.engine.begin() as db:
            queue.release(db, context.worker)
    counts: Counter[str] = Counter()
    for result in found:
        count(counts, result)
    before = {page.id: (page.status, page.attempts) for page in waiting}
    moved = sum(page.status in _READY or before[page.id] != (page.status, page.attempts) for page in taken)
    claims = [claim for result in found for claim in result.claims][:SHOWN]
    return BatchReport(id=batch, moved=moved, summary=summary(counts), claims=tuple(claims))


async def _fetch(context: Context, waiting: Sequence[Waiting]) -> None:
    async with _fetcher(context) as fetcher:
        await fetch_batch(context, Gate(context, fetcher), waiting)


def _read_again(engine: Engine, waiting: Sequence[Waiting]) -> list[Waiting]:
    with engine.begin() as db:
        return queue.waiting(db, [page.id for page in waiting])


def _extract(context: Context, ready: Sequence[Waiting], extract: Extract) -> list[Extraction]:
    """One extraction for each page, in order; the lease is kept alive meanwhile."""
    results: list[Extraction] = []
    for page, result in zip(ready, extract(_contents(context, ready)), strict=True):
        results.append(_as_disposed(result))
        article = results[-1].article
        context.report(
            Event(
                stage="extract", subject=page.url, outcome=article.disposition, message=article.message,
                count=len(result.claims), source=page.source,
            )
        )  # fmt: skip
        if context.lease.due():
            with context.engine.begin() as db:
                context.lease.renew(db, context.now())
    return results


def _contents(context: Context, ready: Sequence[Waiting]) -> Iterator[Page | Rejected]:
    """The pages out of the archive, one at a time; what needs no extraction as what it is."""
    first: dict[str, str] = {}
    for waiting in ready:
        page = _content(context, waiting)
        if isinstance(page, Page) and page.id:
            with context.engine.begin() as db:
                known = first.get(page.id) or books.owners(db, [page.id]).get(page.id)
            first.setdefault(page.id, waiting.url)
            if known:
                page = _same_article(waiting.url, page.id, known)
        yield page


def _content(context: Context, waiting: Waiting) -> Page | Rejected:
    if waiting.status == "refused":
        why = f"{waiting.url}: {waiting.message}"
        return Rejected(source=waiting.url, reason=waiting.reason or "unknown", message=why)
    source = context.config.by_name.get(waiting.source)
    limit = (context.config.polite(source) if source else context.config.politeness).max_bytes
    try:
        assert waiting.location
        return context.archive.page(waiting.location, limit)
    except (OSError, ValueError) as error:
        message = f"{waiting.url}: its record in the archive cannot be read: {error}"
        return Rejected(source=waiting.url, reason="archive_unreadable", message=message)


def _same_article(url: str, document: str, known: str) -> Rejected:
    message = f"{url}: it is the article {document}, already read from {known}"
    return Rejected(source=url, reason="same_article", message=message)


def _as_disposed(result: Extraction) -> Extraction:
    """An article under a second address went past the extractor like a rejected one: it is a duplicate."""
    if result.article.reason != "same_article":
        return result
    return Extraction(article=result.article.model_copy(update={"disposition": "duplicate"}))


def _publish(context: Context, batch: str, ready: Sequence[Waiting], results: Sequence[Extraction]) -> list[Extraction]:
    """Commit a batch to the state and put it where people read; the results that were published."""
    data, now, day = context.config.data, context.now(), context.clock().date().isoformat()
    with context.engine.begin() as db:
        serialise(db)
        if not queue.held(db, context.worker, {page.host for page in ready}):
            context.report(
                Event(stage="publish", subject=batch, outcome="lost", message="another worker has taken its hosts over")
            )
            return []
        kept: list[Extraction] = []
        linked: list[Link] = []
        repeated: set[str] = set()
        owners = books.owners(db, {_document_id(found) for found in results})
        for page, found in zip(ready, results, strict=True):
            result = _late_duplicate(owners.get(_document_id(found)), page, found)
            if page.document and _no_news(result, books.text_hash(db, page.document)):
                queue.set_unchanged(db, page, now)
                continue
            if result.article.disposition in ("extracted", "irrelevant"):
                noted = books.note(db, page.id, page.document, result, now)
                owners.setdefault(_document_id(result), page.url)
                linked += noted.links
                repeated |= set(noted.repeated)
            books.dispose(db, page.id, result, now)
            kept.append(result)
        if not kept:
            return []
        hook = context.config.webhook
        claims = [claim for result in kept for claim in result.claims if claim.claim_id not in repeated]
        if hook:
            books.add_deliveries(db, payloads(hook, claims), now)
        publish.stage(data, batch, kept, linked)
        books.add_batch(db, batch, day, now)
    make_durable(context.engine)
    _place(context, batch, day)
    context.report(Event(stage="publish", subject=batch, outcome="published", count=len(claims)))
    return kept


def _document_id(result: Extraction) -> str:
    return result.article.document.id if result.article.document else ""


def _late_duplicate(owner: str | None, page: Waiting, result: Extraction) -> Extraction:
    """The result, or that it is a duplicate, where another worker has read the article meanwhile."""
    if owner is None or result.article.disposition not in ("extracted", "irrelevant"):
        return result
    return _as_disposed(Extraction.of_rejected(_same_article(page.url, _document_id(result), owner)))


def _no_news(result: Extraction, before: str | None) -> bool:
    """Whether a later version of a page adds nothing: the same text, or none any more."""
    document = result.article.document
    return result.article.disposition not in ("extracted", "irrelevant") or (
        document is not None and document.text_sha256 == before
    )


def _place(context: Context, batch: str, day: str) -> None:
    publish.place(context.config.data, batch, day)
    with context.engine.begin() as db:
        books.set_published(db, batch)
