"""Where people read: JSON Lines by day, a view of the last days, and a feed to subscribe to.

A batch is written whole beside its place (`.staging`), then the state says that it exists, then it is moved. A crash
before the word of the state leaves rubbish that is swept up, a crash after it leaves a move that is done again: nothing
is lost, nothing stands twice, and a reader never sees a part of a line.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import socket
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from pipeline.display import kind, one_line, source, subject, what
from pipeline.ingest.config import Operation
from pipeline.ingest.links import Link
from pipeline.records import Claim, Extraction
from pipeline.store import ARTICLES, CLAIMS, REJECTS, line, open_run, replacing, sync_folder

LINKS = "links.jsonl"
FILES = (CLAIMS, ARTICLES, REJECTS, LINKS)
STAGING, LATEST, FEED = ".staging", "latest", "feed.json"


def stage(data: Path, batch: str, results: Iterable[Extraction], links: Iterable[Link]) -> None:
    """Write the files of a batch beside their place, all of them on the disk when it returns."""
    folder = data / STAGING / batch
    with open_run(folder) as run:
        for result in results:
            run.write(result)
    _replace(folder / LINKS, (line(link) for link in links))


def place(data: Path, batch: str, day: str) -> None:
    """Move the files of a staged batch to `KIND/date=DAY/BATCH.jsonl`; empty ones are left out. May be repeated."""
    folder = data / STAGING / batch
    for name in FILES:
        staged = folder / name
        if not staged.exists():
            continue
        if staged.stat().st_size:
            target = data / name.removesuffix(".jsonl") / f"date={day}" / f"{batch}.jsonl"
            target.parent.mkdir(parents=True, exist_ok=True)
            staged.replace(target)
            sync_folder(target.parent)
    shutil.rmtree(folder, ignore_errors=True)


def sweep(data: Path, kept: Iterable[str]) -> list[str]:
    """Remove staged batches that the state knows nothing of; returns their names."""
    kept = set(kept)
    swept = [path for path in sorted((data / STAGING).glob("*")) if path.name not in kept]
    for path in swept:
        shutil.rmtree(path, ignore_errors=True)
    return [path.name for path in swept]


def renew_views(
    data: Path, operation: Operation, today: dt.date, superseded: Callable[[float], set[str]],
    repeated: Callable[[float], set[str]],
) -> None:  # fmt: skip
    """Write `latest/claims.jsonl` and `feed.json` anew, each replaced at once.

    `latest` holds the claims of the last days without those of articles that have a later version; the feed the newest
    of them, without those that only repeat another article's.
    """
    first = today - dt.timedelta(days=operation.latest_days - 1)
    since = dt.datetime.combine(first, dt.time(), dt.UTC).timestamp() - 86_400
    old, said = superseded(since), repeated(since)
    newest: list[dict[str, Any]] = []

    def kept() -> Iterator[bytes]:
        for raw in _lines(data, first):
            record = json.loads(raw)
            if record["document"]["id"] not in old:
                if record["claim_id"] not in said:
                    newest.append(record)
                    del newest[: -operation.feed_items]
                yield raw

    # Several workers may end together; each writes a file of its own name.
    owner = f"{socket.gethostname()}-{os.getpid()}" if operation.state_url else ""
    _replace(data / LATEST / CLAIMS, kept(), owner)
    _replace(data / FEED, [_feed(operation, [Claim.model_validate(record) for record in reversed(newest)])], owner)


def _lines(data: Path, first: dt.date) -> Iterator[bytes]:
    """The lines of the claims of a day and all later ones, oldest first."""
    for folder in sorted((data / "claims").glob("date=*")):
        if folder.name >= f"date={first.isoformat()}":
            for path in sorted(folder.glob("*.jsonl")):
                with path.open("rb") as lines:
                    yield from lines


def _feed(operation: Operation, claims: list[Claim]) -> bytes:
    """JSON Feed 1.1: plain text only, so that nothing of a hostile title is markup to anybody."""
    home = operation.feed_home.rstrip("/") if operation.feed_home else None
    feed: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": operation.feed_title,
        "feed_url": f"{home}/{FEED}" if home else None,
        "items": [_item(claim) for claim in claims],
    }
    text = json.dumps({name: value for name, value in feed.items() if value is not None}, ensure_ascii=False, indent=1)
    return text.encode("utf-8", "backslashreplace") + b"\n"


def _item(claim: Claim) -> dict[str, Any]:
    document = claim.document
    said = " ".join(one_line(evidence.text or "") for evidence in claim.evidence).strip()
    item: dict[str, Any] = {
        "id": claim.claim_id,
        "url": document.url,
        "title": f"{claim.label}: {subject(claim)}: {kind(claim)}: {what(claim)}",
        "content_text": said or one_line(document.title or ""),
        "summary": f"{one_line(document.title or '')} ({source(claim)})",
        "date_published": document.retrieved.isoformat() if document.retrieved else None,
        "authors": [{"name": one_line(document.publisher)}] if document.publisher else None,
        "tags": [claim.label, claim.kind],
    }
    return {name: value for name, value in item.items() if value is not None}


def _replace(path: Path, lines: Iterable[bytes], owner: str = "") -> None:
    """Write a file so that a reader sees the old one or the new one whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing([path], owner) as (file,):
        file.writelines(lines)
