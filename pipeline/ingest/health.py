"""How the operation does: what ran, what is stuck, how far behind it is, which sources need somebody."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from pipeline.ingest.config import Config
from pipeline.ingest.tables import claims, deliveries, hosts, pages, runs, sources
from pipeline.records import Record

_DAY = 86_400.0


class Run(Record):
    """A run that was. `outcome` is null of one that is under way or was killed."""

    id: str
    began: dt.datetime
    ended: dt.datetime | None
    outcome: str | None
    counts: dict[str, int]


class SourceHealth(Record):
    """How a source does. `alert` is what somebody should look at, if anything."""

    name: str
    kind: str
    found: int
    waiting: int
    checked: dt.datetime | None
    newest: dt.datetime | None
    failing_since: dt.datetime | None
    message: str | None
    seconds: float | None
    alert: str | None


class Status(Record):
    """The whole. `oldest_waiting` is when the page was found that waits longest: how far behind the operation is."""

    runs: tuple[Run, ...]
    sources: tuple[SourceHealth, ...]
    pages: dict[str, int]
    stuck: dict[str, int]
    """Pages that wait for another try, by the reason of the last one."""
    oldest_waiting: dt.datetime | None
    claims: int
    deliveries: dict[str, int]
    leased_hosts: int

    @property
    def alerts(self) -> tuple[str, ...]:
        """One sentence for each source that needs somebody."""
        return tuple(f"{source.name}: {source.alert}" for source in self.sources if source.alert)


def status(db: Connection, config: Config, now: float) -> Status:
    """The state of the operation at a time."""
    found = pages.c.status == "found"
    return Status(
        runs=tuple(_run(row) for row in db.execute(sa.select(runs).order_by(runs.c.began.desc()).limit(5)).mappings()),
        sources=source_health(db, config, now),
        pages=_counts(db, pages.c.status),
        stuck=_counts(db, pages.c.reason, found & pages.c.reason.is_not(None)),
        oldest_waiting=_time(db.scalar(sa.select(sa.func.min(pages.c.found_at)).where(found))),
        claims=db.scalar(sa.select(sa.func.count()).select_from(claims)) or 0,
        deliveries=_counts(db, deliveries.c.status),
        leased_hosts=db.scalar(sa.select(sa.func.count()).where(hosts.c.owner.is_not(None))) or 0,
    )


def source_health(db: Connection, config: Config, now: float) -> tuple[SourceHealth, ...]:
    """Every source of the settings, in their order."""
    kept = {row["name"]: dict(row) for row in db.execute(sa.select(sources)).mappings()}
    waiting = _counts(db, pages.c.source, pages.c.status == "found")
    return tuple(
        _source(source.name, source.kind, source.silent_days, config.operation.failing_days,
                kept.get(source.name, {}), waiting.get(source.name, 0), now)
        for source in config.sources
    )  # fmt: skip


def sources_due(db: Connection, name: str | None) -> int:
    """Make the sources that failed due at once, or the one of this name; returns how many."""
    chosen = sources.c.next_try.is_not(None) if name is None else sources.c.name == name
    return db.execute(sources.update().where(chosen).values(next_try=None)).rowcount


def _source(
    name: str, kind: str, silent_days: float, failing_days: float, row: dict[str, Any], waiting: int, now: float
) -> SourceHealth:
    failing, newest = row.get("failing_since"), row.get("new_at")
    alert = None
    if failing is not None and now - failing >= failing_days * _DAY:
        alert = f"has failed for {(now - failing) / _DAY:.0f} days: {row.get('message')}"
    elif newest is not None and now - newest >= silent_days * _DAY and kind != "pages":
        alert = f"has had nothing new for {(now - newest) / _DAY:.0f} days"
    return SourceHealth(
        name=name, kind=kind, found=row.get("found") or 0, waiting=waiting, checked=_time(row.get("checked_at")),
        newest=_time(newest), failing_since=_time(failing), message=row.get("message"), seconds=row.get("seconds"),
        alert=alert,
    )  # fmt: skip


def _run(row: Any) -> Run:
    began, ended = (row[name] and dt.datetime.fromtimestamp(row[name], dt.UTC) for name in ("began", "ended"))
    return Run(
        id=row["id"],
        began=began,
        ended=ended,
        outcome=row["outcome"],
        counts=json.loads(row["counts"] or "{}"),
    )


def _time(seconds: float | None) -> dt.datetime | None:
    return None if seconds is None else dt.datetime.fromtimestamp(int(seconds), dt.UTC)


def _counts(db: Connection, column: sa.Column[Any], where: sa.ColumnElement[bool] | None = None) -> dict[str, int]:
    chosen = sa.select(column, sa.func.count()).group_by(column).order_by(column)
    rows = db.execute(chosen if where is None else chosen.where(where))
    return {str(name): number for name, number in rows}
