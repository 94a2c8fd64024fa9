"""A claim as one row of the ledger: its subject after corrections, its metric, phase and unit."""

from __future__ import annotations

import functools
import json
import re
from urllib.parse import urlsplit

from pipeline import lexicon
from pipeline.ledger.names import Named, plain_words
from pipeline.ledger.overrides import Corrector
from pipeline.ledger.records import PHASES, Fact
from pipeline.ledger.rules import rules
from pipeline.records import Claim, DateRange, Party, Quantity, Relation, Subject, content_hash

_OWNERS = ("owner", "operator", "developer")
_CREDIT = re.compile(r"^[^.]{0,60}?(?:\([^()]{2,40}\)|—)\s{0,9}|\s{0,9}\([^()]{2,40}\)\s{0,9}$")
"""What an agency's copy has before and behind its text: a place, the agency in brackets."""
_encode = json.JSONEncoder(ensure_ascii=False).encode
_DENIED = "negation.denied"


def fact(claim: Claim, corrector: Corrector) -> Fact:
    """The claim as the ledger compares it."""
    applied: list[str] = []

    def corrected(item: Subject | Party) -> Named:
        entity, by = corrector.entity(Named(item.id, item.name, item.type), item.text, claim.document)
        applied.extend(by)
        return entity

    subject = corrected(claim.subject) if claim.subject else None
    parties = [(party.role, corrected(party)) for party in claim.parties]
    metric = metric_of(claim)
    key = subject.key if subject else f"document:{claim.document.id}"
    owner = _owner(subject, parties)
    quantity, date, document, attribution = claim.quantity, _due(claim), claim.document, claim.attribution
    first = claim.evidence[0] if claim.evidence else None
    return Fact(
        claim_id=claim.claim_id,
        unit=_unit(claim, key, subject, metric, [entity for _, entity in parties]),
        subject_key=key,
        subject_id=subject.id if subject else None,
        subject=subject.name if subject else "",
        subject_type=subject.type if subject else "other",
        owner_key=owner.key if owner else None,
        owner=owner.name if owner else None,
        kind=claim.kind,
        metric=metric,
        phase=PHASES[claim.realization],
        label=claim.label,
        realization=claim.realization,
        certainty=claim.certainty,
        denied=any(cue.rule == _DENIED for evidence in claim.evidence for cue in evidence.cues),
        amount=amount_of(quantity),
        low=quantity.min if quantity else None,
        high=quantity.max if quantity else None,
        measure=quantity.unit if quantity else None,
        relation=_relation(quantity) if quantity else None,
        vague=quantity.vague if quantity else False,
        chip=quantity.chip if quantity else None,
        due_start=date.start.isoformat() if date and date.start else None,
        due_end=date.end.isoformat() if date and date.end else None,
        parties=_encode([[role, entity.key, entity.name] for role, entity in parties]) if parties else "[]",
        published=document.published.isoformat() if document.published else None,
        document=document.id,
        at=first.start if first else 0,
        publisher=publisher_key(document.publisher, document.url),
        url=document.url,
        title=" ".join(plain_words(document.title or "")) or None,
        text_sha256=document.text_sha256,
        origin=_named_key(attribution.name) if attribution and attribution.type == "publication" else None,
        voice=attribution.name or attribution.type if attribution else None,
        passage=_passage(first.text) if first else None,
        overrides=_encode(list(dict.fromkeys(applied))) if applied else "[]",
    )


def metric_of(claim: Claim) -> str:
    """What is measured: `power.load`, `accelerators`, `investment.USD/year`, `milestone.operational`, `agreement`.

    An addition (`incremental`) is another metric than a total, and so is a rate.
    """
    quantity = claim.quantity
    if claim.kind == "agreement" or quantity is None:
        return f"milestone.{claim.event}" if claim.event else claim.kind
    parts = claim.kind
    if claim.kind == "power":
        parts += f".{quantity.role or 'load'}"
    elif claim.kind == "investment":
        parts += f".{quantity.unit}"
    return parts + (".added" if quantity.incremental else "") + (f"/{quantity.period}" if quantity.period else "")


def _due(claim: Claim) -> DateRange | None:
    """The date of the claim; none of a planned number whose date is over when it is told, as in "the last 12 months".

    Such a date says when it was planned, or in which time; a step that was due then is another thing, and keeps it.
    """
    date, told = claim.date, claim.document.published
    if date is None or date.end is None or told is None or claim.quantity is None:
        return date
    looks_back = date.end < told or (date.end == told and date.start is not None and date.start < told)
    return None if looks_back and PHASES[claim.realization] == "planned" else date


def amount_of(quantity: Quantity | None) -> float | None:
    """The number that stands for a quantity: its value, else the bound that is known."""
    if quantity is None:
        return None
    return next((number for number in (quantity.value, quantity.min, quantity.max) if number is not None), None)


def _relation(quantity: Quantity) -> Relation:
    """How the number that stands for a quantity bounds it: where no value is told, the bound says it."""
    if quantity.value is not None or quantity.relation not in ("eq", "approx"):
        return quantity.relation
    if quantity.min is not None and quantity.max is not None:
        return "range"
    return "ge" if quantity.min is not None else "le"


def publisher_key(publisher: str | None, url: str | None) -> str | None:
    """Who published: the name without case and punctuation, else the host of the address."""
    if publisher:
        return _named_key(publisher)
    try:
        host = urlsplit(url or "").hostname
    except ValueError:
        host = None
    return host.removeprefix("www.") if host else None


@functools.lru_cache(maxsize=16_384)
def _named_key(name: str | None) -> str | None:
    return " ".join(plain_words(name or "")) or None


def _passage(text: str | None) -> str | None:
    """What two word-for-word copies of a passage share; none for a short one, which two authors may both write."""
    words = plain_words(_CREDIT.sub("", text or ""))
    return content_hash(words)[:16] if len(words) >= rules().window.copied_sentence else None


def _unit(claim: Claim, key: str, subject: Named | None, metric: str, parties: list[Named]) -> str:
    if claim.kind == "agreement":
        sides = {entity.key for entity in parties if entity.type != "person"}
        return "deal|" + "|".join(sorted(sides if len(sides) > 1 else {*sides, key}))
    if subject is not None and subject.id and subject.type in ("company", "person"):
        return f"{key}|{metric}"
    return key


def _owner(subject: Named | None, parties: list[tuple[str, Named]]) -> Named | None:
    """Whose site it is: as the claim says, else as the gazetteer does; a company is its own."""
    if subject is None or subject.type == "company":
        return subject
    for role in _OWNERS:
        for party_role, entity in parties:
            if party_role == role:
                return entity
    site = lexicon.by_id().get(subject.id or "")
    owner = lexicon.by_id().get(getattr(site, "owner", None) or "")
    return Named(owner.id, owner.name, "company") if owner else None
