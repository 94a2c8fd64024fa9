"""A watched folder: files that are new or changed go into the archive and the queue like pages from the web."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import select

from pipeline.ingest import queue
from pipeline.ingest.config import Source
from pipeline.ingest.context import Context, Event
from pipeline.ingest.discover import Found, note_source
from pipeline.ingest.feeds import Entry
from pipeline.ingest.tables import pages, sources
from pipeline.records import Page, Rejected, content_hash
from pipeline.settings import Settings
from pipeline.sources.files import read_paths

# A file that was written to so lately may not be whole.
_SETTLED_SECONDS = 2.0


def read_folder(context: Context, source: Source, settings: Settings) -> int:
    """Store the new and changed files of a folder; how many pages are new. Hidden files and young ones are left."""
    folder = context.config.home / (source.folder or Path())
    with context.engine.connect() as db:
        row = db.execute(select(sources.c.digest).where(sources.c.name == source.name)).first()
    seen: dict[str, str] = json.loads(row.digest or "{}") if row else {}
    new, found = 0, Found(source=source.name)
    if not folder.is_dir():
        found = Found(source=source.name, reason="missing", message=f"there is no folder {folder}")
    versions = dict(seen)
    for path, version in _settled(folder, context.now()):
        name = path.relative_to(folder).as_posix()
        if versions.get(name) == version:
            continue
        for page in read_paths([str(path)], settings):
            new += _store(context, source, _key(source, folder, page.source), page)
        versions[name] = version
    with context.engine.begin() as db:
        digest = json.dumps(versions, separators=(",", ":"))
        note_source(db, found.model_copy(update={"digest": digest}), new, context.now())
    context.report(
        Event(stage="discover", subject=source.name, outcome=found.reason or "read", message=found.message, count=new)
    )
    return new


def _settled(folder: Path, now: float) -> Iterator[tuple[Path, str]]:
    """The files, sorted, with a word that changes when they do."""
    for path in sorted(folder.rglob("*")):
        if any(part.startswith(".") for part in path.relative_to(folder).parts) or not path.is_file():
            continue
        facts = path.stat()
        if not 0 <= now - facts.st_mtime < _SETTLED_SECONDS:
            yield path, f"{facts.st_size}-{facts.st_mtime_ns}"


def _key(source: Source, folder: Path, place: str) -> str:
    """`folder:NAME/relative/path` or `…:LINE`: what the page is known by, wherever the folder stands."""
    return f"folder:{source.name}/{place.removeprefix(str(folder)).lstrip('/')}"


def _store(context: Context, source: Source, name: str, page: Page | Rejected) -> int:
    """Put one page of a file into the archive and the queue; 1 if it is new."""
    now = context.now()
    with context.engine.begin() as db:
        new = queue.add(db, source.name, [Entry(url=name)], now, host=f"folder:{source.name}")
        row: Any = db.execute(select(pages).where(pages.c.url == name)).mappings().one()
        if isinstance(page, Rejected):
            if row["status"] == "found" or row["reason"] != page.reason:
                queue.set_given_up(db, name, page.reason, page.message, now)
            return new
        content = page.content if isinstance(page.content, bytes) else page.content.encode("utf-8", "surrogatepass")
        digest = hashlib.sha256(content).hexdigest()
        if row["status"] != "found" and row["content_sha256"] == digest:
            return new
        queue.reopen(db, name)
    at = dt.datetime.fromtimestamp(int(now), dt.UTC)
    again = (digest, row["document"]) if row["document"] else ()
    described = page.model_copy(
        update={
            "source": name, "publisher": page.publisher or source.publisher, "retrieved": page.retrieved or at,
            "id": content_hash(page.id or page.url or name, *again)[:16] if again or not page.id else page.id,
        }
    )  # fmt: skip
    location = context.archive.add_file(described, at)
    with context.engine.begin() as db:
        queue.set_fetched(db, name, location, described, {"content_sha256": digest}, now)
    return new
