"""Processes of this machine that do shards, a shard each at a time, for threads that wait."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import CancelledError, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait

from pipeline.manifest import Entry
from pipeline.screen import prepare, prepared
from pipeline.shards import ShardTask, run_shard

_BREAKS = 3


class ShardPool:
    """`workers` processes; each keeps its page worker from shard to shard, and ends when its parent is gone."""

    def __init__(self, workers: int, *, screen: bool) -> None:
        self._workers, self._compiled = workers, prepared() if screen else None
        self._lock = threading.Lock()
        self._pool = self._start()
        self._breaks = 0

    def do(self, task: ShardTask) -> Entry:
        """`run_shard` in one of the processes, waited for.

        A shard whose process was killed is done again by new processes; when they keep dying BrokenProcessPool says so.
        """
        while True:
            pool = self._pool
            try:
                return pool.submit(run_shard, task).result()
            except (BrokenProcessPool, CancelledError):
                self._restart(pool)
            except RuntimeError:
                # Another thread has put new processes in the place of those that this one knew.
                if pool is self._pool:
                    raise

    def _restart(self, broken: ProcessPoolExecutor) -> None:
        with self._lock:
            if self._pool is not broken:
                return  # another thread was faster
            self._breaks += 1
            if self._breaks > _BREAKS:
                raise BrokenProcessPool("the processes that do the shards keep dying; is there enough memory?")
            broken.shutdown(wait=False, cancel_futures=True)
            self._pool = self._start()

    def _start(self) -> ProcessPoolExecutor:
        spawn = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self._workers, mp_context=spawn, initializer=_begin, initargs=(self._compiled,))

    def close(self) -> None:
        """End the processes; shards that are being done are finished first."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _begin(compiled: bytes | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all processes; this one ends with its parent
    if compiled:
        prepare(compiled)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    """A killed parent cannot tell its processes to go."""
    wait([sentinel])
    os._exit(1)
