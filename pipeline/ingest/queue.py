"""The pages that were found and the hosts they are on: what is due, who has it, what became of it.

Functions over a transaction of the state. Times are seconds since 1970. A page is `found` (to be fetched), `fetched`
(in the archive, to be extracted), `refused` (given up, its disposition to be published) or `done`. A worker leases
hosts, not pages: so a host has one queue, however many workers there are.
"""

from __future__ import annotations

import datetime as dt
import math
import time
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from pipeline.archive import Location
from pipeline.ingest.feeds import Entry
from pipeline.ingest.fetcher import Refused, Validators
from pipeline.ingest.tables import hosts, pages, serialise
from pipeline.ingest.urls import host as host_of
from pipeline.records import Page, Record

Status = Literal["found", "fetched", "refused", "done"]
_LONGEST_WAIT = 12 * 3_600.0
# A time to wait for that is further off was set by a clock that has gone back since.
_NEVER = 2 * 86_400.0
_SKEW = 3_600.0
_RECHECK_DAYS = 7


class Waiting(Record):
    """A page in a worker's hands."""

    id: int
    url: str
    host: str
    source: str
    published: dt.date | None
    status: Status
    attempts: int
    next_try: float | None
    reason: str | None
    message: str | None
    etag: str | None
    last_modified: str | None
    content_sha256: str | None
    fetched_at: float | None
    archive_file: str | None
    archive_offset: int | None
    document: str | None

    def wait(self, now: float) -> float:
        """Seconds until it may be asked for; none where a clock that has gone back since set a time far off."""
        ahead = (self.next_try or 0.0) - now
        return ahead if 0.0 < ahead <= _NEVER else 0.0

    @property
    def validators(self) -> Validators:
        """What makes the next request conditional."""
        return Validators(etag=self.etag, last_modified=self.last_modified)

    @property
    def location(self) -> Location | None:
        """Where its content is."""
        if self.archive_file is None or self.archive_offset is None:
            return None
        return Location(file=self.archive_file, offset=self.archive_offset)


_WAITING = [pages.c[name] for name in Waiting.model_fields]
# What is run for every page, made once: making a statement costs more than running it.
_HOST = hosts.update().where(hosts.c.host == sa.bindparam("known"))
_FOUND = pages.update().where((pages.c.url == sa.bindparam("known")) & (pages.c.status == "found"))
PAGE = pages.update().where(pages.c.id == sa.bindparam("known"))
"""Changes a page; parameters: `known`, its id, and what is to be changed."""


def add(db: Connection, source: str, entries: Iterable[Entry], now: float, host: str | None = None) -> int:
    """Note the pages that a source announces; returns how many are new.

    A page that is known is asked for again when its announced version is another than before. `host` names the queue
    of pages that come from no server.
    """
    serialise(db)
    entries = list(entries)
    known = _known(db, [entry.url for entry in entries])
    fresh = [entry for entry in entries if entry.url not in known]
    changed = [entry for entry in entries if entry.version and known.get(entry.url, entry.version) != entry.version]
    if fresh:
        rows = [_row(source, entry, host or host_of(entry.url), now) for entry in fresh]
        _add_hosts(db, {row["host"] for row in rows})
        db.execute(pages.insert(), rows)
    for entry in changed:
        this = pages.c.url == entry.url
        db.execute(pages.update().where(this).values(announced=entry.version))
        if known[entry.url]:
            read = (pages.c.status == "done") & pages.c.document.is_not(None)
            db.execute(pages.update().where(this & read).values(status="found", attempts=0, next_try=None))
    return len(fresh)


def _row(source: str, entry: Entry, host: str, now: float) -> dict[str, Any]:
    published = entry.published.isoformat() if entry.published else None
    return {
        "url": entry.url, "host": host, "source": source, "published": published,
        "announced": entry.version or "", "status": "found", "found_at": now,
    }  # fmt: skip


