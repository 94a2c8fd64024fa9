"""When a deal was made: by the date of its words, by the day on which a side tells of it, or by what a later sentence
tells of "the deal".
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import replace

from pipeline import lexicon
from pipeline.claims import dating
from pipeline.claims.draft import Draft
from pipeline.claims.scope import word_pattern
from pipeline.reading import Anchor, Reading, Sentence, Thing
from pipeline.records import DateMention

_BACK = 3
"""Sentences between a deal and the one that tells its day."""
_APART = 1
"""Clauses between a saying and what is told in it."""
_KNOWN = re.compile(r"(?:under|through|via|following|after|as|in|part|the)\b", re.IGNORECASE)
"""What begins the words of a deal that is known already ("under its contract with")."""
_CLOSE = 1
"""Words between a word of telling and its date."""
_TAIL = re.compile(r", [^,;]{2,60}$")
_BOTH = re.compile(r"\b(?:the|both) (?:two )?(?:companies|firms|sides|partners|parties|groups|pair)\b")
_SAME = re.compile(r"\b(?:at the same time|(?:on|that|on that) (?:the )?same day|on the day)\b", re.IGNORECASE)


def made_on(
    reading: Reading, sentence: Sentence, anchor: Anchor, things: Sequence[Thing], *, signed: bool
) -> DateMention | None:
    """The day of a deal; a day after the article is that of what the deal is about."""
    date = dating.link(reading, sentence, anchor, sentence.quantities, announced=True)
    if signed and date is None:  # what is still to be built has no date of the past
        date = dating.link(reading, sentence, anchor, (), announced=True)
        date = date if date and date.date.end and reading.published and date.date.end <= reading.published else None
    date = None if date and _later(reading, date) else date
    told = date or _told_on(reading, sentence, anchor, things)
    return None if told and _later(reading, told) else told


def _told_on(reading: Reading, sentence: Sentence, anchor: Anchor, things: Sequence[Thing]) -> DateMention | None:
    """The day on which a side tells that it makes or made the deal ("said on Tuesday that it had signed").

    A deal that is named as known has no day by that ("said on Tuesday that its contract with …").
    """
    text = reading.text
    noun = word_pattern("deals", "sets", "deal").match(text, anchor.start)
    if noun or _KNOWN.match(text, anchor.start):
        return None
    here = sentence.clause_at(anchor.start)
    for date in reversed(sentence.dates):
        if not dating.said(reading, sentence, date):
            continue
        if date.start >= anchor.end:
            if _told_behind(reading, sentence, anchor, date, things):
                return date
            continue
        speaks = any(t.start < date.start or t.stands_in for t in things)
        near = here - sentence.clause_at(date.start) <= _APART or _and_that(reading, sentence, anchor)
        return date if speaks and near else None
    return None


def _told_behind(
    reading: Reading, sentence: Sentence, anchor: Anchor, date: DateMention, things: Sequence[Thing]
) -> bool:
    """Whether a side tells of the deal behind its words, at the end ("…, the companies said on Tuesday"), or they are
    themselves those of telling ("Tarn and Garrow said on Tuesday that they would …").
    """
    if reading.words_between(anchor.end, date.start) <= _CLOSE:
        return True
    tail = _TAIL.search(reading.text, max(anchor.end, date.start - 80), date.start)
    if not tail or re.search(r"\w", reading.text[date.end : sentence.end]):
        return False
    keys = {t.key for t in things}
    speaks = any(t.key in keys and tail.start() <= t.start < date.start for t in sentence.things)
    return speaks or bool(_BOTH.search(tail[0]))


def _and_that(reading: Reading, sentence: Sentence, anchor: Anchor) -> bool:
    """Whether the words stand in a further clause of the same saying ("said that …, and that it would lease")."""
    clause = sentence.clauses[sentence.clause_at(anchor.start)]
    return bool(
        re.search(r"\band that\s$|\band\s$", reading.text[max(0, clause.start - 10) : clause.start])
    ) or reading.text.startswith("that ", clause.start)


def apply(reading: Reading, drafts: Sequence[Draft]) -> list[Draft]:
    """The deals, with the day that a later sentence tells of them, or the one of which they are said to be too."""
    result = [_same_day(reading, _of_the_lead(reading, draft), drafts) for draft in drafts]
    for sentence in reading.sentences:
        for told in _told_of().finditer(reading.text, sentence.start, sentence.end):
            date = dating.link(reading, sentence, Anchor(*told.span("told")), (), announced=True)
            if date and not _later(reading, date):
                meant = _meant(sentence, told.start(), result)
                result = [replace(d, date=date) if d in meant else d for d in result]
    return result


@functools.cache
def _told_of() -> re.Pattern[str]:
    """What a sentence begins with that tells of a deal as known ("The agreement, announced on Tuesday, …")."""
    data = lexicon.toml("deals")
    nouns = "|".join((*data["sets"]["deal"], *data["known"]["nouns"]))
    made = "|".join(data["known"]["made"])
    return re.compile(
        rf"(?:\b(?:the|this|that)\s(?:[\w$€£.-]{{1,20}}\s){{0,4}}?(?:{nouns})"
        r"(?:\s(?:between|with)\s(?:the\s)?[\w\s&]{1,40}?)?,?\s(?:(?:which|that)\s)?"
        r"(?:(?:was|were|is|has been|had been)\s)?"
        rf"(?:\w{{2,12}}ly\s|first\s|also\s)?)(?P<told>{made})\b",
        re.IGNORECASE,
    )


def _later(reading: Reading, date: DateMention) -> bool:
    return bool(reading.published and date.date.start and date.date.start > reading.published)


def _meant(sentence: Sentence, start: int, drafts: Sequence[Draft]) -> list[Draft]:
    """The one deal, of the sentences before, that has no day yet: of one pair of sides, and of those whom the sentence
    names.
    """
    named = {t.key for t in sentence.things if t.type == "company" and t.start < start}
    deals = [d for d in drafts if d.start < start and 0 <= sentence.index - d.sentence.index <= _BACK]
    if not deals:
        return []
    last = max(d.sentence.index for d in deals)
    near = [d for d in deals if d.sentence.index == last]
    sides = {frozenset(t.key for _, t in d.parties) for d in near}
    if len(sides) != 1 or (named and not named & next(iter(sides))):
        return []
    return [d for d in near if d.date is None and d.verdict.realization != "possible"]


def _of_the_lead(reading: Reading, draft: Draft) -> Draft:
    """The deal with the day that the lead of its list tells ("Tarn also announced today:")."""
    lead = reading.lead_of(draft.sentence)
    if draft.date is not None or lead is None or len(lead.dates) != 1:
        return draft
    return draft if _later(reading, lead.dates[0]) else replace(draft, date=lead.dates[0])


def _same_day(reading: Reading, draft: Draft, drafts: Sequence[Draft]) -> Draft:
    """The deal with the day of the one before it, of which it is said to be too ("and agreed at the same time to")."""
    clause = draft.sentence.clauses[draft.sentence.clause_at(draft.start)]
    if draft.date is not None or not _SAME.search(reading.text, clause.start, clause.end):
        return draft
    index = draft.sentence.index
    before = [d for d in drafts if d.start < draft.start and 0 <= index - d.sentence.index <= 1 and d.date]
    return replace(draft, date=before[-1].date) if before else draft
