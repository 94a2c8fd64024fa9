"""Steps told by another step: what follows it later, and the new date of what slipped."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import replace

from pipeline import lexicon
from pipeline.claims.draft import Draft
from pipeline.claims.facets import Verdict
from pipeline.reading import Reading
from pipeline.records import Cue, DateMention, Event

_REPEATED: frozenset[Event] = frozenset(
    {"construction_completed", "energized", "delivered", "operational", "workload_started"}
)
"""Steps that a second part takes as the first one did."""
_SURE = 0.8


def echoes(reading: Reading, drafts: Sequence[Draft]) -> list[Draft]:
    """The steps that these tell besides themselves, each planned and with a date of its own."""
    found: list[Draft] = []
    for draft in drafts:
        other = _new_date(reading, draft, drafts) if draft.event == "delayed" else _follows(reading, draft, drafts)
        if other:
            found.append(other)
    return found


def _new_date(reading: Reading, draft: Draft, drafts: Sequence[Draft]) -> Draft | None:
    """The step that slipped to a new date: what the text names ("put off the completion to 2028"), else the opening."""
    date = draft.date
    if date is None or not ahead(reading, date):
        return None
    clause = draft.sentence.clauses[draft.sentence.clause_at(draft.start)]
    for event, pattern in _nouns().items():
        noun = pattern.search(reading.text, clause.start, date.start)
        if noun:
            return _planned(reading, draft, event, noun.start(), noun.end(), date)
    told = [d for d in drafts if d.sentence.index == draft.sentence.index and d.event in _REPEATED]
    return _planned(reading, draft, (told and told[0].event) or "operational", draft.start, draft.end, date)


def _follows(reading: Reading, draft: Draft, drafts: Sequence[Draft]) -> Draft | None:
    """The same step of another part ("opened in May, with the second hall to follow in 2027")."""
    if draft.event not in _REPEATED:
        return None
    for date in draft.sentence.dates:
        match = _following().search(reading.text, draft.end, date.start) if date.start > draft.end else None
        if match is None or not ahead(reading, date):
            continue
        other = any(draft.end <= d.start < match.start() for d in drafts if d is not draft)
        number = any(draft.end <= q.start < match.end() for q in draft.sentence.quantities)
        if not other and not number:
            return _planned(reading, draft, draft.event, match.start(), match.end(), date)
    return None


def _planned(reading: Reading, draft: Draft, event: Event, start: int, end: int, date: DateMention) -> Draft:
    cue = Cue(
        text=reading.text[start:end],
        start=start,
        end=end,
        facet="realization",
        value="planned",
        rule=f"event.{event}.open",
    )
    hedges = tuple(c for c in draft.verdict.cues if c.facet == "certainty")
    verdict = Verdict("planned", draft.verdict.certainty, (cue, *hedges), _SURE)
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
    part, verb = "|".join(words["parts"]), "|".join(words["verbs"])
    return re.compile(
        rf"(?:\bwith|\band|\bwhile|,)\s(?:(?:the|an?|its)\s)?(?:[\w-]+\s){{0,2}}?(?:{part})\b(?:\s[\w-]+){{0,3}}?(?:\s(?:{verb}))?(?=\s$)",
        re.IGNORECASE,
    )
