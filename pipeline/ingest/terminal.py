"""What the operator sees: progress on a terminal, one JSON object a line elsewhere, and the state of the operation."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import sys
from collections.abc import Callable, Generator
from typing import Literal, TextIO, cast

from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from pipeline.display import one_line
from pipeline.ingest.context import Clock, Event
from pipeline.ingest.health import Status

_GOOD = frozenset({"fetched", "unchanged", "extracted", "irrelevant", "duplicate", "read", "published", "done", "sent"})
_BARS = {"discover": "sources", "fetch": "fetched", "extract": "extracted"}


@contextlib.contextmanager
def listening(clock: Clock, stream: TextIO | None = None) -> Generator[Callable[[Event], None]]:
    """Where a run reports to: bars and the troubles on a terminal, structured lines anywhere else."""
    stream = stream or cast(TextIO | None, sys.stderr)
    if stream is None:
        yield lambda _: None
        return
    if not stream.isatty():
        yield lambda event: print(log_line(event, clock()), file=stream, flush=True)
        return
    console = Console(file=stream, highlight=False)
    columns = TextColumn("{task.description:>10}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def show(event: Event) -> None:
            if event.stage in _BARS:
                if event.stage not in tasks:
                    tasks[event.stage] = progress.add_task(_BARS[event.stage], total=None)
                progress.advance(tasks[event.stage])
            if event.outcome not in _GOOD:
                progress.console.print(Text(trouble(event), style="yellow"))

        yield show


def level(event: Event) -> Literal["debug", "info", "warning"]:
    """How much an event matters: a page that went well is told by the counts of its batch."""
    if event.outcome not in _GOOD:
        return "warning"
    return "debug" if event.stage in ("fetch", "extract") else "info"


def log_line(event: Event, at: dt.datetime) -> str:
    """The event as JSON: `at`, `level`, then its fields; control characters escaped."""
    fields = event.model_dump(exclude_none=True)
    told = {"at": at.isoformat(timespec="milliseconds"), "level": level(event), **fields}
    return json.dumps(told, ensure_ascii=True)


def trouble(event: Event) -> str:
    """The event as a sentence."""
    said = f": {one_line(event.message)}" if event.message else ""
    return f"{event.stage} {one_line(event.subject)} {event.outcome}{said}"


def status_view(status: Status, now: dt.datetime) -> RenderableType:
    """The state of the operation for a terminal."""
    parts: list[RenderableType] = [Text(f"alert: {one_line(alert)}", style="bold red") for alert in status.alerts]
    runs = _table("run", "began", "took", "outcome", "new pages", "claims", "rejected")
    for run in status.runs:
        took = f"{(run.ended - run.began).total_seconds():.0f} s" if run.ended else "-"
        outcome = run.outcome or "under way or killed"
        numbers = (str(run.counts.get(name, "-")) for name in ("new_pages", "claims", "rejected"))
        runs.add_row(run.id, _ago(run.began, now), took, outcome, *numbers)
    sources = _table("source", "kind", "pages", "waiting", "checked", "newest", "state")
    for source in status.sources:
        state = source.alert or (f"failing: {source.message}" if source.failing_since else "ok")
        sources.add_row(
            source.name, source.kind, str(source.found), str(source.waiting), _ago(source.checked, now),
            _ago(source.newest, now), one_line(state),
        )  # fmt: skip
    parts += [runs, Text(), sources, Text()]
    parts.append(Text(f"pages: {_listed(status.pages)} · claims: {status.claims:,}"))
    if status.stuck:
        parts.append(Text(f"waiting for another try: {_listed(status.stuck)}", style="yellow"))
    behind = f"the page that waits longest was found {_ago(status.oldest_waiting, now)}"
    parts.append(Text(behind if status.oldest_waiting else "nothing waits to be fetched"))
    if status.deliveries:
        parts.append(Text(f"webhook: {_listed(status.deliveries)}"))
    return Group(*parts)


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items()) or "none"


def _ago(then: dt.datetime | None, now: dt.datetime) -> str:
    if then is None:
        return "never"
    seconds = max(0, int((now - then).total_seconds()))
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit} ago"
    return f"{seconds} s ago"
