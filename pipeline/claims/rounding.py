"""Numbers that a title rounds: "$1.4bn" over a text of "$1.38 billion" is one sum told twice."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from pipeline.claims.draft import Draft
from pipeline.records import Quantity

_DIGITS = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
_FAR = 0.04
"""Share of a number by which its rounding may differ from it."""
_EXACT = {"eq", "approx"}


def exact(drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts, those of the title with the one number of the text that they round, where it does not repeat it."""
    told = [d.quantity for d in drafts if d.quantity and not d.sentence.title]
    return [_exact(draft, told) if draft.quantity and draft.sentence.title else draft for draft in drafts]


def as_told(drafts: Sequence[Draft], before: Sequence[Draft]) -> list[Draft]:
    """The drafts, those that are only a title's with the number that it tells."""
    own = {(d.kind, *d.anchor): d.quantity for d in before if d.quantity and d.sentence.title}
    return [replace(d, quantity=own.get((d.kind, *d.anchor), d.quantity)) for d in drafts]


def _exact(draft: Draft, told: Sequence[Quantity]) -> Draft:
    rounded = draft.quantity
    if rounded is None or any(_like(rounded, q) and q.value == rounded.value for q in told):
        return draft
    found = {q.value: q for q in told if _like(rounded, q) and _rounds(rounded, q)}
    return replace(draft, quantity=next(iter(found.values()))) if len(found) == 1 else draft


def _like(a: Quantity, b: Quantity) -> bool:
    return (a.unit, a.role) == (b.unit, b.role)


def _rounds(rounded: Quantity, full: Quantity) -> bool:
    """Whether a number is another one with fewer figures."""
    figures, more = _DIGITS.search(rounded.text), _DIGITS.search(full.text)
    if rounded.value is None or full.value is None or figures is None or more is None:
        return False
    if rounded.relation not in _EXACT or full.relation not in _EXACT or rounded.count or full.count:
        return False
    spelled = figures[0].replace(",", "")
    if float(spelled) == 0 or _precise(spelled) >= _precise(more[0].replace(",", "")):
        return False
    step = rounded.value / float(spelled) / 10 ** len(spelled.partition(".")[2])
    apart = abs(rounded.value - full.value)
    return 0 < apart <= step / 2 * 1.001 and apart <= full.value * _FAR


def _precise(figures: str) -> int:
    """How many figures of a number say something."""
    return len(figures.replace(".", "").strip("0"))
