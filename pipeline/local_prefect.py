"""A Prefect of its own: for one run, with nothing left behind, or for a schedule, with its files in a folder.

Prefect reads its settings while it is imported, so they are set in the environment before `pipeline.flows` is
imported. Whoever has chosen a Prefect already (an API URL, a profile or a home in the environment) keeps it.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import functools
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from importlib import metadata
from pathlib import Path

from pipeline.cli_io import AT_LEAVING

_CHOSEN = ("PREFECT_API_URL", "PREFECT_PROFILE", "PREFECT_HOME")
_QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",
    "PREFECT_LOGGING_TO_API_ENABLED": "false",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
}
_IDLE = (
    "SCHEDULER", "LATE_RUNS", "PAUSE_EXPIRATIONS", "CANCELLATION_CLEANUP", "FOREMAN", "TRIGGERS", "REPOSSESSOR",
    "DB_VACUUM", "TASK_RUN_RECORDER", "EVENT_PERSISTER", "EVENT_LOGGER",
)  # fmt: skip
"""Services of a server that nobody schedules with and whose database nobody will read: they cost by the clock and by
the task."""
_START_SECONDS = 120.0
_DATABASE = "prefect.db"
_ROOM = 20 << 20
_MEMORY = Path("/dev/shm")  # noqa: S108  # the database goes with the run; on a disk its set-up takes seconds longer


def prepare() -> None:
    """Set the environment of this process and its children for a private Prefect; its home goes when Python exits.

    Raises OSError where there is no room for it.
    """
    if any(name in os.environ for name in _CHOSEN):
        return
    memory = _MEMORY if "TMPDIR" not in os.environ and os.access(_MEMORY, os.W_OK) else None
    home = tempfile.mkdtemp(prefix="infraclaims-prefect-", dir=memory)
    if shutil.disk_usage(home).free < _ROOM:  # its server would not start, and be waited for
        Path(home).rmdir()
        raise OSError(errno.ENOSPC, f"Prefect needs {_ROOM >> 20} MB here for its database", str(Path(home).parent))
    copy_tables(Path(home))
    # Registered before Prefect registers the stop of its server, hence run after it.
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    AT_LEAVING.append(functools.partial(shutil.rmtree, home, ignore_errors=True))
    idle = {f"PREFECT_SERVER_SERVICES_{name}_ENABLED": "false" for name in _IDLE}
    os.environ.update({**_QUIET, **idle, "PREFECT_HOME": home, "NO_PROXY": _unproxied()})


def copy_tables(home: Path) -> None:
    """Put a database with Prefect's tables, empty, into a home. Where that cannot be, its server makes them itself.

    Making them takes seconds of a processor, so it is done once for each version of Prefect, and kept in the cache of
    the user.
    """
    if (home / _DATABASE).exists():
        return
    with contextlib.suppress(OSError, RuntimeError, subprocess.SubprocessError):
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "infraclaims"
        kept = cache / f"prefect-{metadata.version('prefect')}.db"
        if not kept.exists():
            cache.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=cache, ignore_cleanup_errors=True) as made:
                command = [sys.executable, "-m", "prefect", "server", "database", "upgrade", "--yes"]
                environment = {**os.environ, **_QUIET, "PREFECT_HOME": made}
                subprocess.run(command, env=environment, capture_output=True, check=True, timeout=_START_SECONDS)  # noqa: S603
                (Path(made) / _DATABASE).replace(kept)
        copied = shutil.copyfile(kept, home / f"{_DATABASE}.tmp")
        copied.replace(home / _DATABASE)


def _unproxied() -> str:
    return ",".join(name for name in (os.environ.get("NO_PROXY"), "127.0.0.1", "localhost") if name)


@contextlib.contextmanager
def server(home: Path) -> Generator[str]:
    """The API of the Prefect that the environment names, or of a server on loopback that ends with the block.

    Its files are kept in `home`, its log is `home/server.log`. Raises OSError where it does not start.
    """
    if api := os.environ.get("PREFECT_API_URL"):
        yield api
        return
    home.mkdir(parents=True, exist_ok=True)
    copy_tables(home)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    api = f"http://127.0.0.1:{port}/api"
    own = {"PREFECT_HOME": str(home.resolve()), "PREFECT_API_URL": api, "NO_PROXY": _unproxied()}
    os.environ.update({name: value for name, value in _QUIET.items() if "LOGGING" not in name} | own)
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with (home / "server.log").open("ab") as log:
        # In a group of its own: Ctrl-C stops what uses the server, and that stops the server.
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, process_group=0)  # noqa: S603
        try:
            _wait_for(api, process, home / "server.log")
            yield api
        finally:
            process.terminate()
            process.wait()


def _wait_for(api: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{api}/health", timeout=5):  # noqa: S310  # our own address
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise OSError(f"the Prefect server did not start; its log is {log}")
