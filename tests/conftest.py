"""Settings of all tests: properties are tried on the same examples in every run, so that a run can be repeated."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

# Imported here, before warnings are errors: urllib3 below it warns on its first import of what is not installed.
import trafilatura  # noqa: E402, F401
