"""Steps told by another step: what follows it later, and the new date of what slipped."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import replace

from pipeline import lexicon
from pipeline.claims.draft import Draft
from pipeline.claims.facets import cue_at
from pipeline.reading import Reading
from pipeline.records import DateMention, Event

_REPEATED: frozenset[Event] = frozenset(
    {"construction_completed", "energized", "delivered", "operational", "workload_started"}
)
"""Steps that a second part takes as the first one did."""
_SURE = 0.8
_AT_FIRST = re.compile(r"\b(?:originally|initially|previously)\b", re.IGNORECASE)
_LEFT = re.compile(r"\b(?:from|out of|than)\s(?:the\s)?$", re.IGNORECASE)
"""Before the date that a slip leaves behind."""
_PUT_OFF = re.compile(r"(?:to|until|till)\b", re.IGNORECASE)


def echoes(reading: Reading, drafts: Sequence[Draft]) -> list[Draft]:
    """The steps that these tell besides themselves, each planned and with a date of its own."""
    found: list[Draft] = []
    for draft in drafts:
        other = _new_date(reading, draft, drafts) if draft.event == "delayed" else _follows(reading, draft, drafts)
        if other:
            found.append(other)
    return found


def superseded(reading: Reading, draft: Draft, drafts: Sequence[Draft]) -> bool:
    """Whether a step only tells when the same step of the same sentence was first due ("originally to open in May")."""
    if draft.verdict.realization != "planned" or draft.subject is None:
        return False
    clause = draft.sentence.clauses[draft.sentence.clause_at(draft.start)]
    return bool(_AT_FIRST.search(reading.text, clause.start, draft.start)) and any(
        d is not draft and d.event == draft.event and d.subject and d.subject.key == draft.subject.key
        for d in drafts
        if d.sentence.index == draft.sentence.index
    )


def _new_date(reading: Reading, draft: Draft, drafts: Sequence[Draft]) -> Draft | None:
    """The step that slipped to a new date: what the text names ("put off the completion to 2028"), else the opening."""
    dates = [d for d in draft.sentence.dates if d.start >= draft.end and _PUT_OFF.match(d.date.text)]
    date = (
        draft.date
        if draft.date and not _LEFT.search(reading.text, max(0, draft.date.start - 12), draft.date.start)
        else next(iter(dates), None)
    )
    if date is None or not ahead(reading, date):
        return None
    clause = draft.sentence.clauses[draft.sentence.clause_at(draft.start)]
    for event, pattern in _nouns().items():
        noun = pattern.search(reading.text, clause.start, date.start) or pattern.search(
            reading.text, draft.sentence.start, draft.start
        )
        if noun:
            return _planned(reading, draft, event, noun.start(), noun.end(), date)
    event: Event = "operational"
    for other in drafts:
        if other.event in _REPEATED and other.sentence.index == draft.sentence.index:
            event = other.event
            break
    return _planned(reading, draft, event, draft.start, draft.end, date)


def _follows(reading: Reading, draft: Draft, drafts: Sequence[Draft]) -> Draft | None:
    """The same step of another part ("opened in May, with the second hall to follow in 2027")."""
    if draft.event not in _REPEATED:
        return None
    for date in draft.sentence.dates:
        match = _following().search(reading.text, draft.end, date.start) if date.start > draft.end else None
        if match is None or not ahead(reading, date):
            continue
        other = any(draft.end <= d.start < date.start for d in drafts if d is not draft)
        number = any(draft.end <= q.start < match.end() for q in draft.sentence.quantities)
        if not other and not number:
            sites = [t for t in draft.sentence.things if match.start() <= t.start < match.end()]
            site = next((t for t in sites if t.type in {"cluster", "place"} and not t.stands_in), draft.subject)
            return replace(_planned(reading, draft, draft.event, match.start(), match.end(), date), subject=site)
    return None


def _planned(reading: Reading, draft: Draft, event: Event, start: int, end: int, date: DateMention) -> Draft:
    cue = cue_at(reading.text, start, end, "planned", f"event.{event}.open")
    verdict = draft.verdict.overruled(cue, "planned", _SURE)
    return replace(draft, event=event, anchor=(start, end), verdict=verdict, date=date, more=())


def ahead(reading: Reading, date: DateMention) -> bool:
    """Whether a date ends after the article, as far as that is known."""
    return reading.published is None or date.date.end is None or date.date.end > reading.published


@functools.cache
def _nouns() -> dict[Event, re.Pattern[str]]:
    return {
        event: re.compile(rf"\b(?:{'|'.join(words)})\b", re.IGNORECASE)
        for event, words in lexicon.toml("events")["slipping"].items()
    }


@functools.cache
def _following() -> re.Pattern[str]:
    words = lexicon.toml("events")["following"]
    part, verb, follow = ("|".join(words[name]) for name in ("parts", "verbs", "follow"))
    parts = rf"(?:(?:the|an?|its)\s)?(?:[\w-]+\s){{0,2}}?(?:{part})\b(?:\s[\w-]+){{0,3}}?(?:\s(?:{verb}))?"
    named = rf"(?:[\w'’.-]+\s){{1,7}}?(?:{follow})"
    return re.compile(rf"(?:\bwith|\band|\bwhile|,)\s(?:{parts}|{named})(?=\s$)", re.IGNORECASE)
