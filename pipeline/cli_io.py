"""What all verbs share: their exit codes, their streams, signals, and what becomes of output that cannot be written."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click

from pipeline.locks import BusyError

REJECTED, USAGE, FAILED, PIPE_CLOSED = 1, 2, 3, 141
"""Exit codes beside 0 (done): some inputs rejected; wrong usage; nothing written; the reader of stdout went away.

A program that a signal stopped ends with 128 and the number of the signal, as a shell tells it.
"""
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PATIENCE = 5.0
"""Seconds for a stopped program to clean up. Ctrl-C reaches its children too, and Prefect waits for a server of its own
for ever; whatever is left then is what `kill -9` leaves, and the next run mends that."""
AT_LEAVING: list[Callable[[], None]] = []
"""What is done even then, beside killing the children."""


class Program(click.Group):
    """The group of all verbs: what happens to any of them at its edges happens here."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """As any command, with streams that are there, and with its cleaning up done when it is stopped."""
        _mend_streams()
        try:
            with _stoppable():
                return super().main(*args, **extra)
        except OSError as error:
            if error.filename is not None:
                raise
            _give_up_stdout()  # `--help` and `--version` meet a full disk here: click prints them
            click.echo(f"infraclaims: cannot write to stdout: {error.strerror or error}", err=True)
            sys.exit(USAGE)

    def invoke(self, ctx: click.Context) -> Any:
        """As any group; click would end with 1 after Ctrl-C, which says that inputs were rejected."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            _stop(signal.SIGINT)


@contextlib.contextmanager
def _stoppable() -> Generator[None]:
    """Signals that stop the program clean up first, and end it in time whatever the block does with them."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    threading.Thread(target=_leave_in_time, args=(reader,), daemon=True).start()
    # Told of every signal that has a handler, whoever put it there: Prefect has its own during a flow.
    wakeup = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    before = {number: signal.getsignal(number) for number in _STOPPING}
    for number, handler in before.items():
        # `nohup` leaves it ignored. Ctrl-C stays Python's: asyncio, and Prefect's `serve`, end in order by it alone.
        if handler is not signal.SIG_IGN and number != signal.SIGINT:
            signal.signal(number, _stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakeup)
        os.close(writer)


def _leave_in_time(reader: int) -> None:
    with open(reader, "rb", buffering=0) as signals:
        number = next((each[0] for each in iter(lambda: signals.read(1), b"") if each[0] in _STOPPING), None)
    if number is None:
        return
    # By the system's own call: the signal may have come in the middle of a write to the stream.
    with contextlib.suppress(OSError):
        os.write(2, f"infraclaims: stopped by {signal.Signals(number).name}\n".encode())
    time.sleep(_PATIENCE)
    for leave in AT_LEAVING:
        leave()
    for children in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in children.read_text().split():
                os.kill(int(child), signal.SIGKILL)
    os._exit(128 + number)


def _stop(number: int, _frame: FrameType | None = None) -> NoReturn:
    for each in _STOPPING:  # once is enough: what is half written goes now
        signal.signal(each, signal.SIG_IGN)
    # They would tell of every task that this stops, and of every object that it stops half made.
    logging.getLogger("asyncio").disabled = True
    sys.unraisablehook = lambda _: None
    raise SystemExit(128 + number)


def _mend_streams() -> None:
    """Streams that were closed are opened on nothing, or the first output file would be taken for one of them.

    What cannot be said on stderr costs no work: a full disk under a log ends no run.
    """
    for descriptor, mode in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, mode)  # takes the lowest number that is free; stdout so that writing to it fails
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is sys.__stderr__:
        sys.stderr = io.TextIOWrapper(
            io.BufferedWriter(_Said()), encoding="utf-8", errors="backslashreplace", line_buffering=True
        )


class _Said(io.RawIOBase):
    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return os.isatty(2)

    def fileno(self) -> int:
        return 2

    def write(self, data: Any, /) -> int:
        with contextlib.suppress(OSError):
            return os.write(2, data)
        return len(data)


@contextlib.contextmanager
def printing() -> Generator[None]:
    """Ends the program where stdout takes no more: 141 when its reader went away, else a usage error."""
    try:
        yield
        sys.stdout.flush()
    except OSError as error:
        _give_up_stdout()
        if isinstance(error, BrokenPipeError):
            sys.exit(PIPE_CLOSED)
        raise click.UsageError(f"cannot write to stdout: {error.strerror or error}") from error


def _give_up_stdout() -> None:
    """What is still buffered must not be tried again while Python shuts down."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def writing(out: Path) -> Generator[None]:
    """Makes a usage error, which names it, of an output that cannot be written or that nothing is there for."""
    from pipeline.store import NothingThereError

    try:
        yield
    except (BusyError, NothingThereError) as error:
        raise click.UsageError(str(error)) from error
    except OSError as error:
        raise click.UsageError(f"cannot write {out}: {error.strerror or error}") from error


def named_for_prefect(*paths: str | Path) -> None:
    """A usage error for the first name that is no UTF-8: Prefect keeps what a flow is given as JSON."""
    for path in map(str, paths):
        if path != path.encode("utf-8", "replace").decode("utf-8"):
            shown = path.encode("utf-8", "backslashreplace").decode("utf-8")
            raise click.UsageError(f"{shown}: its name is no UTF-8, which Prefect does not take; `extract` does")


def counted(number: int, noun: str) -> str:
    """A number with its noun: "1 shard", "2,000 shards"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def write_page(path: Path, text: str) -> None:
    """Write one page, whole or not at all, and say so. Raises a usage error that names it."""
    from pipeline.store import replacing

    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing([path]) as (file,):
            file.write(text.encode("utf-8", "replace"))
    click.echo(f"wrote {path}", err=True)


def day(_context: click.Context, _parameter: click.Parameter, value: str | None) -> dt.date | None:
    """Reads an option that is a day."""
    try:
        return None if value is None else dt.date.fromisoformat(value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is no date such as 2026-03-05.") from error
