"""One process that does one page at a time for a caller that waits, so that both together use one core.

The process is killed and replaced when a page takes too long, kills it, or makes it too large. `pipeline.pool` is for
a caller that wants several pages at once.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import resource
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.records import Extraction, Page, Rejected
from pipeline.settings import Settings

_MEBI = 1 << 20
LARGEST = 700 * _MEBI
"""Resident bytes after which the process is replaced before the next page: parsers and vocabularies grow."""
_MOST = 900 * _MEBI
"""Bytes of data that it is given at all; a page that wants more is rejected."""
_START = 120.0
"""Seconds for a new process to be ready, on a machine that is busy."""


class Done(NamedTuple):
    """What came of a page, and the CPU seconds that it cost in the worker."""

    result: Extraction
    cpu: float


class PageWorker:
    """`extract(page, build(settings))` in a process of its own; both must be importable by name."""

    def __init__(
        self, settings: Settings, build: Callable[[Settings], Any], extract: Callable[[Page, Any], Extraction]
    ) -> None:
        self._settings, self._parts = settings, (build, extract, settings)
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self._size = 0

    def do(self, page: Page) -> Done:
        """The extraction of a page; rejected as `timeout`, `worker_died` or `out_of_memory` where it gives none.

        Raises RuntimeError when `build` fails, since no page will do then.
        """
        if self._size > LARGEST:
            self.stop()
        pipe = self._ready()
        with contextlib.suppress(BrokenPipeError):  # found out below
            pipe.send(page)
        try:
            if not pipe.poll(self._settings.max_seconds):
                self.stop()
                return _lost(page, "timeout", f"not done after {self._settings.max_seconds:g} seconds")
            result, cpu, self._size = pipe.recv()
        except (EOFError, OSError):
            code = self.stop()
            return _lost(page, "worker_died", f"its worker process died (exit code {code})")
        if result is None:
            self.stop()
            return _lost(page, "out_of_memory", "it needs more memory than a page is given")
        return Done(result, cpu)

    def stop(self) -> int | None:
        """End the process, whatever it does; its exit code."""
        if self._process is None or self._pipe is None:
            return None
        self._process.kill()
        self._process.join()
        self._pipe.close()
        code, self._process, self._pipe, self._size = self._process.exitcode, None, None, 0
        return code

    def _ready(self) -> Connection:
        if self._process is not None and self._pipe is not None and self._process.is_alive():
            return self._pipe
        self.stop()
        spawn = multiprocessing.get_context("spawn")
        self._pipe, other = spawn.Pipe()
        self._process = spawn.Process(target=_serve, args=(other, *self._parts), daemon=True)
        self._process.start()
        other.close()
        failure: str | None = "the worker process does not start"
        with contextlib.suppress(EOFError):
            failure = self._pipe.recv() if self._pipe.poll(_START) else failure
        if failure:
            self.stop()
            raise RuntimeError(failure)
        return self._pipe


def _lost(page: Page, reason: str, why: str) -> Done:
    return Done(
        Extraction.of_rejected(Rejected(source=page.source, reason=reason, message=f"{page.source}: {why}")), 0.0
    )


def _serve(
    pipe: Connection, build: Callable[[Settings], Any], extract: Callable[[Page, Any], Extraction], settings: Settings
) -> None:
    """The life of the process: ends when the other side of the pipe is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all processes; the pipe tells of the caller's end
    try:
        pipeline = build(settings)
    except Exception as error:
        pipe.send(f"{type(error).__name__}: {error}")
        return
    # Set last: compilers of patterns reserve more than they use.
    resource.setrlimit(resource.RLIMIT_DATA, (_MOST, resource.RLIM_INFINITY))
    pipe.send(None)
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            page = pipe.recv()
            begun = time.process_time()
            try:
                result = extract(page, pipeline)
            except MemoryError:
                result = None
            pipe.send((result, time.process_time() - begun, _size()))


def _size() -> int:
    """Bytes of memory that this process holds.

    Where the system does not tell: the most that it ever held, which begins with what its parent held (getrusage(2)).
    """
    with contextlib.suppress(OSError):
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
