"""One claim for one fact: mentions of the same thing in title, lead and body become one draft."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import get_args

from pipeline import lexicon
from pipeline.claims import rounding
from pipeline.claims.draft import Draft
from pipeline.reading import Thing
from pipeline.records import EntityType, Quantity, Realization

_SURE = 0.7
"""Two links at least this sure to two things of one type are two claims, even with one number."""

_SEQUEL = 45
"""Days between a deal and one that extends it; fewer may lie between its announcement and its closing."""
_TYPES: tuple[EntityType, ...] = get_args(EntityType)
_LEAD = 4
"""Sentences in which a text tells the news of its title."""
_RANKS: dict[Realization, int] = {"possible": 3, "realized": 2, "planned": 1, "negated": 0}
"""What a mention of a deal weighs against another that is not strong."""


def merge(drafts: Sequence[Draft]) -> list[Draft]:
    """Drafts without repetitions, in reading order; the best mention speaks, the others are kept behind it.

    "Announced" stays only where nothing stronger is said of its subject.
    """
    groups = _Groups()
    for draft in sorted(rounding.exact(drafts), key=lambda d: (d.start, d.end)):
        home = next((g for g in groups.like(draft) if _same(g, draft)), None)
        groups.add(draft, home)
    merged = rounding.as_told([_join(group.members) for group in groups.all], drafts)
    told = {d.subject.key for d in merged if d.subject and d.event != "announced"}
    kept = [d for d in merged if d.event != "announced" or (d.subject and d.subject.key not in told)]
    return sorted(kept, key=lambda d: (d.start, d.end, d.kind, d.event or ""))


class _Group:
    """The mentions of one claim. `distinct` are those that differ in anything by which mentions are compared."""

    def __init__(self, number: int):
        self.number = number
        self.members: list[Draft] = []
        self.distinct: dict[object, Draft] = {}
        self.sentences: set[int] = set()
        self.dates: dict[tuple[dt.date, dt.date | None], None] = {}

    def add(self, draft: Draft) -> None:
        """One more mention."""
        self.members.append(draft)
        self.distinct.setdefault(_compared_by(draft), draft)
        self.sentences.add(draft.sentence.index)
        if draft.date and draft.date.date.start:
            self.dates.setdefault((draft.date.date.start, draft.date.date.end))


def _compared_by(draft: Draft) -> object:
    """What `_same` looks at of a mention beyond its `_kind`, but for the days of its date, and its sentence where it is
    a number's.
    """
    thing = draft.subject
    return (
        thing and (thing.key, thing.type, thing.stands_in),
        draft.link_confidence,
        draft.verdict.realization,
        draft.date is not None,
        draft.another,
        frozenset((role, party.key) for role, party in draft.parties),
        draft.sentence.title,
        draft.sentence.index if draft.kind == "agreement" else _named(draft),
    )


class _Groups:
    """Groups in the order in which they began, found by what a mention of each has to share."""

    def __init__(self) -> None:
        self.all: list[_Group] = []
        self._sharing: defaultdict[object, dict[int, _Group]] = defaultdict(dict)

    def like(self, draft: Draft) -> Iterator[_Group]:
        """The groups that may be of the same claim; in the order of `all`."""
        found = {number: group for mark in _asked(draft) for number, group in self._sharing[mark].items()}
        return (found[number] for number in sorted(found))

    def add(self, draft: Draft, home: _Group | None) -> None:
        """Put a mention into its group, or begin one with it."""
        if home is None:
            home = _Group(len(self.all))
            self.all.append(home)
        home.add(draft)
        for mark in _shown(draft):
            self._sharing[mark][home.number] = home


def _asked(draft: Draft) -> set[object]:
    """What a mention of the same claim shows at least one of."""
    kind, thing = _kind(draft), draft.subject
    if draft.kind == "agreement":
        keys: set[object] = {(kind, key) for key in (*_keys(draft), None)}
        return keys if draft.parties else {kind}
    if thing is None or (draft.kind != "milestone" and not _sure(draft)):
        return {kind}
    if draft.kind == "milestone":
        return {(kind, thing.key), (kind, None), (kind, "title")}
    return {(kind, thing.key), (kind, None), *((kind, "type", t) for t in _TYPES if t != thing.type)}


def _shown(draft: Draft) -> set[object]:
    """What a mention shows of itself; null stands for one that may be of any thing or party."""
    kind, thing = _kind(draft), draft.subject
    if draft.kind == "agreement":
        return {kind, *((kind, key) for key in _keys(draft) or {None})}
    if draft.kind == "milestone":
        title: set[object] = {(kind, "title")} if draft.sentence.title else set()
        return {kind, (kind, thing and thing.key), *title}
    return {kind, (kind, thing.key), (kind, "type", thing.type)} if thing and _sure(draft) else {kind, (kind, None)}


def _kind(draft: Draft) -> object:
    """What all mentions of one claim share."""
    number = None if draft.kind in {"agreement", "milestone"} else _number_key(draft.quantity)
    return draft.kind, draft.event, draft.nature if draft.kind == "agreement" else number


def _sure(draft: Draft) -> bool:
    """Whether a number is of the thing that its subject names, and of no other of its type."""
    return draft.subject is not None and not draft.subject.stands_in and draft.link_confidence >= _SURE


def _same(group: _Group, draft: Draft) -> bool:
    known = group.distinct.values()
    if draft.kind == "agreement":
        return any(_one_deal(d, draft) for d in known) and not any(_made_apart(d, draft) for d in known)
    if draft.kind == "milestone":
        told = any(_same_subject(d, draft) for d in known) or _of_the_title(group.members, draft)
        return told and _dates_agree(group, draft) and not any(_one_done(d, draft) for d in known)
    if draft.sentence.index in group.sentences or any(_contrary(d, draft) for d in known):
        return False
    return any(_same_subject(d, draft) for d in known) and _dates_agree(group, draft)


def _contrary(a: Draft, b: Draft) -> bool:
    """Whether only one of two numbers was dropped, and the other is there or is somebody else's: two facts, even of
    one size.
    """
    said = {a.verdict.realization, b.verdict.realization}
    if len(said) > 1 and _of_another(a, b):
        return True
    if "negated" not in said or len(said) == 1:
        return False
    return "realized" in said or (a.subject is not None and b.subject is not None and a.subject.key != b.subject.key)


def _of_another(a: Draft, b: Draft) -> bool:
    """Whether only one of two is told as of a further thing, which a title need not tell."""
    return a.another != b.another and not (a.sentence.title or b.sentence.title)


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
    if a.nature == b.nature and len(_keys(a)) == len(_keys(b)) and all(_among(t, b) for _, t in a.parties):
        return True
    near = a.sentence.index == b.sentence.index or a.sentence.title or b.sentence.title
    some = _keys(few) < _keys(many) and (len(sides) > 1 or near)
    return a.nature == b.nature and (some or _keys(a) == _keys(b))


def _made_apart(a: Draft, b: Draft) -> bool:
    """Whether two deals that were both made are of days far from each other, so that one is the sequel of the other, or
    one that is made and one only spoken of are of two things ("in talks about a second campus").
    """
    if a.another != b.another and {a.verdict.realization, b.verdict.realization} == {"realized", "possible"}:
        return _of_another(a, b)
    if not (a.strong and b.strong and a.date and b.date):
        return False
    first, second = sorted((a.date.date, b.date.date), key=lambda d: d.start or dt.date.min)
    if first.end is None or second.start is None:
        return False
    return (second.start - first.end).days > _SEQUEL


def _among(thing: Thing, deal: Draft) -> bool:
    """Whether a party is one of a deal's, if only by the head of an unlisted name ("Tarn" for "Tarn Energy")."""
    name = thing.name.casefold()
    for _, other in deal.parties:
        longer = other.name.casefold()
        headed = name.startswith(f"{longer} ") or longer.startswith(f"{name} ")
        if thing.key == other.key or (headed and not (thing.id and other.id)):
            return True
    return False


