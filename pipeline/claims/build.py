"""From a draft to the record: label, id, spans, evidence."""

from __future__ import annotations

import re

from pipeline.claims.draft import Draft
from pipeline.label import label
from pipeline.reading import Thing
from pipeline.records import (
    Claim,
    Document,
    Evidence,
    Extractor,
    Party,
    Subject,
    SubjectType,
    content_hash,
)

_SUBJECT_TYPES: dict[str, SubjectType] = {
    "company": "company",
    "cluster": "cluster",
    "programme": "programme",
    "person": "person",
    "place": "place",
}


def build(draft: Draft, text: str, document: Document, extractor: Extractor, evidence_chars: int | None) -> Claim:
    """The claim record of a merged draft. `text` is the article's; evidence is cut at `evidence_chars`."""
    evidence = tuple(_evidence(d, text, evidence_chars) for d in (draft, *draft.more))
    subject = _subject(draft.subject)
    parties = tuple(
        Party(role=role, id=t.id, name=t.name, type=_SUBJECT_TYPES.get(t.type, "other"), text=t.text)
        for role, t in draft.parties
    )
    quantity = draft.quantity
    date = draft.date.date if draft.date else None
    first = evidence[0]
    claim_id = content_hash(
        document.id,
        draft.kind,
        draft.event,
        (subject.id, subject.name) if subject else None,
        [(p.role, p.id, p.name) for p in parties],
        quantity.model_dump(mode="json") if quantity else None,
        date.model_dump(mode="json") if date else None,
        (first.start, first.end),
        draft.anchor,
    )
    return Claim(
        claim_id=claim_id,
        kind=draft.kind,
        event=draft.event,
        label=label(draft.verdict.realization, draft.verdict.certainty),
        realization=draft.verdict.realization,
        certainty=draft.verdict.certainty,
        confidence=draft.confidence,
        subject=subject,
        parties=parties,
        quantity=quantity,
        date=date,
        attribution=draft.attribution,
        evidence=evidence,
        document=document,
        extractor=extractor,
    )


def _subject(thing: Thing | None) -> Subject | None:
    if thing is None:
        return None
    return Subject(id=thing.id, name=thing.name, type=_SUBJECT_TYPES.get(thing.type, "other"), text=thing.text)


def _evidence(draft: Draft, text: str, limit: int | None) -> Evidence:
    """The sentence of one mention, widened to hold its cues, with its spans."""
    start, end = draft.sentence.start, draft.sentence.end
    part = "quantity" if draft.quantity else "event" if draft.event else "deal"
    spans: dict[str, tuple[int, int]] = {part: draft.anchor}
    if draft.subject:
        spans["subject"] = (draft.subject.start, draft.subject.end)
    if draft.date:
        spans["date"] = (draft.date.start, draft.date.end)
    for number, (_, thing) in enumerate(draft.parties, 1):
        spans[f"party_{number}"] = (thing.start, thing.end)
    return Evidence(text=_cut(text[start:end], limit), start=start, end=end, spans=spans, cues=draft.verdict.cues)


def _cut(text: str, limit: int | None) -> str | None:
    """The text, at most `limit` characters long and cut at a word; None for a limit of 0."""
    if limit is None or len(text) <= limit:
        return text
    if limit == 0:
        return None
    head = text[:limit]
    return head if re.match(r"\s", text[limit:]) else re.sub(r"\s*\S*$", "", head) or head
