"""Deals that are told by their parties' names alone: "Tarn – Garrow: 650 MW" in a list of contracts, and what two say
together ("Tarn and Garrow today announced", "the two said that they will build").
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from pipeline import lexicon
from pipeline.claims.scope import word_pattern
from pipeline.reading import Reading, Sentence, Thing

_BETWEEN = re.compile(r"\s{0,2}(?:[-–—/&+×]|\bx\b|\band\b|\bwith\b)\s{0,2}", re.IGNORECASE)
_BEHIND = re.compile(r"\s{0,2}(?:[:(–—]|-\s|$)")
_BULLET = 4
"""Characters before the first name of an item."""
_HEAD = 4
"""Words of a clause before those who say something together."""
_HEADED = 12
"""Sentences before an item of which one heads it."""
_PAIR = 2
_BACK = 3
"""Sentences before "the two" that may name them."""
_TWO = re.compile(
    r"\b(?:the (?:two|pair|duo|companies|firms|partners|parties|(?:two )?sides)|both)"
    r"(?: (?:companies|firms|sides|partners|parties|groups))?"
    r"(?: (?:have|had|has|also|then|already|first|today|jointly))*\s?$",
    re.IGNORECASE,
)
_LIST = re.compile(r"(?:,? and | & |, )(?:[\w-]{1,20}(?:['’]s)? ){0,3}")
_OPENING = re.compile(r"\b(?:after|when|as|because|since|that|where|while|before|once) $", re.IGNORECASE)
"""Right before those who say something together, as the head of a clause does."""
_DOUBTS = ("deal.tentative", "modal.", "negation.")


def find(reading: Reading) -> Iterator[tuple[Sentence, Thing, Thing]]:
    """Each item of such a list with its two parties."""
    for sentence in reading.sentences:
        pair = _pair(reading, sentence)
        if pair and _headed(reading, sentence):
            yield sentence, *pair


def together(reading: Reading) -> Iterator[tuple[Sentence, tuple[int, int], list[Thing], bool]]:
    """Each saying of several companies at once: its sentence, its words, who say it, and whether it is a release's."""
    for sentence in reading.sentences:
        for match in _saying().finditer(reading.text, sentence.start, sentence.end):
            speakers = _speakers(reading, sentence, match.start()) or the_two(reading, sentence, match.start())
            if len(speakers) > 1:
                yield sentence, match.span(), speakers, bool(match["release"])


@functools.cache
def _saying() -> re.Pattern[str]:
    telling = lexicon.toml("attribution")["telling"]
    words = "|".join((*telling["saying"], *telling["announcing"]))
    return re.compile(rf"\b(?:(?P<release>today|jointly) )?(?:{words})\b", re.IGNORECASE)


def _speakers(reading: Reading, sentence: Sentence, start: int) -> list[Thing]:
    """The companies, joined by "and", that stand right before the verb and at the head of their clause."""
    orgs = [t for t in sentence.things if t.type == "company" and not t.stands_in and not t.aside and t.end <= start]
    chosen = [
        t
        for t in orgs[-1:]
        if reading.text[t.end : start].strip()
        in {
            "",
            "have",
            "had",
            "both",
            "also",
            "today",
            "on Monday",
            "on Tuesday",
            "on Wednesday",
            "on Thursday",
            "on Friday",
        }
    ]
    for thing in reversed(orgs[:-1] if chosen else []):
        if not _LIST.fullmatch(reading.text, thing.end, chosen[0].start):
            break
        chosen.insert(0, thing)
    clause = sentence.clauses[sentence.clause_at(chosen[0].start)] if chosen else None
    heads = clause and (
        reading.words_between(clause.start, chosen[0].start) <= _HEAD
        or _OPENING.search(reading.text, clause.start, chosen[0].start)
    )
    return chosen if heads and "and" in reading.text[chosen[0].end : chosen[-1].start].split() else []


def the_two(reading: Reading, sentence: Sentence, start: int) -> list[Thing]:
    """The two companies that "the two", "the pair" or "the companies" right before `start` stand for."""
    words = _TWO.search(reading.text, sentence.start, start)
    if not words:
        return []
    here = [t for t in sentence.things if t.end <= words.start()]
    named: dict[str, Thing] = {}
    for things in (
        here,
        *(s.things for s in reversed(reading.sentences[max(0, sentence.index - _BACK) : sentence.index])),
    ):
        for thing in things:
            if thing.type == "company" and not thing.aside and not thing.stands_in:
                named.setdefault(thing.key, thing)
        if len(named) > 1:
            break
    return list(named.values()) if len(named) == _PAIR else []


def _pair(reading: Reading, sentence: Sentence) -> tuple[Thing, Thing] | None:
    """The two companies that an item begins with, joined by a mark and set off from what follows."""
    orgs = [t for t in sentence.things if t.type == "company" and not t.stands_in][:2]
    if len(orgs) < 2 or sentence.title or sentence.row or orgs[0].start - sentence.start > _BULLET:
        return None
    if reading.sentences[sentence.index - 1].paragraph == sentence.paragraph:
        return None
    joined = _BETWEEN.fullmatch(reading.text, orgs[0].end, orgs[1].start)
    set_off = _BEHIND.match(reading.text, orgs[1].end, sentence.end)
    return (orgs[0], orgs[1]) if joined and set_off and orgs[0].key != orgs[1].key else None


def _headed(reading: Reading, sentence: Sentence) -> bool:
    """Whether the nearest heading or lead before the item, else the title, speaks of deals that were made."""
    for other in reversed(reading.sentences[max(0, sentence.index - _HEADED) : sentence.index]):
        if reading.text[other.end - 1] in ".!?" or _pair(reading, other):
            continue
        if word_pattern("deals", "sets", "deal").search(reading.text, other.start, other.end):
            return not any(c.rule.startswith(_DOUBTS) for c in other.cues)
    title = reading.sentences[0]
    return title.title and bool(word_pattern("deals", "sets", "deal").search(reading.text, title.start, title.end))
