"""Extraction in worker processes that can be killed: one bad page costs its own time limit and nothing else.

Parsers of other people's pages can hang, run out of memory or crash the interpreter, and no exception handler
reaches them there. Each worker builds the pipeline once; pages go out and results come back in input order, with a
bounded number between.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from pebble import CONSTS, ProcessExpired, ProcessPool

from pipeline.records import Extraction, Page, Rejected
from pipeline.settings import Settings

_IN_FLIGHT_PER_WORKER = 4
_BREAKS_IN_A_ROW = 3
# A worker stuck in C code does not hear SIGTERM; pebble waits so many seconds before SIGKILL (3 by default).
_SECONDS_TO_DIE = 0.5


def extract_in_workers(
    pages: Iterable[Page | Rejected],
    settings: Settings,
    *,
    build: Callable[[Settings], Any],
    extract: Callable[[Page, Any], Extraction],
    workers: int = 1,
) -> Iterator[Extraction]:
    """One extraction for each of `pages`, in their order; a Rejected among them keeps its place.

    `build(settings)` runs once in each worker, `extract(page, pipeline)` once a page; both must be importable by
    name. At most four pages a worker are held at a time, so `pages` may be endless. A page that takes longer than
    `settings.max_seconds` comes back rejected as `timeout`, one whose worker dies or runs out of memory as
    `worker_died`. Any other exception of `build` or `extract` is a bug and is raised here, as is BrokenProcessPool
    when workers keep dying before they take a page.
    """
    with open_workers(settings, build=build, extract=extract, workers=workers) as results:
        yield from results(pages)


@contextlib.contextmanager
def open_workers(
    settings: Settings,
    *,
    build: Callable[[Settings], Any],
    extract: Callable[[Page, Any], Extraction],
    workers: int = 1,
) -> Generator[Callable[[Iterable[Page | Rejected]], Iterator[Extraction]]]:
    """As `extract_in_workers`, for several streams of pages one after the other, each read to its end."""
    crew = _Crew(settings, build, extract, workers)

    def results(pages: Iterable[Page | Rejected]) -> Iterator[Extraction]:
        for page in pages:
            crew.send(page)
            if len(crew.waiting) >= _IN_FLIGHT_PER_WORKER * workers:
                yield crew.next_result()
        while crew.waiting:
            yield crew.next_result()

    try:
        yield results
    finally:
        crew.stop()


class _Crew:
    """The workers of one run and the pages that they have not given back, oldest first."""

    def __init__(
        self,
        settings: Settings,
        build: Callable[[Settings], Any],
        extract: Callable[[Page, Any], Extraction],
        workers: int,
    ) -> None:
        self._settings = settings
        self._parts = (build, extract, settings)
        self._workers = workers
        self._breaks = 0
        self._pool = self._start()
        self.waiting: deque[tuple[Page, Future[Extraction]] | Rejected] = deque()

    def _start(self) -> ProcessPool:
        CONSTS.term_timeout = _SECONDS_TO_DIE
        return ProcessPool(
            max_workers=self._workers,
            initializer=_prepare,
            initargs=self._parts,
            context=multiprocessing.get_context("spawn"),
        )

    def send(self, page: Page | Rejected) -> None:
        self.waiting.append(page if isinstance(page, Rejected) else (page, self._schedule(page)))

    def _schedule(self, page: Page) -> Future[Extraction]:
        return self._pool.schedule(_work, args=(page,), timeout=self._settings.max_seconds)

    def next_result(self) -> Extraction:
        """The result of the oldest page, waited for."""
        while not isinstance(oldest := self.waiting[0], Rejected):
            page, future = oldest
            try:
                result = future.result()
            except BrokenProcessPool:
                self._restart()
                continue
            except TimeoutError as late:
                # One that `extract` raised carries the traceback of the worker as its cause.
                if late.__cause__:
                    raise
                result = _lost(page, "timeout", f"not done after {self._settings.max_seconds:g} seconds")
            except ProcessExpired as death:
                result = _lost(page, "worker_died", f"its worker process died (exit code {death.exitcode})")
            except MemoryError:
                result = _lost(page, "worker_died", "its worker process ran out of memory")
            self._breaks = 0
            self.waiting.popleft()
            return result
        self.waiting.popleft()
        return Extraction.of_rejected(oldest)

    def _restart(self) -> None:
        """New workers for the pages whose result was lost.

        A worker that dies in the moment in which it takes a page can take the pool along.
        """
        self._breaks += 1
        if self._breaks >= _BREAKS_IN_A_ROW:
            raise BrokenProcessPool("the workers die before they take a page; does the pipeline build?")
        self.stop()
        self._pool = self._start()
        for index, item in enumerate(self.waiting):
            if not isinstance(item, Rejected) and not (item[1].done() and item[1].exception() is None):
                self.waiting[index] = (item[0], self._schedule(item[0]))

    def stop(self) -> None:
        self._pool.stop()
        self._pool.join()


def _lost(page: Page, reason: str, why: str) -> Extraction:
    return Extraction.of_rejected(Rejected(source=page.source, reason=reason, message=f"{page.source}: {why}"))


class _Worker:
    """What a worker process keeps between pages; unused in the process that starts the workers."""

    extract: Callable[[Page, Any], Extraction]
    pipeline: Any = None
    failure: Exception | None = None


def _prepare(build: Callable[[Settings], Any], extract: Callable[[Page, Any], Extraction], settings: Settings) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all processes; the one that has this one ends it
    _Worker.extract = staticmethod(extract)
    try:
        _Worker.pipeline = build(settings)
    except Exception as failure:  # kept for the first page, which takes it to the caller
        _Worker.failure = failure


def _work(page: Page) -> Extraction:
    if _Worker.failure:
        raise _Worker.failure
    return _Worker.extract(page, _Worker.pipeline)
