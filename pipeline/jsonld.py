"""Claims as schema.org JSON-LD: what maps, and no more.

`Claim` takes the passage as `text`, the article as `appearance`, who vouches as `author`, the subject as `about`, the
amount as a `QuantitativeValue` among `mentions`, the date as `temporalCoverage` and the label as `creativeWorkStatus`.
Facets, cues, offsets and chips have no place in schema.org; the `identifier` leads back to the record.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from pipeline.records import Attribution, Claim, Document, Quantity, SubjectType

_THINGS: dict[str, str] = {"company": "Organization", "person": "Person", "place": "Place", "cluster": "Place"}


def jsonld_lines(claims: Iterable[Claim]) -> Iterator[str]:
    """One JSON-LD document as a stream of lines: a graph with a claim a line."""
    yield '{"@context": "https://schema.org", "@graph": [\n'
    before = ""
    for claim in claims:
        yield before + json.dumps(jsonld(claim), ensure_ascii=False)
        before = ",\n"
    yield "\n]}\n"


def jsonld(claim: Claim) -> dict[str, Any]:
    """One claim as a schema.org `Claim`; what is unknown is left out."""
    quantity, date = claim.quantity, claim.date
    sides = [_thing(party.name, party.type, party.id) for party in claim.parties]
    mentions = [*sides, *([_quantity(quantity)] if quantity else [])]
    return _known({
        "@type": "Claim",
        "@id": f"urn:infraclaims:claim:{claim.claim_id}",
        "identifier": claim.claim_id,
        "text": claim.evidence[0].text if claim.evidence else None,
        "name": claim.event or claim.kind,
        "creativeWorkStatus": claim.label,
        "about": _thing(claim.subject.name, claim.subject.type, claim.subject.id) if claim.subject else None,
        "mentions": mentions or None,
        "temporalCoverage": f"{date.start or '..'}/{date.end or '..'}" if date and (date.start or date.end) else None,
        "author": _author(claim.attribution) if claim.attribution else None,
        "appearance": _article(claim.document),
    })  # fmt: skip


def _thing(name: str, type: SubjectType, id: str | None) -> dict[str, Any]:
    return _known({"@type": _THINGS.get(type, "Thing"), "name": name, "identifier": id})


def _quantity(quantity: Quantity) -> dict[str, Any]:
    return _known({
        "@type": "QuantitativeValue",
        "value": quantity.value,
        "minValue": quantity.min if quantity.min != quantity.value else None,
        "maxValue": quantity.max if quantity.max != quantity.value else None,
        "unitText": quantity.unit + (f" per {quantity.period}" if quantity.period else ""),
    })  # fmt: skip


def _author(attribution: Attribution) -> dict[str, Any] | None:
    """A source without a name is none that schema.org could hold."""
    if attribution.name is None or attribution.type in ("anonymous", "document"):
        return None
    type = "Person" if attribution.type == "person" else "Organization"
    return _known({"@type": type, "name": attribution.name, "identifier": attribution.id})


def _article(document: Document) -> dict[str, Any]:
    return _known({
        "@type": "NewsArticle",
        "identifier": document.id,
        "url": document.url,
        "headline": document.title,
        "datePublished": document.published.isoformat() if document.published else None,
        "publisher": {"@type": "Organization", "name": document.publisher} if document.publisher else None,
        "author": {"@type": "Person", "name": document.author} if document.author else None,
    })  # fmt: skip


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
