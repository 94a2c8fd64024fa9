"""A ledger on disk: one SQLite file that claims are added to and that gives its records back.

`claims` holds every claim as a flat row with what the ledger compares of it; `assertions`, `mentions`, `links` and
`history` are what the claims come to. Adding claims resolves anew only the units that they touch. Everything of one
call is one transaction: it is there as a whole, or not at all.
"""

from __future__ import annotations

import contextlib
import difflib
import functools
import hashlib
import itertools
import json
import sqlite3
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pipeline import lexicon
from pipeline.flat import columns, flat_row, from_flat
from pipeline.ledger import rules
from pipeline.ledger.facts import fact
from pipeline.ledger.names import plain_words
from pipeline.ledger.overrides import Corrector, Overrides
from pipeline.ledger.records import Assertion, Fact, Link, Resolved, Step, ToldStep
from pipeline.ledger.resolve import resolve
from pipeline.records import Claim, Record, Rejected, content_hash

FORMAT = "2"
_SHARED = {  # fields of a fact that the flat row holds already
    "claim_id": "claim_id", "kind": "kind", "label": "label", "realization": "realization", "certainty": "certainty",
    "low": "quantity_min", "high": "quantity_max", "measure": "quantity_unit", "vague": "quantity_vague",
    "chip": "quantity_chip", "published": "document_published", "document": "document_id", "url": "document_url",
    "text_sha256": "document_text_sha256",
}  # fmt: skip
_OWN = tuple(name for name in Fact._fields if name not in _SHARED)
_FACT = ", ".join(_SHARED.get(name, f"ledger_{name}") for name in Fact._fields)
_SQLITE = {"VARCHAR": "TEXT", "DOUBLE": "REAL", "BIGINT": "INTEGER", "BOOLEAN": "INTEGER"}
_BATCH, _UNITS = 2_000, 50
"""Claims, and resolved units, that are in memory together."""
_WAIT_SECONDS = 30.0
"""For another process that reads while claims are added, or adds while they are read."""
_BY_DAY = "day IS NULL, day, metric, assertion_id, change, other"


class LedgerError(RuntimeError):
    """A file that is no ledger, one of another format, or one that cannot be used. The message names it and why."""


class Added(Record):
    """What one call did with the claims that it was given."""

    new: int = 0
    known: int = 0
    outdated: int = 0
    """Claims of a document of which the ledger has a newer extraction."""
    replaced: int = 0
    """Claims taken out, because a newer extraction of their document came."""
    rejected: int = 0
    units: int = 0
    """Units that were resolved anew."""


