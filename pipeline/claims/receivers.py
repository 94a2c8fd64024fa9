"""Who gets what a number counts: each of those named behind it, or whom a state lets have it."""

from __future__ import annotations

import re

from pipeline.claims.scope import clause_of, word_pattern
from pipeline.reading import Reading, Sentence, Thing
from pipeline.records import QuantityMention

_TO = re.compile(
    r"(?:\s[\w'’-]+){0,4}?\s(?:(?P<each>each\s(?:to|for)|(?:to|for)\seach\sof|apiece\s(?:to|for))|(?:to|for))\s",
    re.IGNORECASE,
)
"""Behind a number: that those who follow get it, all of them together or each."""
_BEFORE = re.compile(
    r"(?:['’]s\s|(?:,\s|\s)?(?:and\s)?(?:both\s)?(?:(?:the|an?)\s)?(?:[\w-]+['’]s?\s)?(?:[\w-]+\s){0,2})"
)
"""Between two of those who get it ("to G42, Humain and the startup Fenn"), and before the first."""


def receivers(reading: Reading, sentence: Sentence, mention: QuantityMention) -> tuple[Thing, ...]:
    """The companies that a number is of by the words behind it, each by itself; none where the usual rules tell."""
    to = _TO.match(reading.text, mention.end, sentence.end)
    if to is None or mention.kind not in {"accelerators", "power"}:
        return ()
    listed: list[Thing] = []
    at = to.end()
    for thing in (t for t in sentence.things if t.start >= to.end()):
        between = reading.text[at : thing.start]
        if thing.type not in {"company", "place"} or thing.stands_in or not _BEFORE.fullmatch(between):
            break
        listed += [thing] if thing.type == "company" else []
        at = thing.end
        if thing.type == "company" and re.search(r"\band\b", between):
            break
    if to["each"]:
        return tuple(listed) if len(listed) > 1 else ()
    return tuple(listed[:1]) if mention.kind == "accelerators" and _allowed(reading, sentence, mention) else ()


def _allowed(reading: Reading, sentence: Sentence, mention: QuantityMention) -> bool:
    """Whether a state lets the number go to somebody ("Washington approved the export of 9,000 GPUs to Tarn")."""
    clause = clause_of(sentence, mention)
    allows = word_pattern("scope", "roles", "allows").search(reading.text, clause.start, mention.start)
    return bool(allows) and not any(
        t.type == "company" and not t.aside and t.start < mention.start for t in sentence.things
    )
