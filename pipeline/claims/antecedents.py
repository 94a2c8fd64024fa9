"""What a relative clause is about that somebody else is named in ("the campus, which Tarn says will reach 1 GW")."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from pipeline import lexicon
from pipeline.claims.scope import word_pattern
from pipeline.reading import Placed, Reading, Sentence, Thing

_SUBJECTS = {"company", "cluster", "programme"}
_OPENS = re.compile(r",?\s(?P<word>which|that|where)\s(?:[a-z][\w'’-]*\s){0,4}$")
"""Right before who tells: the opening of the relative clause, and what is said of the teller ("its owner")."""
_OPENING = 80
"""Characters of the opening of a relative clause before who tells."""
_REACH = 240
"""Characters from who tells to what is told."""
_ENDS = re.compile(r"[;:]")


@dataclass(frozen=True)
class Told:
    """A relative clause that somebody is named in only as who tells it."""

    of: Thing
    by: Thing


@functools.cache
def _tells() -> re.Pattern[str]:
    words = (*lexicon.toml("cues")["clause"]["speech"], *lexicon.toml("coreference")["telling_of"])
    told = "|".join(map(re.escape, words))
    return re.compile(rf"\s(?:\w+ly\s|also\s|now\s)?(?:{told})\b")


def _noun_before(reading: Reading, sentence: Sentence, end: int) -> bool:
    """Whether a word for a site, or a site's name, stands right before a "that", which else opens what is said."""
    heads = word_pattern("scope", "topic", "site_heads").finditer(reading.text, max(sentence.start, end - 30), end)
    named = any(t.end == end and t.type == "cluster" for t in sentence.things)
    return named or any(m.end() == end for m in heads)


def told_of(reading: Reading, sentence: Sentence, anchor: Placed) -> Told | None:
    """The name that the relative clause around an anchor is about, and who tells it; None where there is no such."""
    text = reading.text
    for teller in sentence.things:
        if (
            teller.type != "company"
            or not 0 <= anchor.start - teller.end <= _REACH
            or not _tells().match(text, teller.end)
        ):
            continue
        opened = _OPENS.search(text, max(sentence.start, teller.start - _OPENING), teller.start)
        if opened is None or (opened["word"] == "that" and not _noun_before(reading, sentence, opened.start())):
            continue
        before = [t for t in sentence.things if t.end <= opened.start() and t.type in _SUBJECTS]
        between = [t for t in sentence.things if teller.end <= t.start < anchor.start and t.type in _SUBJECTS]
        others = any(not t.stands_in and not t.aside for t in between)
        if before and not before[-1].aside and not others and not _ENDS.search(text, teller.end, anchor.start):
            return Told(before[-1], teller)
    return None
