"""Deals of a list that names its parties and nothing else: "Tarn – Garrow: 650 MW", under a heading of contracts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.claims.scope import word_pattern
from pipeline.reading import Reading, Sentence, Thing

_BETWEEN = re.compile(r"\s*(?:[-–—/&+×]|\bx\b|\band\b|\bwith\b)\s*", re.IGNORECASE)
_BEHIND = re.compile(r"\s*(?:[:(–—]|-\s|$)")
_BULLET = 4
"""Characters before the first name of an item."""
_HEADED = 12
"""Sentences before an item of which one heads it."""
_DOUBTS = ("deal.tentative", "modal.", "negation.")


def find(reading: Reading) -> Iterator[tuple[Sentence, Thing, Thing]]:
    """Each item of such a list with its two parties."""
    for sentence in reading.sentences:
        pair = _pair(reading, sentence)
        if pair and _headed(reading, sentence):
            yield sentence, *pair


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
