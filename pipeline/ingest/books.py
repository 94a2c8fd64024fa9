"""What was read: documents and their claims, batches and what is to be delivered. Functions over a transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from pipeline.ingest import links
from pipeline.ingest.links import Known, Link
from pipeline.ingest.queue import PAGE
from pipeline.ingest.tables import batches, claims, deliveries, documents, pages, terms
from pipeline.records import Document, Extraction, Record

COPY_SECONDS = 30 * 86_400.0
"""For which a text is remembered as one that others may copy."""
_MOST_CANDIDATES = 50
_OWNERS = (
    sa.select(documents.c.id, pages.c.url)
    .select_from(documents.join(pages, pages.c.id == documents.c.page))
    .where(documents.c.id.in_(sa.bindparam("wanted", expanding=True)))
)


class Noted(Record):
    """What came of noting an extraction: links to other documents, and the claims that only repeat another one's."""

    links: tuple[Link, ...] = ()
    repeated: tuple[str, ...] = ()


def owners(db: Connection, wanted: Collection[str]) -> dict[str, str]:
    """The address of the page that each of these documents came from; those that are not known yet are left out."""
    return {row.id: row.url for row in db.execute(_OWNERS, {"wanted": list(wanted)})}


def text_hash(db: Connection, document: str) -> str | None:
    """The hash of a document's text; null where it is not known."""
    return db.scalar(sa.select(documents.c.text_sha256).where(documents.c.id == document))


def note(db: Connection, page: int, previous: str | None, result: Extraction, now: float) -> Noted:
    """Enter a document with its claims; `previous` is the version that it supersedes, if any."""
    document, text = result.article.document, result.article.text or ""
    if document is None:
        return Noted()
    sketch = links.sketch(text) if result.claims else ()
    found = [links.known(claim) for claim in result.claims]
    original = None if previous or not sketch else _original(db, document, sketch, now)
    linked: list[Link] = []
    if previous:
        linked.append(_link(db, "supersedes", document, previous, None, found))
        db.execute(documents.update().where(documents.c.id == previous).values(superseded_by=document.id))
        db.execute(terms.delete().where(terms.c.document == previous))
    elif original:
        linked.append(_link(db, "copy_of", document, original[0], original[1], found))
    same = {link.claim: link.other for entry in linked for link in entry.claims if link.relation == "same"}
    _enter(db, page, document, sketch, original[0] if original else None, now)
    if found:
        db.execute(claims.insert(), [_claim_row(claim, document.id, same.get(claim.id)) for claim in found])
    return Noted(links=tuple(linked), repeated=tuple(sorted(filter(None, same.keys()))))


def _claim_row(claim: Known, document: str, same_as: str | None) -> dict[str, Any]:
    return {**claim.model_dump(), "document": document, "same_as": same_as}


def _enter(
    db: Connection, page: int, document: Document, sketch: Sequence[int], copy_of: str | None, now: float
) -> None:
    published = document.published.isoformat() if document.published else None
    row = {
        "id": document.id, "url": document.url or "", "page": page, "text_sha256": document.text_sha256,
        "published": published, "at": now, "sketch": links.packed(sketch) if sketch else None, "copy_of": copy_of,
    }  # fmt: skip
    db.execute(documents.insert(), row)
    if sketch and copy_of is None:
        # Copies are found by their original: one entry for each text, however often it is printed.
        db.execute(terms.insert(), [{"term": term, "document": document.id} for term in sketch[: links.TERMS]])


def _original(db: Connection, document: Document, sketch: Sequence[int], now: float) -> tuple[str, float] | None:
    """The most similar text of the last weeks, if one is similar enough, with the similarity."""
    joined = terms.join(documents, documents.c.id == terms.c.document)
    wanted = terms.c.term.in_(sketch[: links.TERMS]) & (documents.c.at > now - COPY_SECONDS)
    shared = sa.func.count().label("shared")
    rows = db.execute(
        sa.select(documents.c.id, documents.c.sketch, shared).select_from(joined)
        .where(wanted & (documents.c.id != document.id)).group_by(documents.c.id, documents.c.sketch)
        .order_by(shared.desc(), documents.c.id).limit(_MOST_CANDIDATES)
    )  # fmt: skip
    rated = [(links.similarity(sketch, links.unpacked(row.sketch)), row.id) for row in rows]
    best = max(rated, key=lambda pair: (pair[0], pair[1]), default=(0.0, ""))
    return (best[1], best[0]) if best[0] >= links.SIMILAR else None


def _link(
    db: Connection, relation: str, document: Document, other: str, alike: float | None, found: list[Known]
) -> Link:
    columns = claims.c.id, claims.c.about, claims.c.topic
    rows = db.execute(sa.select(*columns).where(claims.c.document == other).order_by(claims.c.id)).mappings()
    theirs = [Known.model_validate(dict(row)) for row in rows]
    return Link.model_validate(
        {
            "relation": relation, "document": document.id, "url": document.url, "other": other,
            "other_url": db.scalar(sa.select(documents.c.url).where(documents.c.id == other)),
            "similarity": None if alike is None else round(alike, 2), "claims": links.pair(theirs, found),
        }
    )  # fmt: skip


def dispose(db: Connection, page: int, result: Extraction, now: float) -> None:
    """A page has its disposition."""
    article = result.article
    kept = article.document is not None and article.disposition in ("extracted", "irrelevant")
    fields = {"document": article.document.id} if kept and article.document else {}
    told = {"disposition": article.disposition, "reason": article.reason, "message": article.message}
    db.execute(PAGE, {"known": page, "status": "done", "disposed_at": now, **told, **fields})


def add_batch(db: Connection, batch: str, day: str, now: float) -> None:
    """A batch is whole on the disk and about to be published."""
    db.execute(batches.insert().values(id=batch, day=day, at=now, published=False))


def unpublished(db: Connection) -> dict[str, str]:
    """The day of each batch that is not in its place yet, oldest first."""
    chosen = sa.select(batches.c.id, batches.c.day).where(batches.c.published.is_(False)).order_by(batches.c.id)
    return {row.id: row.day for row in db.execute(chosen)}


def set_published(db: Connection, batch: str) -> None:
    """A batch is in its place."""
    db.execute(batches.update().where(batches.c.id == batch).values(published=True))


def superseded(db: Connection, since: float) -> set[str]:
    """The documents with a later version, of those that were read since then."""
    chosen = sa.select(documents.c.id).where((documents.c.at >= since) & documents.c.superseded_by.is_not(None))
    return set(db.scalars(chosen))


def repeated(db: Connection, since: float) -> set[str]:
    """The claims that say what another document's said before, of those that were read since then."""
    joined = claims.join(documents, documents.c.id == claims.c.document)
    chosen = sa.select(claims.c.id).select_from(joined)
    return set(db.scalars(chosen.where((documents.c.at >= since) & claims.c.same_as.is_not(None))))


def add_deliveries(db: Connection, payloads: Iterable[tuple[str, str]], now: float) -> None:
    """Note what the webhook is to be told: pairs of a claim's id and the JSON."""
    rows = [{"id": id, "payload": payload, "next_try": now, "status": "waiting"} for id, payload in payloads]
    if rows:
        db.execute(deliveries.insert(), rows)
