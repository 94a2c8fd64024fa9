"""The same pages give the same bytes on any day: nothing on the way from page to claim asks the clock."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import time_machine

from pipeline import Settings, build, extract_page
from pipeline.sources.files import read_paths

SAMPLES = Path(__file__).parent.parent / "corpus" / "samples"
NAMES = ("wire-larkspur-juniper-basin.html", "trade-ostara-lahti.md", "local-cobalt-ridge-hearing.txt")


@pytest.mark.parametrize("name", NAMES)
def test_another_day_gives_the_same_bytes(name: str):
    def outcome(day: dt.datetime) -> list[str]:
        with time_machine.travel(day, tick=False):
            pipeline = build(Settings())
            results = [extract_page(page, pipeline) for page in read_paths([str(SAMPLES / name)], Settings())]
        return [
            line for result in results for line in (result.article.to_json(), *(c.to_json() for c in result.claims))
        ]

    early, late = outcome(dt.datetime(2026, 5, 7, tzinfo=dt.UTC)), outcome(dt.datetime(2031, 12, 31, 23, tzinfo=dt.UTC))
    assert len(early) > 1
    assert early == late
