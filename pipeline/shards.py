"""One shard of an archive, from its bytes to its outputs and its line for the manifest.

The process that runs a shard reads, screens the raw bytes and writes; what passes is cleaned and annotated in a
`PageWorker`, which it waits for. Nothing here knows what started it.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from pipeline.identity import identify
from pipeline.manifest import Entry, Options, Output, file_digest
from pipeline.page_worker import Done, PageWorker
from pipeline.records import Extraction, Extractor, Page, Record, Rejected
from pipeline.screen import bytes_could_hold_claim, prepared, text_could_hold_claim
from pipeline.screened import build_screened, extract_screened, screened
from pipeline.settings import Settings
from pipeline.sources.archive import Shard, open_shard
from pipeline.store import DispositionError, line, replacing
from pipeline.stream import build, extract_or_reject
from pipeline.tables import Tables

CLAIMS, ARTICLES = "claims", "articles"
_KEPT = threading.local()
"""The page worker of each thread, kept from shard to shard: it takes seconds to start."""


class ShardTask(Record):
    """All that a process, on whatever machine, needs to do a shard."""

    shard: Shard
    out: str
    settings: Settings = Settings()
    options: Options = Options()
    fingerprint: str


def run_shard(task: ShardTask) -> Entry:
    """Do one shard and return its entry; its outputs are complete and on the disk, or as they were.

    Every input record has one disposition: raises DispositionError where the counts say otherwise. Raises
    RuntimeError where the extractor here is not the one that the task was made for, OSError for a disk or a store
    that does not do its part.
    """
    # Asked here too: of a shard without claims no record tells which version screened it.
    _check(identify(task.settings), task)
    worker = _worker(task.settings, task.options.screen)
    begun, cpu = time.monotonic(), time.process_time()
    paths = _paths(task)
    with open_shard(task.shard, task.settings) as opened, _outputs(task, paths) as outputs:
        counts = _Counts()
        for done in _results(counts.counted(opened.pages), worker, task.options.screen):
            for claim in done.result.claims[:1]:
                _check(claim.extractor, task)
            counts.take(done)
            outputs.write(done.result)
    if counts.records != sum(counts.dispositions.values()):
        raise DispositionError(f"{task.shard.id}: {counts.records} records, {dict(counts.dispositions)}")
    out = Path(task.out)
    return Entry(
        shard=task.shard,
        input_sha256=opened.digest,
        outputs=tuple(
            Output(path=str(path.relative_to(out)), size=path.stat().st_size, sha256=file_digest(path))
            for path in paths
        ),
        records=counts.records,
        dispositions=dict(sorted(counts.dispositions.items())),
        reasons=dict(sorted(counts.reasons.items())),
        claims=sum(counts.labels.values()),
        labels=dict(sorted(counts.labels.items())),
        fingerprint=task.fingerprint,
        options=task.options,
        wall_seconds=round(time.monotonic() - begun, 3),
        cpu_seconds=round(time.process_time() - cpu + counts.cpu, 3),
    )


class _Counts:
    def __init__(self) -> None:
        self.records = 0
        self.dispositions: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.labels: Counter[str] = Counter()
        self.cpu = 0.0

    def counted(self, pages: Iterable[Page | Rejected]) -> Iterator[Page | Rejected]:
        for page in pages:
            self.records += 1
            yield page

    def take(self, done: Done) -> None:
        article = done.result.article
        self.dispositions[article.disposition] += 1
        if article.reason:
            self.reasons[article.reason] += 1
        self.labels.update(claim.label for claim in done.result.claims)
        self.cpu += done.cpu


def _results(pages: Iterable[Page | Rejected], worker: PageWorker, screen: bool) -> Iterator[Done]:
    """One result a record, in order. Of several documents of one id the first with claims counts.

    A page without claims makes no duplicate of a later one, or else what is screened out could not be left unread.
    """
    seen: dict[str, str] = {}
    for page in pages:
        if isinstance(page, Rejected):
            yield Done(Extraction.of_rejected(page), 0.0)
        elif screen and not bytes_could_hold_claim(page):
            yield Done(screened(page, "screened_bytes"), 0.0)
        elif screen and not text_could_hold_claim(page):
            yield Done(screened(page, "screened_text"), 0.0)
        else:
            done = worker.do(page)
            yield done._replace(result=_unless_seen(done.result, seen))


def _unless_seen(result: Extraction, seen: dict[str, str]) -> Extraction:
    record = result.article
    if record.disposition != "extracted" or record.document is None:
        return result
    first = seen.setdefault(record.document.id, record.source)
    if first == record.source:
        return result
    message = f"{record.source}: document id {record.document.id} was already read from {first}"
    change = {"disposition": "duplicate", "reason": "same_id", "message": message, "text": None, "entities": ()}
    return Extraction(article=record.model_copy(update=change))


def _worker(settings: Settings, screen: bool) -> PageWorker:
    kept: dict[tuple[str, bool], PageWorker] = _KEPT.__dict__.setdefault("workers", {})
    key = (settings.to_json(), screen)
    if key not in kept:
        if screen:
            kept[key] = PageWorker(settings, functools.partial(build_screened, prepared()), extract_screened)
        else:
            kept[key] = PageWorker(settings, build, extract_or_reject)
    return kept[key]


def _check(extractor: Extractor, task: ShardTask) -> None:
    if extractor.fingerprint != task.fingerprint:
        raise RuntimeError(
            f"the extractor here ({extractor.version}, {extractor.fingerprint[:12]}) is another version than the one "
            f"that planned the run ({task.fingerprint[:12]}): give all machines the same"
        )


def _paths(task: ShardTask) -> list[Path]:
    """The output files of a shard, claims first."""
    endings = [".jsonl.zst" if task.options.zstd else ".jsonl"] + ([".parquet"] if task.options.parquet else [])
    return [Path(task.out) / kind / f"{task.shard.id}{ending}" for ending in endings for kind in (CLAIMS, ARTICLES)]


class _Sink(Protocol):
    """Takes lines."""

    def write(self, data: bytes, /) -> object:
        """Take some."""
        ...


class _Outputs:
    """Writes the records of a shard in each of the formats that are wanted."""

    def __init__(self, claims: _Sink, articles: _Sink) -> None:
        self._claims, self._articles = claims, articles
        self.tables: Tables | None = None

    def write(self, result: Extraction) -> None:
        for claim in result.claims:
            self._claims.write(line(claim))
        self._articles.write(line(result.article))
        if self.tables:
            self.tables.add(result)


@contextlib.contextmanager
def _outputs(task: ShardTask, paths: list[Path]) -> Generator[_Outputs]:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
    # A cluster may take a worker for dead that is cut off and goes on: both write, each its own, the same bytes.
    owner = f"{socket.gethostname()}-{os.getpid()}"
    with replacing(paths, owner) as files, contextlib.ExitStack() as stack:
        claims, articles = (stack.enter_context(_packed(f)) if task.options.zstd else f for f in files[:2])
        outputs = _Outputs(claims, articles)
        if task.options.parquet:
            outputs.tables = stack.enter_context(contextlib.closing(Tables(files[2], files[3])))
        yield outputs


def _packed(file: BinaryIO) -> contextlib.AbstractContextManager[_Sink]:
    zstandard = cast(Any, importlib.import_module("zstandard"))
    return zstandard.ZstdCompressor(level=9).stream_writer(file, closefd=False)
