"""Settings of all tests: properties are tried on the same examples in every run, so that a run can be repeated."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from pipeline.ingest.run import Extract

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

# Imported here, before warnings are errors: urllib3 below it warns on its first import of what is not installed.
import trafilatura  # noqa: E402, F401


def pytest_configure(config: pytest.Config) -> None:
    """One cache for all tests and the programs that they start, and none of the user's."""
    if not hasattr(config, "workerinput"):
        cache = os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="infraclaims-cache-")
        config.add_cleanup(lambda: shutil.rmtree(cache, ignore_errors=True))


@pytest.fixture(scope="module")
def extract() -> Iterator[Extract]:
    """What makes claims of the pages of an ingestion."""
    from pipeline.ingest.run import extraction
    from pipeline.settings import Settings

    with extraction(Settings()) as made:
        yield made