def _known(db: Connection, urls: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for start in range(0, len(urls), 500):
        rows = db.execute(sa.select(pages.c.url, pages.c.announced).where(pages.c.url.in_(urls[start : start + 500])))
        found.update({row.url: row.announced or "" for row in rows})
    return found


def _add_hosts(db: Connection, names: Iterable[str]) -> None:
    insert = postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert
    db.execute(insert(hosts).on_conflict_do_nothing(), [{"host": name} for name in sorted(names)])


def recheck(db: Connection, source: str, hours: float, now: float) -> int:
    """Make the pages of a source due again that were read, for a week after they were found; returns how many."""
    due = (
        (pages.c.source == source)
        & (pages.c.status == "done")
        & pages.c.document.is_not(None)
        & (pages.c.found_at > now - _RECHECK_DAYS * 86_400)
        & (pages.c.checked_at < now - hours * 3_600)
    )
    return db.execute(pages.update().where(due).values(status="found", attempts=0, next_try=None)).rowcount


def claim(
    db: Connection,
    worker: str,
    now: float,
    names: Iterable[str],
    *,
    limit: int,
    per_host: int,
    patience: float,
    lease: float,
) -> list[Waiting]:
    """Take pages of the sources `names` that are due within `patience` seconds, and lease their hosts.

    At most `limit`, in the order in which they were found, and at most `per_host` of one host.
    """
    soon = now + patience
    timely = _timely(pages.c.next_try, now, soon) & _timely(hosts.c.next_at, now, soon)
    asked = pages.c.source.in_(list(names)) & pages.c.host.not_like("folder:%")
    due = pages.c.status.in_(["fetched", "refused"]) | ((pages.c.status == "found") & timely & asked)
    rank = sa.func.row_number().over(partition_by=pages.c.host, order_by=pages.c.id).label("rank")
    joined = pages.join(hosts, pages.c.host == hosts.c.host)
    ranked = sa.select(pages.c.id, pages.c.host, rank).select_from(joined).where(due & _free(worker, now)).subquery()
    chosen = db.execute(
        sa.select(ranked.c.id, ranked.c.host).where(ranked.c.rank <= per_host).order_by(ranked.c.id).limit(limit)
    ).all()
    mine = {name for name in sorted({row.host for row in chosen}) if _lease(db, name, worker, now, lease)}
    ids = [row.id for row in chosen if row.host in mine]
    # Read again under the lease: somebody else may have had the host between the choice and now.
    return [page for page in waiting(db, ids) if page.status != "done"]


def waiting(db: Connection, ids: Sequence[int]) -> list[Waiting]:
    """The pages of these ids as they are now, in the order of their ids."""
    rows = db.execute(sa.select(*_WAITING).where(pages.c.id.in_(ids)).order_by(pages.c.id))
    return [Waiting.model_validate(dict(row)) for row in rows.mappings()]


def _timely(column: sa.Column[Any], now: float, soon: float) -> sa.ColumnElement[bool]:
    return column.is_(None) | (column <= soon) | (column > now + _NEVER)


def _free(worker: str, now: float) -> sa.ColumnElement[bool]:
    return (
        hosts.c.owner.is_(None)
        | (hosts.c.owner == worker)
        | (hosts.c.lease_until < now)
        | (hosts.c.leased_at > now + _SKEW)
    )


def _lease(db: Connection, host: str, worker: str, now: float, lease: float) -> bool:
    taken = hosts.update().where((hosts.c.host == host) & _free(worker, now))
    return db.execute(taken.values(owner=worker, leased_at=now, lease_until=now + lease)).rowcount == 1


class Lease:
    """The hosts of a worker, its own for ten minutes after each sign of life; a sign a minute is enough."""

    SECONDS = 600.0

    def __init__(self, worker: str) -> None:
        self._worker = worker
        self._renewed = -math.inf

    def due(self) -> bool:
        """Whether it is time for another sign of life."""
        return time.monotonic() - self._renewed > self.SECONDS / 10

    def renew(self, db: Connection, now: float) -> None:
        """Keep the hosts."""
        self._renewed = time.monotonic()
        mine = hosts.update().where(hosts.c.owner == self._worker)
        db.execute(mine.values(leased_at=now, lease_until=now + self.SECONDS))


def release(db: Connection, worker: str | None = None) -> None:
    """Give back the hosts of a worker, or of all of them."""
    held = hosts.c.owner.is_not(None) if worker is None else hosts.c.owner == worker
    db.execute(hosts.update().where(held).values(owner=None, leased_at=None, lease_until=None))


def held(db: Connection, worker: str, names: Iterable[str]) -> bool:
    """Whether a worker still has all of these hosts; locks them until the transaction ends."""
    wanted = set(names)
    rows = db.scalars(
        sa.select(hosts.c.host).where((hosts.c.owner == worker) & hosts.c.host.in_(wanted)).with_for_update()
    )
    return set(rows) == wanted


class Host(Record):
    """What is kept of a host: its robots.txt (null: not read; empty: everything allowed) and its next turn."""

    next_at: float | None = None
    robots: str | None = None
    robots_reason: str | None = None
    robots_at: float | None = None


def host(db: Connection, name: str) -> Host:
    """What is kept of a host."""
    rows = db.execute(sa.select(*(hosts.c[field] for field in Host.model_fields)).where(hosts.c.host == name))
    found = rows.mappings().first()
    return Host.model_validate(dict(found)) if found else Host()


def set_host(db: Connection, name: str, **fields: Any) -> None:
    """Change what is kept of a host; a new one is entered."""
    _add_hosts(db, [name])
    db.execute(_HOST, {"known": name, **fields})


def set_turn(db: Connection, name: str, at: float) -> None:
    """A host that is known may be asked again at `at`."""
    db.execute(_HOST, {"known": name, "next_at": at})


def set_fetched(db: Connection, url: str, location: Location, page: Page, found: dict[str, Any], now: float) -> bool:
    """A page is in the archive; `found` holds its validators, content hash and final address.

    False where it was not waited for any more: it was stored twice, and the first counts.
    """
    fields = {
        "status": "fetched", "archive_file": location.file, "archive_offset": location.offset, "checked_at": now,
        "fetched_at": page.retrieved.timestamp() if page.retrieved else now, "reason": None, "message": None,
        "next_try": None, **found,
    }  # fmt: skip
    return db.execute(_FOUND, {"known": url, **fields}).rowcount == 1


def set_unchanged(db: Connection, page: Waiting, now: float, **found: Any) -> None:
    """A page that was read before is as it was."""
    fields = {"status": "done", "checked_at": now, "reason": None, "message": None, "attempts": 0, **found}
    db.execute(PAGE, {"known": page.id, **fields})


def set_refused(
    db: Connection, page: Waiting, refused: Refused, attempts: int, first_wait: float, now: float
) -> Status:
    """A page was not had: it is tried again later, or given up; returns which.

    One that was read before goes back to what it was, and nothing is published of it.
    """
    tried = page.attempts + 1
    fields: dict[str, Any] = {
        "attempts": tried,
        "reason": refused.reason,
        "message": refused.message,
        "checked_at": now,
    }
    if refused.temporary and tried < attempts:
        wait = min(first_wait * 2 ** (tried - 1), _LONGEST_WAIT)
        asked = refused.wait.total_seconds() if refused.wait else 0.0
        fields |= {"status": "found", "next_try": now + max(wait, asked)}
    else:
        fields |= {"status": "done" if page.document else "refused", "next_try": None}
    db.execute(PAGE, {"known": page.id, **fields})
    return fields["status"]


def set_given_up(db: Connection, url: str, reason: str, message: str, now: float) -> None:
    """A page that cannot be read; its disposition is to be published."""
    fields = {"status": "refused", "reason": reason, "message": message, "checked_at": now}
    db.execute(pages.update().where(pages.c.url == url).values(**fields))


def reopen(db: Connection, url: str) -> None:
    """A page is waited for again."""
    db.execute(pages.update().where(pages.c.url == url).values(status="found", attempts=0, next_try=None))


def again(db: Connection, *, source: str | None, reason: str | None, url: str | None) -> int:
    """Make pages due at once that wait for a later try or were given up; returns how many."""
    stuck = (pages.c.status == "found") & pages.c.next_try.is_not(None)
    given_up = (pages.c.status == "done") & (pages.c.disposition == "rejected")
    chosen = stuck | given_up
    for column, value in ((pages.c.source, source), (pages.c.reason, reason), (pages.c.url, url)):
        if value is not None:
            chosen &= column == value
    names = list(db.scalars(sa.select(pages.c.host).where(chosen).distinct()))
    db.execute(hosts.update().where(hosts.c.host.in_(names)).values(next_at=None, robots_at=None))
    return db.execute(pages.update().where(chosen).values(status="found", attempts=0, next_try=None)).rowcount
