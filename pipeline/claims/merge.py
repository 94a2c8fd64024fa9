"""One claim for one fact: mentions of the same thing in title, lead and body become one draft."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.claims.draft import Draft
from pipeline.records import Quantity, Realization

_SURE = 0.7
"""Two links at least this sure to two things of one type are two claims, even with one number."""

_LEAD = 4
"""Sentences in which a text tells the news of its title."""
_RANKS: dict[Realization, int] = {"possible": 3, "realized": 2, "planned": 1, "negated": 0}
"""What a mention of a deal weighs against another that is not strong."""


def merge(drafts: Sequence[Draft]) -> list[Draft]:
    """Drafts without repetitions, in reading order; the best mention speaks, the others are kept behind it.

    "Announced" stays only where nothing stronger is said of its subject.
    """
    groups: list[list[Draft]] = []
    for draft in sorted(drafts, key=lambda d: (d.start, d.end)):
        home = next((g for g in groups if _same(g, draft)), None)
        if home is None:
            groups.append([draft])
        else:
            home.append(draft)
    merged = [_join(group) for group in groups]
    told = {d.subject.key for d in merged if d.subject and d.event != "announced"}
    kept = [d for d in merged if d.event != "announced" or (d.subject and d.subject.key not in told)]
    return sorted(kept, key=lambda d: (d.start, d.end, d.kind, d.event or ""))


def _same(group: Sequence[Draft], draft: Draft) -> bool:
    first = group[0]
    if first.kind != draft.kind or first.event != draft.event:
        return False
    if draft.kind == "agreement":
        return any(_one_deal(d, draft) for d in group)
    if draft.kind == "milestone":
        told = any(_same_subject(d, draft) for d in group) or _of_the_title(group, draft)
        return told and _dates_agree(group, draft) and not any(_one_done(d, draft) for d in group)
    if any(d.sentence.index == draft.sentence.index or _contrary(d, draft) for d in group):
        return False
    return any(_same_number(d.quantity, draft.quantity) and _same_subject(d, draft) for d in group) and _dates_agree(
        group, draft
    )


def _contrary(a: Draft, b: Draft) -> bool:
    """Whether only one of two numbers was dropped, and the other is there or is somebody else's: two facts, even of
    one size.
    """
    said = {a.verdict.realization, b.verdict.realization}
    if "negated" not in said or len(said) == 1:
        return False
    return "realized" in said or (a.subject is not None and b.subject is not None and a.subject.key != b.subject.key)


def _one_done(a: Draft, b: Draft) -> bool:
    """Whether only one of two steps has been taken, and the other has its day to come: they are of two parts."""
    done, due = (a, b) if a.verdict.realization == "realized" else (b, a)
    told = done.verdict.realization == "realized" and not done.sentence.title
    return told and due.verdict.realization in {"planned", "possible"} and due.date is not None


def _of_the_title(group: Sequence[Draft], draft: Draft) -> bool:
    """Whether a step near the head of the text is the one of its title, which only describes the site."""
    first = group[0]
    if not first.sentence.title or first.subject is None or len(group) > 1:
        return False
    if first.subject.type == "place":
        return True
    return not first.subject.id and draft.sentence.index <= _LEAD


def _keys(draft: Draft) -> frozenset[str]:
    return frozenset(thing.key for _, thing in draft.parties)


def _one_deal(a: Draft, b: Draft) -> bool:
    """Whether two deals of one nature have the same parties, or one only some of the other's.

    But for the title, in another sentence these must be of both its sides: two of several partners may have a deal
    apart.
    """
    few, many = sorted((a, b), key=lambda d: len(_keys(d)))
    sides = {role for role, thing in many.parties if thing.key in _keys(few)}
    near = a.sentence.index == b.sentence.index or a.sentence.title or b.sentence.title
    some = _keys(few) < _keys(many) and (len(sides) > 1 or near)
    return a.nature == b.nature and (some or _keys(a) == _keys(b))


def _dates_agree(group: Sequence[Draft], draft: Draft) -> bool:
    """Whether no mention has a resolved date that the other contradicts."""
    if draft.date is None or draft.date.date.start is None:
        return True
    mine = draft.date.date
    dated = [d.date.date for d in group if d.date and d.date.date.start]
    return not dated or any(
        other.start <= mine.end and mine.start <= other.end
        for other in dated
        if other.start and other.end and mine.start and mine.end
    )


def _same_subject(a: Draft, b: Draft) -> bool:
    """One thing, or two that differ only in how exactly the text names it where the link is unsure."""
    if a.subject is None or b.subject is None or a.subject.key == b.subject.key:
        return True
    if a.kind == "milestone":
        return False
    if a.subject.stands_in or b.subject.stands_in:
        return True
    return a.subject.type != b.subject.type or min(a.link_confidence, b.link_confidence) < _SURE


def _number(quantity: Quantity) -> float | None:
    return quantity.value if quantity.value is not None else quantity.max if quantity.max is not None else quantity.min


def _same_number(a: Quantity | None, b: Quantity | None) -> bool:
    return (
        a is not None
        and b is not None
        and a.unit == b.unit
        and a.role == b.role
        and _number(a) == _number(b)
        and (a.relation == "range") == (b.relation == "range")
    )


def _join(group: Sequence[Draft]) -> Draft:
    """The mention that says most and is surest, with what it lacks filled in from the others.

    Where a sure mention calls the number a plan and another a fact, the plan stands: a false `confirmed` costs more.
    """
    if group[0].kind == "agreement":
        return _join_deal(group)
    sure_plans = any(not d.verdict.by_default and d.verdict.realization != "realized" for d in group)
    numbers = group[0].quantity is not None
    best = max(
        group,
        key=lambda d: (
            not d.sentence.title,
            not (numbers and sure_plans and d.verdict.realization == "realized"),
            not d.verdict.by_default,
            d.date is not None,
            d.confidence,
            -d.start,
        ),
    )
    others = tuple(d for d in sorted(group, key=lambda d: d.start) if d is not best)
    dated = best.date or next((d.date for d in others if d.date and not d.sentence.title), None)
    subject = max(group, key=lambda d: (d.link_confidence, -d.start)) if best.link_confidence < 0.7 else best
    return replace(best, date=dated, subject=subject.subject, link_confidence=subject.link_confidence, more=others)


def _join_deal(group: Sequence[Draft]) -> Draft:
    """A deal told several times: a signature outweighs a denial, a denial talks, talks a bare noun and a plan."""
    denied = any(d.verdict.realization == "negated" for d in group)
    ranks: dict[Realization, int] = {"negated": 3, "possible": 2, "realized": 1, "planned": 0} if denied else _RANKS
    best = max(
        group,
        key=lambda d: (4 if d.strong else ranks[d.verdict.realization], not d.sentence.title, d.confidence, -d.start),
    )
    others = tuple(d for d in sorted(group, key=lambda d: d.start) if d is not best)
    dated = best.date or next((d.date for d in others if d.date and d.strong), None)
    fullest = max(group, key=lambda d: (len(_keys(d)), d is best))
    return replace(best, date=dated, parties=fullest.parties, more=others)
