"""Claims against gold: what was found, what was called right, what was made up.

A record answers a gold claim (it is *detected*) if it is of its kind and tells the same number (quantities), step and
site (milestones) or two of its parties (agreements). It is right at the *core* if subject and label are right too, and
*strictly* right if facets, date, relation and role are as well. Each record answers one gold claim at most; a gold
claim marked optional is neither missed nor false.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import get_args

from pipeline.evaluation.gold import GoldArticle, GoldClaim
from pipeline.records import Claim, Quantity, QuantityKind

MEASURED = frozenset(get_args(QuantityKind))
FIELDS = ("label", "realization", "certainty", "subject", "date", "relation", "role")
"""What is compared of a detected claim."""
TOLERANCE = 0.006
"""Relative difference of two numbers that count as one."""
_LEGAL = re.compile(
    r"\b(?:the|inc|corp|corporation|ltd|llc|plc|co|company|group|holdings|technologies|data cent(?:er|re)s?|campus|site"
    r"|cluster|supercomputer|project|facility|ai)\b"
)


@dataclass(frozen=True)
class Match:
    """A gold claim with the record that answers it, and which fields agree."""

    gold: GoldClaim
    claim: Claim
    agrees: dict[str, bool]

    @property
    def core(self) -> bool:
        """Whether subject and label are right."""
        return self.agrees["subject"] and self.agrees["label"]

    @property
    def strict(self) -> bool:
        """Whether every field is right."""
        return all(self.agrees.values())


@dataclass(frozen=True)
class Result:
    """One article: what was matched, missed and made up; optional gold is in none of them."""

    id: str
    relevant: bool
    words: int
    matches: tuple[Match, ...]
    missed: tuple[GoldClaim, ...]
    false: tuple[Claim, ...]
    gold: tuple[GoldClaim, ...] = ()
    """All gold claims of the article, optional ones too."""


def compare(gold: GoldArticle, claims: Sequence[Claim], words: int = 0) -> Result:
    """One article's records against its gold; `words` is the length of its text."""
    answers = assign(gold.claims, claims)
    matches = [
        Match(gold.claims[i], claims[j], agreement(gold.claims[i], claims[j]))
        for i, j in sorted(answers.items())
        if not gold.claims[i].optional
    ]
    missed = [g for i, g in enumerate(gold.claims) if i not in answers and not g.optional]
    false = [c for j, c in enumerate(claims) if j not in answers.values()]
    return Result(gold.id, gold.relevant, words, tuple(matches), tuple(missed), tuple(false), gold.claims)


def assign(golds: Sequence[GoldClaim], claims: Sequence[Claim]) -> dict[int, int]:
    """Index of gold claim to index of its record, the best pairs first."""
    pairs = [
        (2 * same_subject(g, c) + (g.label == c.label) + 0.5 * same_date(g, c), i, j)
        for i, g in enumerate(golds)
        for j, c in enumerate(claims)
        if detected(g, c)
    ]
    answers: dict[int, int] = {}
    for _, i, j in sorted(pairs, reverse=True):
        if i not in answers and j not in answers.values():
            answers[i] = j
    return answers


def detected(gold: GoldClaim, claim: Claim) -> bool:
    """Whether a record tells what a gold claim tells."""
    if gold.kind != claim.kind:
        return False
    if claim.kind in MEASURED:
        return claim.quantity is not None and _same_number(gold, claim.quantity)
    if claim.kind == "milestone":
        return gold.event == claim.event and same_subject(gold, claim)
    names = [name for party in claim.parties for name in (party.name, party.text)]
    names += [claim.subject.name, claim.subject.text] if claim.subject else []
    return sum(same_name(names, alternatives) for alternatives in gold.parties) >= min(2, len(gold.parties))


def agreement(gold: GoldClaim, claim: Claim) -> dict[str, bool]:
    """Field by field, whether a record says what the gold claim says."""
    quantity = claim.quantity
    return {
        "label": gold.label == claim.label,
        "realization": gold.realization == claim.realization,
        "certainty": gold.certainty == claim.certainty,
        "subject": same_subject(gold, claim),
        "date": same_date(gold, claim),
        "relation": quantity is None or gold.relation == quantity.relation,
        "role": claim.kind != "power" or quantity is None or gold.role == quantity.role,
    }


def same_name(names: Iterable[str], alternatives: Iterable[str]) -> bool:
    """Whether some name and some alternative are one, or the words of one are among those of the other."""
    ours, theirs = ([words for words in map(_words, group) if words] for group in (names, alternatives))
    return any(a <= b or b <= a for a in ours for b in theirs)


