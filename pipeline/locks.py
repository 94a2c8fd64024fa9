"""One writer at a time: locks that the system takes back from the dead, so that no kill leaves one behind.

They hold between the machines of a file system that they share, where it has locks (NFS has since version 3).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Generator
from pathlib import Path
from typing import BinaryIO

LOCK = ".lock"


class BusyError(RuntimeError):
    """Another run has the folder or writes the file; the message says which."""


@contextlib.contextmanager
def only_one(folder: Path) -> Generator[None]:
    """Hold a folder, which is made if missing, for one run. Raises BusyError while another has it."""
    folder.mkdir(parents=True, exist_ok=True)
    with _held(folder, "ab", fcntl.LOCK_EX):
        yield


@contextlib.contextmanager
def no_writer(folder: Path) -> Generator[None]:
    """Keep runs out of a folder while it is read. Raises BusyError while one has it.

    Where there is no lock, no run has been here since there are locks, or the folder may only be read: nobody is kept
    out then.
    """
    if not (folder / LOCK).exists():
        yield
        return
    with _held(folder, "rb", fcntl.LOCK_SH):
        yield


@contextlib.contextmanager
def _held(folder: Path, mode: str, kind: int) -> Generator[None]:
    with (folder / LOCK).open(mode) as file:
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError(f"another run has {folder}: wait for its end") from error
        yield


def locked(file: BinaryIO) -> bool:
    """Whether this process could lock an open file for itself; the lock ends when the file is closed."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def open_locked(path: Path) -> BinaryIO:
    """An empty file at `path`, open for writing and locked. Raises BusyError while another writes it."""
    while True:
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "wb")  # not emptied before it is locked
        try:
            if not locked(file):
                raise BusyError(f"another run is writing {path.parent}: wait for its end")
            # It may have taken its final name, or gone, between the two.
            if is_at(file, path):
                file.truncate()
                return file
        except BaseException:
            file.close()
            raise
        file.close()


def is_at(file: BinaryIO, path: Path) -> bool:
    """Whether an open file is the one that has this name now."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False
