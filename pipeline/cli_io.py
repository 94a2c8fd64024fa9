"""What all verbs share: their exit codes, and what becomes of output that cannot be written."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import sys
from collections.abc import Generator
from pathlib import Path

import click

REJECTED, FAILED, PIPE_CLOSED = 1, 3, 141
"""Exit codes beside 0 (done) and 2 (usage): some inputs rejected; nothing written; the reader of stdout went away."""


@contextlib.contextmanager
def printing() -> Generator[None]:
    """Ends the program where stdout takes no more: 141 when its reader went away, else a usage error."""
    try:
        yield
        sys.stdout.flush()
    except OSError as error:
        # What is still buffered must not be tried again while Python shuts down.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            sys.exit(PIPE_CLOSED)
        raise click.UsageError(f"cannot write to stdout: {error.strerror or error}") from error


@contextlib.contextmanager
def writing(out: Path) -> Generator[None]:
    """Turns an output that cannot be written into a usage error that names it."""
    try:
        yield
    except OSError as error:
        raise click.UsageError(f"cannot write {out}: {error.strerror or error}") from error


def day(_context: click.Context, _parameter: click.Parameter, value: str | None) -> dt.date | None:
    """Reads an option that is a day."""
    try:
        return None if value is None else dt.date.fromisoformat(value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is no date such as 2026-03-05.") from error
