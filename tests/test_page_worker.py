"""One page at a time in a process that can be killed: what hangs, dies or grows costs itself only."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from pipeline import page_worker
from pipeline.page_worker import PageWorker
from pipeline.records import ArticleRecord, Extraction, Page
from pipeline.settings import Settings


def build(settings: Settings) -> int:
    return os.getpid()


def build_badly(settings: Settings) -> int:
    raise LookupError("no such model")


def extract(page: Page, made_in: int) -> Extraction:
    assert made_in == os.getpid()
    if page.content == "hang":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(60)
    if page.content == "die":
        os.kill(os.getpid(), signal.SIGSEGV)
    if page.content == "grow":
        bytearray(2_000_000_000)
    return Extraction(article=ArticleRecord(source=page.source, disposition="irrelevant", text=str(os.getpid())))


@pytest.fixture
def worker() -> Iterator[PageWorker]:
    worker = PageWorker(Settings(max_seconds=1.0), build, extract)
    yield worker
    worker.stop()


def process_of(worker: PageWorker) -> str | None:
    return worker.do(Page(source="p", content="fine")).result.article.text


@pytest.mark.parametrize(("order", "reason"), [("hang", "timeout"), ("die", "worker_died"), ("grow", "out_of_memory")])
def test_a_bad_page_is_rejected_and_the_next_one_done(order: str, reason: str, worker: PageWorker) -> None:
    first = process_of(worker)
    begun = time.monotonic()
    article = worker.do(Page(source="bad", content=order)).result.article
    assert (article.disposition, article.reason) == ("rejected", reason)
    assert "bad" in (article.message or "")
    assert time.monotonic() - begun < 20
    assert process_of(worker) != first


def test_one_process_does_many_pages_and_tells_what_they_cost(worker: PageWorker) -> None:
    assert len({process_of(worker) for _ in range(20)}) == 1
    assert worker.do(Page(source="p", content="fine")).cpu >= 0


def test_what_the_parent_holds_does_not_count(worker: PageWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program with much memory of its own keeps its worker."""
    monkeypatch.setattr(page_worker, "LARGEST", 500_000_000)
    held = bytearray(os.urandom(1_000_000)) * 600
    assert len({process_of(worker) for _ in range(3)}) == 1
    monkeypatch.setattr(page_worker, "LARGEST", 1_000_000)
    assert len({process_of(worker) for _ in range(3)}) == 3
    assert len(held) == 600_000_000


def test_a_pipeline_that_does_not_build_is_no_page_s_fault() -> None:
    with pytest.raises(RuntimeError, match="no such model"):
        PageWorker(Settings(), build_badly, extract).do(Page(source="p", content="x"))
