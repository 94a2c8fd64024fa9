"""A Prefect of its own for one run: nothing to start beforehand, nothing left behind, nobody told.

Prefect reads its settings while it is imported, so they are set in the environment before `pipeline.flows` is
imported. Whoever has chosen a Prefect already (an API URL, a profile or a home in the environment) keeps it.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

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
_MEMORY = Path("/dev/shm")  # noqa: S108  # the database goes with the run; on a disk its set-up takes seconds longer


def prepare() -> None:
    """Set the environment of this process and its children for a private Prefect; its home goes when Python exits."""
    if any(name in os.environ for name in _CHOSEN):
        return
    memory = _MEMORY if "TMPDIR" not in os.environ and os.access(_MEMORY, os.W_OK) else None
    home = tempfile.mkdtemp(prefix="infraclaims-prefect-", dir=memory)
    # Registered before Prefect registers the stop of its server, hence run after it.
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    unproxied = [name for name in (os.environ.get("NO_PROXY"), "127.0.0.1", "localhost") if name]
    os.environ.update({**_QUIET, "PREFECT_HOME": home, "NO_PROXY": ",".join(unproxied)})