class Ledger:
    """A ledger in one file. Use it as a context manager; `add` and `correct` change it, the rest reads."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        """Open `path`; `create` makes an empty ledger where there is none. Raises `LedgerError`."""
        if not create and not (path.is_file() and path.stat().st_size):
            raise LedgerError(f"{path}: there is no ledger")
        self.path = path
        with contextlib.ExitStack() as undo:
            try:
                self._db = sqlite3.connect(path, isolation_level=None, timeout=_WAIT_SECONDS)
                undo.callback(self._db.close)
                self._db.execute("PRAGMA cache_size = -65536")
                self._db.execute("PRAGMA temp_store = MEMORY")
                self._prepare()
            except sqlite3.Error as error:
                raise _unusable(path, error) from error
            undo.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file; what SQLite says of it in the block is raised as `LedgerError`."""
        self.close()
        if isinstance(error, sqlite3.Error):
            raise _unusable(self.path, error) from error

    @contextlib.contextmanager
    def snapshot(self) -> Generator[None]:
        """Whatever is read in the block is of one moment, also while another process adds claims."""
        self._db.execute("BEGIN")
        try:
            yield
        finally:
            self._db.execute("ROLLBACK")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _prepare(self) -> None:
        known = self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        if not known:
            self._db.executescript(_schema())
            self._set("format", FORMAT)
            self._set("overrides", Overrides().to_json())
            self._set("rules", _rules_digest())
        elif ("meta",) not in known or self._get("format") != FORMAT:
            raise LedgerError(f"{self.path}: not a ledger of format {FORMAT}; build it anew")

    def _get(self, key: str) -> str:
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return row[0] if row else ""

    def _set(self, key: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    @property
    def overrides(self) -> Overrides:
        """The corrections that are applied."""
        return Overrides.model_validate_json(self._get("overrides"))

    def add(self, items: Iterable[Claim | Rejected], overrides: Overrides | None = None) -> Added:
        """Take claims in and resolve what they touch; the rejected are counted.

        The result depends on the set of claims alone: of one document only the claims of the newest extractor
        version count (of one version, those of the greatest fingerprint), whenever they come. New `overrides`
        replace those of the ledger, and then, or when the rules of comparison changed, all of it is resolved anew.
        """
        with self._transaction():
            counts: Counter[str] = Counter()
            anew = self._renew(overrides)
            self._take(items, Corrector(self.overrides), counts)
            counts["units"] = self._resolve_dirty(anew)
            return Added(**{name: counts[name] for name in Added.model_fields})

    @contextlib.contextmanager
    def _transaction(self) -> Generator[None]:
        """Commits at the end of the block; rolls back when it raises."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:  # of some errors SQLite has rolled back already
                self._db.execute("ROLLBACK")
            raise

    def _renew(self, overrides: Overrides | None) -> bool:
        """Read every claim with the corrections given; whether anything has to be resolved anew for that."""
        changed = overrides is not None and overrides.digest() != self.overrides.digest()
        if not changed and self._get("rules") == _rules_digest():
            return False
        if overrides is not None:
            self._set("overrides", overrides.to_json())
        self._set("rules", _rules_digest())
        corrector = Corrector(self.overrides)
        names = ", ".join(column.name for column in columns())
        ids = [str(id) for (id,) in self._db.execute("SELECT claim_id FROM claims ORDER BY claim_id")]
        assign = ", ".join(f"ledger_{name} = ?" for name in (*_OWN, "excluded"))
        for batch in _batches(ids):
            marks = ",".join("?" * len(batch))
            query = f"SELECT {names} FROM claims WHERE claim_id IN ({marks})"  # noqa: S608  # names are ours
            claims = [from_flat(row) for row in self._db.execute(query, batch)]
            rows = [(*_own(claim, corrector), claim.claim_id) for claim in claims]
            self._db.executemany(f"UPDATE claims SET {assign} WHERE claim_id = ?", rows)  # noqa: S608
        return True

    def _take(self, items: Iterable[Claim | Rejected], corrector: Corrector, counts: Counter[str]) -> None:
        self._db.execute("CREATE TEMP TABLE IF NOT EXISTS dirty (unit TEXT PRIMARY KEY) WITHOUT ROWID")
        self._db.execute("DELETE FROM dirty")
        ranks: dict[str, str] = {}
        unit = len(columns()) + _OWN.index("unit")
        width = len(columns()) + len(_OWN) + 1
        insert = f"INSERT OR IGNORE INTO claims VALUES ({','.join('?' * width)})"  # noqa: S608
        for batch in _batches(items):
            claims = [item for item in batch if isinstance(item, Claim)]
            counts["rejected"] += len(batch) - len(claims)
            current = self._current(claims, ranks, counts)
            rows = [(*flat_row(claim), *_own(claim, corrector)) for claim in current]
            before = self._db.total_changes
            self._db.executemany(insert, rows)
            new = self._db.total_changes - before
            counts["new"] += new
            counts["known"] += len(rows) - new
            if new:
                self._db.executemany("INSERT OR IGNORE INTO dirty VALUES (?)", {(row[unit],) for row in rows})

    def _current(self, claims: Sequence[Claim], ranks: dict[str, str], counts: Counter[str]) -> list[Claim]:
        """The claims that are of the newest extraction of their document; what is older goes, from the ledger too."""
        for claim in claims:
            document, rank = claim.document.id, rank_of(claim)
            if document not in ranks:
                row = self._db.execute("SELECT rank FROM documents WHERE document_id = ?", (document,)).fetchone()
                ranks[document] = row[0] if row else ""
            if rank > ranks[document]:
                if ranks[document]:
                    counts["replaced"] += self._take_out(document)
                self._db.execute("INSERT OR REPLACE INTO documents VALUES (?, ?)", (document, rank))
                ranks[document] = rank
        current = [claim for claim in claims if rank_of(claim) == ranks[claim.document.id]]
        counts["outdated"] += len(claims) - len(current)
        return current

    def _take_out(self, document: str) -> int:
        self._db.execute(
            "INSERT OR IGNORE INTO dirty SELECT DISTINCT ledger_unit FROM claims WHERE document_id = ?", (document,)
        )
        return self._db.execute("DELETE FROM claims WHERE document_id = ?", (document,)).rowcount

    def _resolve_dirty(self, anew: bool) -> int:
        empty = self._db.execute("SELECT NOT EXISTS (SELECT 1 FROM assertions)").fetchone()[0]
        if anew:
            self._db.execute("INSERT OR IGNORE INTO dirty SELECT DISTINCT ledger_unit FROM claims")
        units = self._db.execute("SELECT count(*) FROM dirty").fetchone()[0]
        if anew:
            for table in ("assertions", "mentions", "links", "history"):
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608
        elif not empty:
            for table in ("assertions", "mentions", "links", "history"):
                self._db.execute(f"DELETE FROM {table} WHERE unit IN (SELECT unit FROM dirty)")  # noqa: S608
        rows = self._db.execute(
            f"SELECT {_FACT} FROM dirty CROSS JOIN claims ON ledger_unit = unit "  # noqa: S608
            "WHERE ledger_excluded IS NULL ORDER BY unit"
        )
        facts = (Fact(*row) for row in rows)
        results = (resolve(group) for _, group in itertools.groupby(facts, key=lambda row: row.unit))
        for batch in _batches(results, _UNITS):
            self._write(batch)
        return units

    def _write(self, results: Sequence[Resolved]) -> None:
        for table, model in _RECORDS.items():
            rows = [_row(record) for result in results for record in getattr(result, table)]
            marks = ",".join("?" * len(model.model_fields))
            self._db.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608
        mentions = [
            (claim, assertion.assertion_id, assertion.unit)
            for result in results
            for assertion in result.assertions
            for claim in assertion.claims
        ]
        self._db.executemany("INSERT INTO mentions VALUES (?, ?, ?)", mentions)

    def assertions(self) -> Iterator[Assertion]:
        """All assertions, by subject, metric and the day on which they were first told."""
        yield from self._records("assertions", Assertion, "subject_key, metric, phase, first_seen, assertion_id")

    def links(self) -> Iterator[Link]:
        """All links, by unit, in a fixed order."""
        yield from self._records("links", Link, "unit, type, rule, source, target")

    def history(self) -> Iterator[Step]:
        """All histories, by subject and day; steps without a day last."""
        yield from self._records("history", Step, f"subject_key, {_BY_DAY}")

    def told_of(self, subject: str) -> Iterator[ToldStep]:
        """The history of a subject by its key, gazetteer id or name (without case and punctuation).

        Each step has the parties and the source; deals of other subjects with it are among them.
        """
        keys = self._keys(subject)
        if not keys:
            return
        marks = ",".join("?" * len(keys))
        deals = f"EXISTS (SELECT 1 FROM json_each(a.parties) AS s WHERE json_extract(s.value, '$[1]') IN ({marks}))"  # noqa: S608
        steps = ", ".join(f"h.{name}" for name in Step.model_fields)
        query = (
            f"SELECT {steps}, a.parties, document_publisher, document_id, document_url "  # noqa: S608
            "FROM history AS h JOIN assertions AS a USING (assertion_id) JOIN claims ON claims.claim_id = h.claim_id "
            f"WHERE h.subject_key IN ({marks}) OR (a.kind = 'agreement' AND {deals}) "
            "ORDER BY day IS NULL, day, h.metric, h.assertion_id, change, other"
        )
        for row in self._db.execute(query, (*keys, *keys)):
            values = dict(zip(ToldStep.model_fields, row, strict=True))
            yield ToldStep.model_validate({**values, "parties": json.loads(values["parties"])})

    def _keys(self, subject: str) -> list[str]:
        """What a name or an id is known by; several where several things have the name."""
        wanted = plain_words(subject)
        return [key for key, name in self.names() if key == subject or plain_words(name) == wanted]

    def known(self, subject: str) -> bool:
        """Whether it is the key, id or name of a subject or of a side of a deal."""
        return bool(self._keys(subject))

    def names(self) -> list[tuple[str, str]]:
        """Key and name of every subject and of every side of a deal."""
        query = (
            "SELECT subject_key, subject FROM assertions UNION "
            "SELECT json_extract(s.value, '$[1]'), json_extract(s.value, '$[2]') "
            "FROM assertions AS a, json_each(a.parties) AS s ORDER BY 1, 2"
        )
        return self._db.execute(query).fetchall()

    def nearest(self, subject: str, count: int = 3) -> list[str]:
        """Names that the ledger knows and that are like this one: spelled alike, or sharing a word; best first."""
        known = {" ".join(plain_words(name)): name for _, name in reversed(self.names()) if name}
        wanted = plain_words(subject)
        alike = difflib.get_close_matches(" ".join(wanted), known, n=count, cutoff=0.6)
        sharing = [name for name in sorted(known) if any(word in name.split() for word in wanted if len(word) > 2)]
        return [known[name] for name in dict.fromkeys((*alike, *sharing))][:count]

    def claims(self) -> Iterator[Claim]:
        """All claims as they came, by document and place."""
        names = ", ".join(column.name for column in columns())
        query = f"SELECT {names} FROM claims ORDER BY document_id, ledger_at, claim_id"  # noqa: S608
        yield from map(from_flat, self._db.execute(query))

    def excluded(self) -> dict[str, str]:
        """Claims that a correction calls wrong, with the id of the correction."""
        return dict(self._db.execute("SELECT claim_id, ledger_excluded FROM claims WHERE ledger_excluded IS NOT NULL"))

    def corrected(self) -> dict[str, str]:
        """Claims whose subject or parties a correction changed, with the ids of the corrections as a JSON list."""
        query = "SELECT claim_id, ledger_overrides FROM claims WHERE ledger_overrides <> '[]'"
        return dict(self._db.execute(query))

    def counts(self) -> dict[str, int]:
        """Rows of each table."""
        tables = ("claims", "documents", "assertions", "links", "history")
        return {name: self._db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}  # noqa: S608

    def last_published(self) -> str | None:
        """The latest publication date in the ledger: the day as of which it knows the world."""
        return self._db.execute("SELECT max(document_published) FROM claims").fetchone()[0]

    def digest(self) -> str:
        """Hash of everything that the claims came to: equal ledgers have equal digests."""
        total = hashlib.sha256()
        for record in itertools.chain(self.assertions(), self.links(), self.history()):
            total.update(record.to_json().encode() + b"\n")
        return content_hash(total.hexdigest(), sorted(self.excluded().items()))

    def _records(
        self, table: str, model: type[Any], order: str, where: str = "1", given: Sequence[Any] = ()
    ) -> Iterator[Any]:
        query = f"SELECT * FROM {table} WHERE {where} ORDER BY {order}"  # noqa: S608
        for row in self._db.execute(query, given):
            values = dict(zip(model.model_fields, row, strict=True))
            for name in _JSON & values.keys():
                values[name] = json.loads(values[name])
            yield model.model_validate(values)


_RECORDS: dict[str, type[Record]] = {"assertions": Assertion, "links": Link, "history": Step}
_encode = json.JSONEncoder(ensure_ascii=False).encode
_JSON = frozenset({"parties", "voices", "claims", "overrides"})


def _unusable(path: Path, error: sqlite3.Error) -> LedgerError:
    if isinstance(error, sqlite3.OperationalError):  # the disk is full, somebody else has the file, ...
        return LedgerError(f"{path}: the ledger cannot be used: {error}")
    return LedgerError(f"{path}: not a ledger, or a damaged one ({error}); build it anew")


def rank_of(claim: Claim) -> str:
    """Sorts extractions of one document: by version, part by part as numbers, then by fingerprint."""
    return f"{_version(claim.extractor.version)} {claim.extractor.fingerprint}"


@functools.cache
def _version(version: str) -> str:
    return ".".join(part.zfill(6) for part in version.split("."))


def _own(claim: Claim, corrector: Corrector) -> tuple[Any, ...]:
    """What the ledger adds to the flat row: its own fields of the fact, and the correction that excludes it."""
    row = fact(claim, corrector)
    return (*(getattr(row, name) for name in _OWN), corrector.wrong(claim.claim_id))


def _row(record: Record) -> list[Any]:
    return [
        (_encode(value) if value else "[]") if name in _JSON else value
        for name, value in zip(type(record).model_fields, vars(record).values(), strict=True)
    ]


def _batches(items: Iterable[Any], size: int = _BATCH) -> Iterator[list[Any]]:
    iterator = iter(items)
    while batch := list(itertools.islice(iterator, size)):
        yield batch


def _rules_digest() -> str:
    """Whatever, beside claims and corrections, decides what a ledger says."""
    return content_hash(FORMAT, rules.digest(), lexicon.digest())


def _schema() -> str:
    claims = [f"{column.name} {_SQLITE.get(column.type, 'TEXT')}" for column in columns()]
    claims += [f"ledger_{name}" for name in (*_OWN, "excluded")]
    claims[1] += " PRIMARY KEY"
    assert columns()[1].name == "claim_id"
    tables = [
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID",
        "CREATE TABLE documents (document_id TEXT PRIMARY KEY, rank TEXT) WITHOUT ROWID",
        f"CREATE TABLE claims ({', '.join(claims)})",
        "CREATE INDEX claims_by_unit ON claims (ledger_unit)",
        "CREATE INDEX claims_by_document ON claims (document_id)",
        "CREATE TABLE mentions (claim_id TEXT PRIMARY KEY, assertion_id TEXT, unit TEXT) WITHOUT ROWID",
        "CREATE INDEX mentions_by_unit ON mentions (unit)",
    ]
    for name, model in _RECORDS.items():
        tables.append(f"CREATE TABLE {name} ({', '.join(model.model_fields)})")
        tables.append(f"CREATE INDEX {name}_by_unit ON {name} (unit)")
    return ";\n".join(tables)
