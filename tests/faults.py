"""What tests of faults share: disks that take nothing, programs that can be stopped."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from test_cli import PROGRAM

FULL = "mount -t tmpfs -o size=8m none disk && cp -a before/. disk && { cat /dev/zero > disk/fill 2> /dev/null; true; }"
READ_ONLY = "mount --bind disk disk && mount -o remount,ro,bind disk"
"""How a disk becomes so, with a mount that only the process sees."""


@functools.cache
def own_mounts() -> bool:
    return subprocess.run(["unshare", "-rm", "true"], check=False, capture_output=True).returncode == 0


def hear_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def started(folder: Path, *words: object, **options: object) -> subprocess.Popen[bytes]:
    """A program in a session of its own whose children bear a mark in their environment, and that hears signals:
    a shell's job in the background, or one under `nohup`, is deaf to some, and so would be what it starts.
    """
    return subprocess.Popen(
        [PROGRAM, *map(str, words)], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        start_new_session=True, preexec_fn=hear_signals, env={**os.environ, "MARK": str(folder)}, **options,
    )  # fmt: skip


def wait_for(what: Callable[[], object], process: subprocess.Popen[bytes] | None = None, seconds: float = 240) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until
        if process and process.poll() is not None:
            raise AssertionError((process.communicate()[1] or b"").decode())
        time.sleep(0.05)
