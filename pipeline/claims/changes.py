"""What a number is that another one is held against: where something grew from, what was cut, how it was before."""

from __future__ import annotations

import datetime as dt
import functools
import re
from dataclasses import replace

from pipeline import lexicon
from pipeline.claims import parts
from pipeline.claims.facet_rules import facet_rules
from pipeline.claims.facets import Verdict, cue_at
from pipeline.claims.scope import clause_of, word_pattern
from pipeline.reading import Reading, Sentence
from pipeline.records import DateMention, QuantityMention, Realization

IN_PART = "part.whole"
"""The rule by which a number is a plan of which only a part is told as made."""
_SURE, _DOUBT = 0.7, 0.6
_MAKING = {"done.perfect", "done.predicate"}
"""Cues that tell of the making of a thing, and not of what it is used for."""
_LOOK = 60
"""Characters before a number among which the words stand that hold it against another."""
_NEAR = 30
"""Characters between a number and the date that is its own."""
_OWN_DATE = re.compile(r",?\s*(?:\([^()]{1,20}\)\s*)?(?:(?:spent|invested|raised|installed|online|live|for|in)\s){0,2}")
_FEW = r"(?:[\w'’-]+\s+){0,3}$"
_FROM = re.compile(r"\bfrom\s+(?:(?:the|its|an?|current|present|existing|today's|initial|roughly|about|some)\s+){0,3}$")
_TO = re.compile(r"\s+(?:[\w-]+\s+){0,5}?(?:up )?to\s+(?:[\w-]+\s+){0,3}$")
_UP_TO = re.compile(r"\b(?:to|at|of)\s+(?:(?:between|about|around|roughly|some|nearly|over|just)\s+){0,2}$")
_BACK_FROM = re.compile(r",?\s+(?:[\w()-]+\s+){0,2}?(?:(?:up|down)\s+)?from\s+(?:[\w'’-]+\s+){0,5}$")
_BESIDE = re.compile(
    rf"\b(?:after|compared (?:with|to)|versus|vs\.?|against|(?:up|down) (?:sharply )?from)\s+{_FEW}", re.IGNORECASE
)
_NOT_BEFORE = re.compile(r"(?:not |no earlier than |no sooner than )?(?:before|until|till)\b", re.IGNORECASE)


def changed(reading: Reading, sentence: Sentence, mention: QuantityMention, found: Verdict) -> Verdict:
    """The verdict, unless the number is what another one is held against, or only a part of it is told of."""
    for value, rule in _readings(reading, sentence, mention):
        cue = cue_at(reading.text, mention.start, mention.end, value, rule)
        return found.overruled(cue, value, _SURE)
    if _made_in_part(reading, sentence, mention, found):
        cue = cue_at(reading.text, mention.start, mention.end, "planned", IN_PART)
        return replace(found.overruled(cue, "planned", _DOUBT), by_default=True)
    return found


@functools.cache
def _behind() -> re.Pattern[str]:
    words = "|".join(facet_rules().told_behind)
    return re.compile(
        rf"\s?[(,–—-]\s?(?:(?:now|already|currently|fully|all) )?(?P<told>{words})\s?(?=[),.;\n]|$)", re.IGNORECASE
    )


def told_behind(reading: Reading, sentence: Sentence, mention: QuantityMention, found: Verdict) -> Verdict:
    """The verdict, unless it is a mere default and a word between marks tells that the number is there."""
    if not found.by_default or mention.kind == "investment":
        return found
    told = _behind().match(reading.text, mention.end, sentence.end)
    if told is None:
        return found
    return found.overruled(cue_at(reading.text, *told.span("told"), "realized", "default.behind"), "realized", _SURE)


@functools.cache
def _kept() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(lexicon.toml('scope')['parts']['keeps'])})\b", re.IGNORECASE)


def _made_in_part(reading: Reading, sentence: Sentence, mention: QuantityMention, found: Verdict) -> bool:
    """Whether only a part of what the number counts is told as made, so that the whole is still to come."""
    cue = found.cues[0]
    making = found.realization == "realized" and cue.rule in _MAKING and not _kept().search(cue.text)
    return making and mention.kind in {"power", "accelerators"} and parts.only_in_part(reading, sentence, mention)


def _readings(reading: Reading, sentence: Sentence, mention: QuantityMention) -> list[tuple[Realization, str]]:
    if _in_the_past(reading, sentence, mention):
        return [("realized", "comparison.past")]
    other = _grown_to(reading, sentence, mention)
    if other is None:
        return []
    clause = clause_of(sentence, mention)
    planned = word_pattern("scope", "comparison", "of_plans").search(
        reading.text, clause.start, max(mention.start, other.start)
    )
    if planned:
        return [("negated", "comparison.cut")] if _less(other, mention) else []
    return [] if mention.kind == "investment" else [("realized", "comparison.start")]


def _grown_to(reading: Reading, sentence: Sentence, mention: QuantityMention) -> QuantityMention | None:
    """The number to which this one changes ("from 84 MW to 240 MW", "to 240 MW from 84 MW")."""
    low = max(sentence.start, mention.start - _LOOK)
    others = [q for q in sentence.quantities if q.kind == mention.kind]
    behind = next((q for q in others if q.start >= mention.end), None)
    if behind and _FROM.search(reading.text, low, mention.start):
        return behind if _TO.fullmatch(reading.text, mention.end, behind.start) else None
    before = next((q for q in reversed(others) if q.end <= mention.start), None)
    if before is None or not _BACK_FROM.fullmatch(reading.text, before.end, mention.start):
        return None
    return before if _UP_TO.search(reading.text, max(sentence.start, before.start - _LOOK), before.start) else None


def _less(new: QuantityMention, old: QuantityMention) -> bool:
    """Whether a number is less than the one that it replaces."""
    most, least = (q.value if q.value is not None else q.max or q.min for q in (old.quantity, new.quantity))
    return most is not None and least is not None and least < most


def _in_the_past(reading: Reading, sentence: Sentence, mention: QuantityMention) -> bool:
    """Whether a number is of a time gone by, beside which another is told ("after $72 billion last year")."""
    if not _BESIDE.search(reading.text, max(sentence.start, mention.start - _LOOK), mention.start):
        return False
    date = next((d for d in sentence.dates if mention.end <= d.start <= mention.end + _NEAR), None)
    if date is None or not _OWN_DATE.fullmatch(reading.text, mention.end, date.start):
        return False
    told: dt.date | None = date.date.end
    return told is not None and reading.published is not None and told < reading.published


def no_earlier(reading: Reading, found: Verdict, date: DateMention | None) -> tuple[Verdict, DateMention | None]:
    """What is denied only up to a date ("won't reach 1 GW before May") is planned from it on."""
    if date is None or found.realization != "negated" or not _NOT_BEFORE.match(date.date.text):
        return found, date
    start, denied = date.date.start, found.cues[0]
    if start is None or reading.published is None or start <= reading.published or denied.rule != "negation.not":
        return found, date
    cue = cue_at(reading.text, denied.start, denied.end, "planned", "negation.until")
    dated = date.model_copy(update={"date": date.date.model_copy(update={"relation": "from"})})
    return replace(found.overruled(cue, "planned", _SURE), confidence=found.confidence), dated
