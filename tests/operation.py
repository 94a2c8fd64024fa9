"""An operation of a test: a folder with a sources file, runs under a clock that the test turns, and what came out."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.ingest import closing, config, health
from pipeline.ingest.context import Context, Event
from pipeline.ingest.run import Extract, extraction, open_run
from pipeline.ingest.tables import opened
from pipeline.settings import Settings

START = dt.datetime(2026, 3, 5, 8, 0, tzinfo=dt.UTC)


class Operation:
    """`sources` is the text of the sources behind the settings; `now` is turned by the test."""

    def __init__(self, home: Path, sources: str, settings: str = "", politeness: str = "") -> None:
        self.home, self.now = home, START
        self.events: list[Event] = []
        self.after: Callable[[Event], None] = lambda _: None
        text = (
            '[operation]\ncontact = "tests@example.org"\nallow_addresses = ["127.0.0.1/32"]\npatience = 1.0\n'
            f"{settings}\n[politeness]\ndelay = 0.0\nretry_after = 0.2\nattempts = 3\n"
            f"{politeness or 'timeout = 5.0'}\n{sources}"
        )
        (home / "sources.toml").write_text(text)
        self.config = config.load(home / "sources.toml")

    @contextmanager
    def opened(self) -> Iterator[Context]:
        with open_run(self.config, lambda: self.now, self._hear) as context:
            yield context

    def _hear(self, event: Event) -> None:
        self.events.append(event)
        self.after(event)

    def run(self, extract: Extract | None = None, minutes: float = 60) -> closing.RunReport:
        """One run; then the clock goes on."""
        self.events.clear()
        with self.opened() as context:
            if extract:
                report = closing.ingest(context, Settings(), extract)
            else:
                with extraction(Settings()) as own:
                    report = closing.ingest(context, Settings(), own)
        self.now += dt.timedelta(minutes=minutes)
        return report

    def status(self) -> health.Status:
        with opened(self.config.state_url) as engine, engine.connect() as db:
            return health.status(db, self.config, self.now.timestamp())

    def lines(self, kind: str) -> list[dict[str, Any]]:
        """All records of a kind, in the order of days and batches; every line is whole."""
        return [
            json.loads(line)
            for path in sorted((self.config.data / kind).glob("date=*/*.jsonl"))
            for line in path.read_text(encoding="utf-8").splitlines()
        ]

    def dispositions(self) -> dict[str, tuple[str, str | None]]:
        """By source; fails where one has two."""
        articles = self.lines("articles")
        counts = Counter(article["source"] for article in articles)
        assert [name for name, count in counts.items() if count > 1] == []
        return {article["source"]: (article["disposition"], article["reason"]) for article in articles}

    def outcomes(self, stage: str) -> dict[str, str]:
        return {event.subject: event.outcome for event in self.events if event.stage == stage}


def source(name: str, kind: str, **fields: Any) -> str:
    lines = [f"[[sources]]\nname = {json.dumps(name)}\nkind = {json.dumps(kind)}"]
    lines += [f"{key} = {value if key == 'filters' else json.dumps(value)}" for key, value in fields.items()]
    return "\n".join(lines) + "\n"
