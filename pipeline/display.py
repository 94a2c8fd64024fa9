"""What a person is shown of a claim, as plain strings and marked stretches; terminal and HTML draw from it.

Everything that comes from an article goes through `visible` before it is shown.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, get_args

from pipeline.records import Claim, Cue, DateRange, Explanation, Quantity, Relation, UnitKind

Layer = Literal["entity", "quantity", "date", "cue", "evidence", "part"]

_SIGNS = {"eq": "", "approx": "≈ ", "ge": "≥ ", "gt": "> ", "le": "≤ ", "lt": "< ", "range": ""}
_SCALES = ((1e12, " tn"), (1e9, " bn"), (1e6, " m"))
_NUMERIC_ENTITIES = frozenset({"accelerator_count", *get_args(UnitKind), "money", "date"})
_CURRENCY = re.compile("[A-Z]{3}")
"""ISO 4217: only sums are said in millions and billions, and no other unit is written so."""

# Each becomes one other character, so offsets into the text stay true. Bidirectional controls reorder what is read.
_CONTROLS = {
    **{code: 0x2400 + code for code in range(32) if chr(code) not in "\n\t"},
    0x7F: 0x2421,
    **dict.fromkeys(
        (*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xD800, 0xE000)), 0xFFFD
    ),
}


class Mark(NamedTuple):
    """A stretch of the article text and what was found there. `claim` numbers the claim (from 0) it belongs to."""

    start: int
    end: int
    layer: Layer
    kind: str
    note: str
    claim: int | None = None
    scope: tuple[int, int] | None = None


class Why(NamedTuple):
    """How one facet of a claim got its value: the cues that say so, and those that say otherwise."""

    facet: Literal["realization", "certainty"]
    value: str
    decided_by: tuple[Cue, ...]
    others: tuple[Cue, ...]


def visible(text: str) -> str:
    """The text with control, bidirectional and surrogate characters made visible, one for one; harmless to print."""
    return text.translate(_CONTROLS)


def one_line(text: str) -> str:
    """The text made visible on one line, runs of blanks closed up."""
    return " ".join(visible(text).split())


def subject(claim: Claim) -> str:
    """Name of the subject, or a dash where the article names none."""
    return one_line(claim.subject.name) if claim.subject else "–"


def kind(claim: Claim) -> str:
    """Kind of the claim, with the role of the power."""
    role = claim.quantity.role if claim.quantity else None
    return f"{claim.kind}, {role}" if role else claim.kind


def what(claim: Claim) -> str:
    """The event, the parties and the quantity of the claim, whichever it has."""
    parts: list[str] = []
    if claim.event:
        parts.append(claim.event.replace("_", " "))
    if claim.parties and claim.kind == "agreement":
        parts.append(" · ".join(f"{one_line(party.name)} ({party.role})" for party in claim.parties))
    if claim.quantity:
        parts.append(quantity(claim.quantity))
    return ", ".join(parts) or "–"


def quantity(item: Quantity) -> str:
    """The quantity in its canonical unit: `≈ 220,000 chips, H100`, `+1,100 MW`, `300–500 MW`, `38 bn USD`."""
    if item.relation == "range" and item.min is not None and item.max is not None:
        amount = f"{_number(item.min, item.unit)}–{_number(item.max, item.unit)}"
    else:
        known = next((bound for bound in (item.value, item.min, item.max) if bound is not None), None)
        amount = _SIGNS[item.relation] + ("?" if known is None else _number(known, item.unit))
    text = f"{'+' if item.incremental else ''}{amount} {'chips' if item.unit == 'accelerator' else one_line(item.unit)}"
    if item.chip:
        text += f", {one_line(item.chip.partition(':')[2] or item.chip).upper()}"
    return f"{text} a {one_line(item.period)}" if item.period else text


def sign(relation: Relation) -> str:
    """What stands before a number that is bounded so: `≤ `, `≈ `; nothing before an exact one."""
    return _SIGNS[relation]


def _number(value: float, unit: str) -> str:
    if _CURRENCY.fullmatch(unit):
        for scale, name in _SCALES:
            if abs(value) >= scale:
                return _plain_number(value / scale) + name
    return _plain_number(value)


def _plain_number(value: float) -> str:
    return f"{value:,.3f}".rstrip("0").rstrip(".")


def date(item: DateRange | None) -> str:
    """The date as relation and interval: `by 2028-09 to 2028-12`, `2026-05-06`, `2026 Q3`; unresolved: its words."""
    if item is None:
        return "–"
    if item.start is None and item.end is None:
        return f"“{one_line(item.text)}”"
    relation = "" if item.relation == "on" else f"{item.relation} "
    return relation + ("FY " if item.fiscal else "") + _interval(item.start, item.end)


def _interval(start: dt.date | None, end: dt.date | None) -> str:
    if start is None or end is None:
        return f"{start or '…'} to {end or '…'}"
    if start == end:
        return start.isoformat()
    following = end + dt.timedelta(days=1) if end < dt.date.max else end
    if start.day != 1 or following.day != 1:
        return f"{start} to {end}"
    months = (following.year - start.year) * 12 + following.month - start.month
    if months == 1:
        return f"{start:%Y-%m}"
    if months == 3 and start.month % 3 == 1:
        return f"{start.year} Q{start.month // 3 + 1}"
    if months == 6 and start.month in (1, 7):
        return f"{start.year} H{start.month // 6 + 1}"
    if start.month == 1 and months % 12 == 0:
        return str(start.year) if months == 12 else f"{start.year} to {end.year}"
    return f"{start:%Y-%m} to {end:%Y-%m}"


def source(claim: Claim) -> str:
    """Who vouches: the attribution where there is one, else the publisher."""
    if claim.attribution:
        name = one_line(claim.attribution.name or claim.attribution.type)
        return f"{name} {one_line(claim.attribution.verb)}" if claim.attribution.verb else name
    return "the publisher"


def document(claim: Claim) -> str:
    """The article, by the name that says most: title, else URL, else id."""
    return one_line(claim.document.title or claim.document.url or claim.document.id)


def decision(claim: Claim) -> str:
    """The row of the decision table that gave the label: `realized + asserted → confirmed`."""
    return f"{claim.realization} + {claim.certainty} → {claim.label}"


def why(claim: Claim) -> tuple[Why, Why]:
    """For each facet, the cues of the claim that carry its value and those that were outvoted."""
    found = (cue for evidence in claim.evidence for cue in evidence.cues)
    cues = list({(cue.start, cue.facet, cue.rule): cue for cue in found}.values())

    def read(facet: Literal["realization", "certainty"], value: str) -> Why:
        own = [cue for cue in cues if cue.facet == facet]
        return Why(
            facet,
            value,
            tuple(cue for cue in own if cue.value == value),
            tuple(cue for cue in own if cue.value != value),
        )

    return read("realization", claim.realization), read("certainty", claim.certainty)


def deciding_cues(claim: Claim) -> tuple[Cue, ...]:
    """The cues that carry the facets of the claim, in reading order; empty where it is stated as a plain fact."""
    return tuple(sorted((cue for reason in why(claim) for cue in reason.decided_by), key=lambda cue: cue.start))


def marks(explanation: Explanation) -> list[Mark]:
    """Everything that was found in the article, as marks on its text."""
    found: list[Mark] = []
    for entity in explanation.extraction.article.entities:
        if entity.type not in _NUMERIC_ENTITIES:
            note = f"{entity.type}: {entity.name}" + (f" ({entity.id})" if entity.id else "")
            found.append(Mark(entity.start, entity.end, "entity", entity.type, one_line(note)))
    for item in explanation.quantities:
        found.append(Mark(item.start, item.end, "quantity", item.kind, f"{item.kind}: {quantity(item.quantity)}"))
    for item in explanation.dates:
        found.append(Mark(item.start, item.end, "date", item.date.grain, f"date: {date(item.date)}"))
    for cue in explanation.cues:
        note = f"cue: {cue.facet} = {cue.value} ({cue.rule})"
        found.append(Mark(cue.start, cue.end, "cue", cue.facet, note, scope=cue.scope))
    for number, claim in enumerate(explanation.extraction.claims):
        for evidence in claim.evidence:
            found.append(Mark(evidence.start, evidence.end, "evidence", "evidence", "", number))
            for part, (start, end) in evidence.spans.items():
                found.append(Mark(start, end, "part", part, "", number))
            for cue in evidence.cues:
                found.append(Mark(cue.start, cue.end, "part", "cue", "", number))
    return found


def segments(length: int, found: Sequence[Mark]) -> Iterator[tuple[int, int, tuple[Mark, ...]]]:
    """Cut `0..length` at every boundary of a mark: `(start, end, marks that cover it)`, in order and without gaps."""
    opening: dict[int, list[int]] = {}
    closing: dict[int, list[int]] = {}
    for index, mark in enumerate(found):
        start, end = min(mark.start, length), min(mark.end, length)
        if start < end:
            opening.setdefault(start, []).append(index)
            closing.setdefault(end, []).append(index)
        for bound in mark.scope or ():
            opening.setdefault(min(bound, length), [])
    cuts = sorted({0, length, *opening, *closing})
    active: set[int] = set()
    for start, end in itertools.pairwise(cuts):
        active.difference_update(closing.get(start, ()))
        active.update(opening.get(start, ()))
        yield start, end, tuple(found[index] for index in sorted(active))


def anchors(explanation: Explanation) -> dict[int, list[int]]:
    """Where each claim is pinned in the text: the end of its quantity or evidence -> numbers of the claims there."""
    pinned: dict[int, list[int]] = {}
    for number, claim in enumerate(explanation.extraction.claims):
        for evidence in claim.evidence:
            spans = evidence.spans
            _, end = spans.get("quantity") or spans.get("event") or (evidence.start, evidence.end)
            numbers = pinned.setdefault(end, [])
            if number not in numbers:
                numbers.append(number)
    return pinned
