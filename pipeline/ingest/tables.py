"""The tables of the state, and how a database of an earlier version becomes one of this."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import ArgumentError, DBAPIError

metadata = sa.MetaData()
_WAIT_SECONDS = 30
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.Float()  # seconds since 1970, UTC: the same in both databases
_Number = sa.BigInteger()

meta = sa.Table("meta", metadata, sa.Column("name", sa.Text, primary_key=True), sa.Column("value", sa.Text))

sources = sa.Table(
    "sources", metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("etag", sa.Text), sa.Column("last_modified", sa.Text), sa.Column("digest", sa.Text),
    sa.Column("checked_at", _TIME), sa.Column("ok_at", _TIME), sa.Column("new_at", _TIME),
    sa.Column("failing_since", _TIME), sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("next_try", _TIME), sa.Column("reason", sa.Text), sa.Column("message", sa.Text),
    sa.Column("found", sa.Integer, nullable=False, server_default="0"), sa.Column("seconds", sa.Float),
)  # fmt: skip

hosts = sa.Table(
    "hosts", metadata,
    sa.Column("host", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text), sa.Column("leased_at", _TIME), sa.Column("lease_until", _TIME),
    sa.Column("next_at", _TIME),
    sa.Column("robots", sa.Text), sa.Column("robots_reason", sa.Text), sa.Column("robots_at", _TIME),
)  # fmt: skip

pages = sa.Table(
    "pages", metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=True),
    sa.Column("url", sa.Text, nullable=False, unique=True),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("published", sa.Text), sa.Column("announced", sa.Text),
    sa.Column("status", sa.Text, nullable=False), sa.Column("found_at", _TIME, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"), sa.Column("next_try", _TIME),
    sa.Column("reason", sa.Text), sa.Column("message", sa.Text),
    sa.Column("etag", sa.Text), sa.Column("last_modified", sa.Text), sa.Column("content_sha256", sa.Text),
    sa.Column("final_url", sa.Text), sa.Column("fetched_at", _TIME), sa.Column("checked_at", _TIME),
    sa.Column("archive_file", sa.Text), sa.Column("archive_offset", _Number),
    sa.Column("document", sa.Text), sa.Column("disposition", sa.Text), sa.Column("disposed_at", _TIME),
    sa.Index("pages_by_status", "status", "id"), sa.Index("pages_by_host", "host"),
)  # fmt: skip

documents = sa.Table(
    "documents", metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("url", sa.Text, nullable=False), sa.Column("page", _ID, nullable=False),
    sa.Column("text_sha256", sa.Text, nullable=False), sa.Column("published", sa.Text),
    sa.Column("at", _TIME, nullable=False), sa.Column("sketch", sa.LargeBinary),
    sa.Column("superseded_by", sa.Text), sa.Column("copy_of", sa.Text),
    sa.Index("documents_by_url", "url"), sa.Index("documents_by_page", "page"),
)  # fmt: skip

terms = sa.Table(
    "terms", metadata,
    sa.Column("term", _Number, primary_key=True), sa.Column("document", sa.Text, primary_key=True),
)  # fmt: skip

claims = sa.Table(
    "claims", metadata,
    sa.Column("id", sa.Text, primary_key=True), sa.Column("document", sa.Text, nullable=False),
    sa.Column("about", sa.Text, nullable=False), sa.Column("topic", sa.Text, nullable=False),
    sa.Column("same_as", sa.Text),
    sa.Index("claims_by_document", "document"),
)  # fmt: skip

batches = sa.Table(
    "batches", metadata,
    sa.Column("id", sa.Text, primary_key=True), sa.Column("day", sa.Text, nullable=False),
    sa.Column("at", _TIME, nullable=False), sa.Column("published", sa.Boolean, nullable=False),
)  # fmt: skip

runs = sa.Table(
    "runs", metadata,
    sa.Column("id", sa.Text, primary_key=True), sa.Column("began", _TIME, nullable=False), sa.Column("ended", _TIME),
    sa.Column("outcome", sa.Text), sa.Column("counts", sa.Text),
)  # fmt: skip

# Since version 2.
deliveries = sa.Table(
    "deliveries", metadata,
    sa.Column("id", sa.Text, primary_key=True), sa.Column("payload", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"), sa.Column("next_try", _TIME, nullable=False),
    sa.Column("status", sa.Text, nullable=False), sa.Column("message", sa.Text),
    sa.Index("deliveries_by_status", "status"),
)  # fmt: skip


class StateError(RuntimeError):
    """The state cannot be opened: written by a newer version, or no database. The message says which."""


def _first(db: Connection) -> None:
    metadata.create_all(db, [table for table in metadata.sorted_tables if table is not deliveries])


def _second(db: Connection) -> None:
    deliveries.create(db)


STEPS: tuple[Callable[[Connection], None], ...] = (_first, _second)
"""Step n makes version n + 1 of the tables out of version n. Steps that have shipped are never changed."""


def open_state(url: str) -> Engine:
    """The database at an SQLAlchemy URL, brought to this version. Raises StateError."""
    try:
        engine = sa.create_engine(url)
    except (ArgumentError, ValueError, ImportError):
        # Their messages may repeat the address, with its password.
        raise StateError("state_url is no address of a database for which the driver is installed") from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    try:
        with engine.begin() as db:
            upgrade(db)
    except Exception as error:
        engine.dispose()
        if not isinstance(error, DBAPIError):
            raise
        raise StateError(f"the state {engine.url.render_as_string()} cannot be opened: {error.orig}") from error
    return engine


@contextlib.contextmanager
def opened(url: str) -> Generator[Engine]:
    """As `open_state`, closed at the end."""
    engine = open_state(url)
    try:
        yield engine
    finally:
        engine.dispose()


def serialise(db: Connection) -> None:
    """Let no other worker past this point until the transaction ends. SQLite has one writer anyway."""
    if db.dialect.name == "postgresql":
        db.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext('infraclaims'))"))


def upgrade(db: Connection, steps: tuple[Callable[[Connection], None], ...] = STEPS) -> int:
    """Carry out the steps that this database has not had; returns its version before. Raises StateError."""
    serialise(db)
    meta.create(db, checkfirst=True)
    before = int(db.scalar(sa.select(meta.c.value).where(meta.c.name == "version")) or 0)
    if before > len(steps):
        raise StateError(
            f"the state is of version {before}, this program knows {len(steps)}: install a newer infraclaims"
        )
    for step in steps[before:]:
        step(db)
    if before == 0:
        db.execute(meta.insert().values(name="version", value=str(len(steps))))
    elif before < len(steps):
        db.execute(meta.update().where(meta.c.name == "version").values(value=str(len(steps))))
    return before


def make_durable(engine: Engine) -> None:
    """Put what was committed so far on the disk, so that not even a power cut takes it back."""
    if engine.dialect.name == "sqlite":
        connection = engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(FULL)").fetchall()
        finally:
            connection.close()


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own way of beginning transactions leaves out reads; SQLAlchemy begins them instead, below.
    connection.isolation_level = None
    # A killed process loses nothing with this; for a power cut see `make_durable`.
    try:
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", f"busy_timeout={_WAIT_SECONDS * 1000}"):
            connection.execute(f"PRAGMA {pragma}")
    except Exception:
        connection.close()  # SQLAlchemy does not know of it yet
        raise


def _begin_sqlite(db: Connection) -> None:
    db.exec_driver_sql("BEGIN IMMEDIATE")