def _dates_agree(group: _Group, draft: Draft) -> bool:
    """Whether no mention has a resolved date that the other contradicts."""
    if draft.date is None or draft.date.date.start is None:
        return True
    start, end = draft.date.date.start, draft.date.date.end
    return not group.dates or any(first <= end and start <= last for first, last in group.dates if last and end)


def _same_subject(a: Draft, b: Draft) -> bool:
    """One thing, or two that differ only in how exactly the text names it where the link is unsure."""
    if a.subject is None or b.subject is None or a.subject.key == b.subject.key:
        return True
    if a.kind == "milestone":
        return False
    if a.sentence.title or b.sentence.title:
        return a.subject.type != b.subject.type or min(a.link_confidence, b.link_confidence) < _SURE
    if a.subject.type != b.subject.type:
        return not _of_others(a, b) and not _of_others(b, a)
    return a.subject.stands_in or b.subject.stands_in or min(a.link_confidence, b.link_confidence) < _SURE


def _of_others(site: Draft, other: Draft) -> bool:
    """Whether the sentence of a site's number names companies, and not the one that the other number is of."""
    if site.subject is None or other.subject is None or other.subject.type != "company":
        return False
    known = lexicon.by_id().get(site.subject.id or "")
    if isinstance(known, lexicon.Site) and other.subject.id in (known.owner, *known.users):
        return False
    named = _named(site)
    return bool(named) and other.subject.key not in named


def _named(draft: Draft) -> frozenset[str]:
    """The companies that a mention's sentence names, asides left out."""
    return frozenset(t.key for t in draft.sentence.things if t.type == "company" and not t.aside)


def _number(quantity: Quantity) -> float | None:
    return quantity.value if quantity.value is not None else quantity.max if quantity.max is not None else quantity.min


def _number_key(quantity: Quantity | None) -> object:
    return quantity and (quantity.unit, quantity.role, _number(quantity), quantity.relation == "range")


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