def _words(name: str) -> set[str]:
    plain = re.sub(r"['’]s\b", "", unicodedata.normalize("NFKC", name).casefold())
    return set(re.findall(r"[a-z0-9]+", _LEGAL.sub(" ", plain)))


def _close(a: float | None, b: float | None) -> bool:
    if a is None or b is None:
        return a is b
    return abs(a - b) <= TOLERANCE * max(abs(a), abs(b))


def _same_number(gold: GoldClaim, quantity: Quantity) -> bool:
    """Equal values; where one side knows only bounds, equal bounds, or the value at one of them."""
    if gold.value is not None:
        ends = (quantity.value,) if quantity.value is not None else (quantity.min, quantity.max)
        return any(_close(gold.value, end) for end in ends)
    if quantity.value is not None:
        return _close(quantity.value, gold.min) or _close(quantity.value, gold.max)
    low, high = gold.min, gold.max
    return (low is None or _close(low, quantity.min)) and (high is None or _close(high, quantity.max))


def same_subject(gold: GoldClaim, claim: Claim) -> bool:
    """Whether the subject has one of the names that would do; without any, whether there is none."""
    if not gold.subjects or claim.subject is None:
        return not gold.subjects and claim.subject is None
    return same_name((claim.subject.name, claim.subject.text), gold.subjects)


def same_date(gold: GoldClaim, claim: Claim) -> bool:
    """Equal bounds; where gold leaves one open, the other at either end."""
    start, end, date = gold.date_start, gold.date_end, claim.date
    found = (date.start, date.end) if date and date.start else (None, None)
    if (start is None) != (end is None) and gold.date_relation not in (None, "on"):
        return (end or start) in found
    return (start, end) == found


@dataclass(frozen=True)
class Rates:
    """Precision, recall and F1, each 0..1."""

    precision: float
    recall: float
    f1: float


def rates(hits: int, answers: int, asked: int) -> Rates:
    """Rates of `hits` among so many answers given and so many claims asked for."""
    precision, recall = hits / max(1, answers), hits / max(1, asked)
    return Rates(precision, recall, 2 * hits / max(1, answers + asked))


Measure = Callable[[Sequence[Result]], float]


def _f1(right: Callable[[Match], bool]) -> Measure:
    return lambda results: level(results, right).f1


def level(results: Sequence[Result], right: Callable[[Match], bool], kind: str | None = None) -> Rates:
    """Rates over all results, of one kind of claim or all, where a match counts only if `right`."""
    matches = [m for r in results for m in r.matches if kind in (None, m.gold.kind)]
    missed = sum(1 for r in results for g in r.missed if kind in (None, g.kind))
    false = sum(1 for r in results for c in r.false if kind in (None, c.kind))
    return rates(sum(map(right, matches)), len(matches) + false, len(matches) + missed)


def confirmed(results: Sequence[Result]) -> Rates:
    """Precision and recall of the label `confirmed` among the detected claims."""
    pairs = Counter((m.gold.label, m.claim.label) for r in results for m in r.matches)
    right = pairs["confirmed", "confirmed"]
    called, are = right + pairs["aspirational", "confirmed"], right + pairs["confirmed", "aspirational"]
    return rates(right, called, are)


def field_accuracy(results: Sequence[Result], name: str) -> float:
    """The part of the detected claims in which a field is right."""
    verdicts = [m.agrees[name] for r in results for m in r.matches]
    return sum(verdicts) / max(1, len(verdicts))


def false_per_1000_words(results: Sequence[Result]) -> float:
    """Claims made up in 1,000 words of off-topic text."""
    off = [r for r in results if not r.relevant]
    return 1000 * sum(len(r.false) for r in off) / max(1, sum(r.words for r in off))


HEADLINES: dict[str, Measure] = {
    "detect_f1": _f1(lambda _: True),
    "core_f1": _f1(lambda match: match.core),
    "strict_f1": _f1(lambda match: match.strict),
    "confirmed_precision": lambda results: confirmed(results).precision,
    "confirmed_recall": lambda results: confirmed(results).recall,
    "false_off_topic": lambda results: float(sum(len(r.false) for r in results if not r.relevant)),
}
"""The figures that floors are set under."""


def interval(results: Sequence[Result], measure: Measure, rounds: int = 1000) -> tuple[float, float]:
    """The 95 % interval of a figure by the bootstrap over articles (Efron 1979, percentiles); one seed, same answer."""
    dice = random.Random(7)  # noqa: S311  # resampling, no secret
    drawn = sorted(measure(dice.choices(results, k=len(results))) for _ in range(rounds)) if results else [0.0]
    return drawn[int(0.025 * len(drawn))], drawn[min(len(drawn) - 1, int(0.975 * len(drawn)))]
