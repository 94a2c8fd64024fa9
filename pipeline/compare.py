"""Two extractions compared: claims added, gone, and changed in label or value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from pipeline.records import Claim, Record

_VERDICT = ("label", "realization", "certainty", "attribution")
_SAID = ("subject", "parties", "quantity", "date", "event")


class Difference(Record):
    """One claim that is not the same in both. Of a changed one `fields` are those that differ."""

    change: Literal["added", "gone", "changed"]
    document: str
    fields: tuple[str, ...] = ()
    before: Claim | None = None
    after: Claim | None = None


def differences(before: Iterable[Claim], after: Iterable[Claim]) -> list[Difference]:
    """What differs, by document and place.

    A claim with one id in both changed its verdict, if anything. Of the others, a claim gone and one come in the same
    document, of the same kind and on overlapping passages, are one claim whose value, subject or date changed.
    Extractors, and the passages around the same words, are not compared.
    """
    old, new = _by_id(before), _by_id(after)
    found = [_changed(old[id], new[id]) for id in old.keys() & new.keys()]
    gone = _by_place(old[id] for id in old.keys() - new.keys())
    come = _by_place(new[id] for id in new.keys() - old.keys())
    for key in gone.keys() | come.keys():
        found += _paired(gone.get(key, []), come.get(key, []))
    return sorted((item for item in found if item), key=_order)


def counts(found: Iterable[Difference]) -> dict[str, int]:
    """How many were added, gone and changed, and which fields changed how often."""
    total: Counter[str] = Counter({"added": 0, "gone": 0, "changed": 0})
    for item in found:
        total.update([item.change, *(f"changed {name}" for name in item.fields)])
    return dict(total)


def _by_id(claims: Iterable[Claim]) -> dict[str, Claim]:
    return {claim.claim_id: claim for claim in claims}


def _by_place(claims: Iterable[Claim]) -> dict[tuple[str, str], list[Claim]]:
    places: dict[tuple[str, str], list[Claim]] = {}
    for claim in sorted(claims, key=_start):
        places.setdefault((claim.document.id, claim.kind), []).append(claim)
    return places


def _start(claim: Claim) -> tuple[int, str]:
    return (claim.evidence[0].start if claim.evidence else 0), claim.claim_id


def _changed(old: Claim, new: Claim) -> Difference | None:
    fields = tuple(name for name in (*_VERDICT, *_SAID) if _plain(old, name) != _plain(new, name))
    if not fields:
        return None
    return Difference(change="changed", document=new.document.id, fields=fields, before=old, after=new)


def _plain(claim: Claim, name: str) -> Any:
    """The field without the words of the text where the meaning is in other fields."""
    value = getattr(claim, name)
    return value.model_dump(exclude={"text"}) if isinstance(value, Record) else value


def _paired(gone: list[Claim], come: list[Claim]) -> Iterator[Difference | None]:
    left = list(come)
    for old in gone:
        partner = next((new for new in left if _overlap(old, new)), None)
        if partner is None:
            yield Difference(change="gone", document=old.document.id, before=old)
        else:
            left.remove(partner)
            yield _changed(old, partner) or Difference(
                change="changed", document=old.document.id, fields=("evidence",), before=old, after=partner
            )
    for new in left:
        yield Difference(change="added", document=new.document.id, after=new)


def _overlap(old: Claim, new: Claim) -> bool:
    return any(one.start < two.end and two.start < one.end for one in old.evidence for two in new.evidence)


def _order(item: Difference) -> tuple[str, int, str, str]:
    claim = item.after or item.before
    assert claim
    return item.document, *_start(claim), item.change
