"""Claims against gold: what was found, what was called right, what was made up.

A gold claim names alternatives for its subject and parties. A record answers it (is *detected*) if it is of its kind
and tells the same number (quantities), step and site (milestones) or two of its parties (agreements). It is right at
the *core* if label and subject are right too, and *strictly* right if facets, date, relation and role are as well.
Each record answers one gold claim at most; a claim marked optional is neither missed nor false.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from pipeline.records import Claim, Quantity

Gold = dict[str, Any]
"""One gold claim, as corpus/GUIDELINES.md says; what is left out is null."""
MEASURED = {"accelerators", "power", "energy", "investment"}
TOLERANCE = 0.006
_LEGAL = re.compile(
    r"\b(?:the|inc|corp|corporation|ltd|llc|plc|co|company|group|holdings|technologies|data cent(?:er|re)s?|campus|site"
    r"|cluster|supercomputer|project|facility|ai)\b"
)


@dataclass(frozen=True)
class Score:
    """Counts of claims; scores add up."""

    detected: int = 0
    core: int = 0
    strict: int = 0
    missed: int = 0
    false: int = 0
    confirmed_right: int = 0
    confirmed_wrong: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})

    def f1(self, hits: int) -> float:
        """The harmonic mean of precision and recall where `hits` of the detected claims count."""
        return 2 * hits / max(1, 2 * self.detected + self.missed + self.false)

    @property
    def confirmed_precision(self) -> float:
        """Of the answers called confirmed, the part that gold calls so."""
        return self.confirmed_right / max(1, self.confirmed_right + self.confirmed_wrong)


def score(golds: Sequence[Gold], claims: Sequence[Claim]) -> Score:
    """One article's claims against its gold."""
    answers = assign(golds, claims)
    total = Score(
        missed=sum(1 for i, gold in enumerate(golds) if i not in answers and not gold.get("optional")),
        false=len(claims) - len(answers),
    )
    return sum((_graded(golds[i], claims[j]) for i, j in answers.items() if not golds[i].get("optional")), total)


def assign(golds: Sequence[Gold], claims: Sequence[Claim]) -> dict[int, int]:
    """Index of gold claim to index of its record, the best pairs first."""
    pairs = [
        (2 * _subject(g, c) + (g["label"] == c.label) + 0.5 * _date(g, c), i, j)
        for i, g in enumerate(golds)
        for j, c in enumerate(claims)
        if detected(g, c)
    ]
    answers: dict[int, int] = {}
    for _, i, j in sorted(pairs, reverse=True):
        if i not in answers and j not in answers.values():
            answers[i] = j
    return answers


def detected(gold: Gold, claim: Claim) -> bool:
    """Whether a record tells what a gold claim tells."""
    if gold["kind"] != claim.kind:
        return False
    if claim.kind in MEASURED:
        return claim.quantity is not None and _same_number(gold, claim.quantity)
    if claim.kind == "milestone":
        return gold["event"] == claim.event and _subject(gold, claim)
    names = [name for party in claim.parties for name in (party.name, party.text)]
    names += [claim.subject.name, claim.subject.text] if claim.subject else []
    parties = [names_ if isinstance(names_, list) else [names_] for names_ in gold.get("parties") or []]
    return sum(same_name(names, alternatives) for alternatives in parties) >= min(2, len(parties))


def same_name(names: Iterable[str], alternatives: Iterable[str]) -> bool:
    """Whether some name and some alternative are one, or the words of one are among those of the other."""
    ours, theirs = ([words for words in map(_words, group) if words] for group in (names, alternatives))
    return any(a <= b or b <= a for a in ours for b in theirs)


def _words(name: str) -> set[str]:
    plain = re.sub(r"['’]s\b", "", unicodedata.normalize("NFKC", name).casefold())
    return set(re.findall(r"[a-z0-9]+", _LEGAL.sub(" ", plain)))


def _graded(gold: Gold, claim: Claim) -> Score:
    label, quantity = gold["label"] == claim.label, claim.quantity
    core = label and _subject(gold, claim)
    strict = (
        core
        and (gold["realization"], gold["certainty"]) == (claim.realization, claim.certainty)
        and _date(gold, claim)
        and (quantity is None or gold.get("relation") == quantity.relation)
        and (claim.kind != "power" or quantity is None or gold.get("role") == quantity.role)
    )
    confirmed = claim.label == "confirmed"
    return Score(1, int(core), int(strict), 0, 0, int(confirmed and label), int(confirmed and not label))


def _close(a: float | None, b: float | None) -> bool:
    if a is None or b is None:
        return a is b
    return abs(a - b) <= TOLERANCE * max(abs(a), abs(b))


def _same_number(gold: Gold, quantity: Quantity) -> bool:
    """Equal values; where one side knows only bounds, equal bounds, or the value at one of them."""
    low, high = gold.get("min"), gold.get("max")
    if gold.get("value") is not None:
        ends = (quantity.value,) if quantity.value is not None else (quantity.min, quantity.max)
        return any(_close(gold["value"], end) for end in ends)
    if quantity.value is not None:
        return _close(quantity.value, low) or _close(quantity.value, high)
    return (low is None or _close(low, quantity.min)) and (high is None or _close(high, quantity.max))


def _subject(gold: Gold, claim: Claim) -> bool:
    alternatives = [name for name in (gold.get("subject"), *(gold.get("subject_alt") or ())) if name]
    if not alternatives or claim.subject is None:
        return not alternatives and claim.subject is None
    return same_name((claim.subject.name, claim.subject.text), alternatives)


def _date(gold: Gold, claim: Claim) -> bool:
    """Equal bounds; where gold leaves one open, the other at either end."""
    start, end = (str(gold[key]) if gold.get(key) else None for key in ("date_start", "date_end"))
    date = claim.date
    found = (str(date.start), str(date.end)) if date and date.start else (None, None)
    if (start is None) != (end is None) and gold.get("date_relation") not in (None, "on"):
        return (end or start) in found
    return (start, end) == found
