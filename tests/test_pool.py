"""The worker pool: order, memory, and pages that hang, crash or uncover a bug."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from itertools import count, islice

import pytest

from pipeline.pool import extract_in_workers
from pipeline.records import ArticleRecord, Extraction, Page, Rejected
from pipeline.settings import Settings

LIMIT = 0.5
SETTINGS = Settings(max_seconds=LIMIT)


def build(settings: Settings) -> dict[str, int]:
    return {"pid": os.getpid()}


def build_badly(settings: Settings) -> None:
    raise LookupError("no such model")


def build_and_die(settings: Settings) -> None:
    os._exit(3)


def extract(page: Page, pipeline: dict[str, int]) -> Extraction:
    order = str(page.content)
    if order == "hang":
        time.sleep(60)
    elif order == "hang unheard":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(60)
    elif order == "exit":
        os._exit(7)
    elif order == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif order == "memory":
        raise MemoryError
    elif order == "bug":
        raise KeyError("a bug")
    elif order == "late":
        raise TimeoutError("of its own")
    elif order.startswith("slow"):
        time.sleep(0.2)
    assert pipeline["pid"] == os.getpid()
    record = ArticleRecord(source=page.source, disposition="extracted", text=order)
    return Extraction(article=record)


def pages(*orders: str) -> Iterator[Page]:
    for number, order in enumerate(orders):
        yield Page(source=f"page {number}", content=order)


def run(*orders: str, workers: int = 1) -> list[ArticleRecord]:
    results = extract_in_workers(pages(*orders), SETTINGS, build=build, extract=extract, workers=workers)
    return [result.article for result in results]


def test_order_is_kept_whatever_each_page_takes() -> None:
    articles = run("slow 0", "1", "slow 2", "3", "4", "5", "6", "7", "8", "9", workers=2)
    assert [article.source for article in articles] == [f"page {number}" for number in range(10)]


@pytest.mark.parametrize("order", ["hang", "hang unheard"])
def test_a_hanging_page_is_killed_and_the_rest_goes_on(order: str) -> None:
    results = extract_in_workers(pages("before", order, "after"), SETTINGS, build=build, extract=extract)
    assert next(results).article.disposition == "extracted"
    begun = time.monotonic()
    late = next(results).article
    took = time.monotonic() - begun
    assert (late.disposition, late.reason) == ("rejected", "timeout")
    assert late.message == "page 1: not done after 0.5 seconds"
    assert took < LIMIT + 2
    assert [result.article.text for result in results] == ["after"]


@pytest.mark.parametrize(("order", "code"), [("exit", "7"), ("segfault", "-11"), ("memory", "out of memory")])
def test_a_page_that_kills_its_worker_is_rejected_and_the_rest_goes_on(order: str, code: str) -> None:
    before, dead, after = run("before", order, "after")
    assert (dead.source, dead.disposition, dead.reason) == ("page 1", "rejected", "worker_died")
    assert code in (dead.message or "")
    assert [before.text, after.text] == ["before", "after"]


@pytest.mark.parametrize(("order", "error"), [("bug", KeyError), ("late", TimeoutError)])
def test_an_exception_of_the_extractor_is_raised(order: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        run("before", order, "after")


def test_a_pipeline_that_does_not_build_raises_its_own_error() -> None:
    with pytest.raises(LookupError, match="no such model"):
        list(extract_in_workers(pages("x"), SETTINGS, build=build_badly, extract=extract))


def test_workers_that_never_come_up_are_given_up() -> None:
    with pytest.raises(RuntimeError):
        list(extract_in_workers(pages("x"), SETTINGS, build=build_and_die, extract=extract))


def test_a_rejected_input_keeps_its_place() -> None:
    gone = Rejected(source="gone.html", reason="missing", message="gone.html: there is no such file or folder")
    inputs = [*pages("a"), gone, *pages("b")]
    articles = [result.article for result in extract_in_workers(inputs, SETTINGS, build=build, extract=extract)]
    assert [article.text for article in articles] == ["a", None, "b"]
    assert (articles[1].source, articles[1].reason, articles[1].message) == ("gone.html", "missing", gone.message)


def test_an_endless_input_is_read_only_a_little_ahead() -> None:
    taken = 0

    def endless() -> Iterator[Page]:
        nonlocal taken
        for taken in count(1):
            yield Page(source=f"page {taken}", content="x")

    results = extract_in_workers(endless(), SETTINGS, build=build, extract=extract, workers=2)
    assert len(list(islice(results, 20))) == 20
    assert taken <= 20 + 4 * 2
    results.close()  # type: ignore[attr-defined]
