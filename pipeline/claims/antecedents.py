"""What a relative clause is about that somebody else is named in ("the campus, which Tarn says will reach 1 GW")."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from pipeline import lexicon
from pipeline.reading import Placed, Reading, Sentence, Thing

_SUBJECTS = {"company", "cluster", "programme"}
_OPENS = re.compile(r",?\s(?:which|that|where)\s(?:[a-z][\w'’-]*\s){0,4}$")
"""Right before who tells: the opening of the relative clause, and what is said of the teller ("its owner")."""
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


def told_of(reading: Reading, sentence: Sentence, anchor: Placed) -> Told | None:
    """The name that the relative clause around an anchor is about, and who tells it; None where there is no such."""
    text = reading.text
    for teller in sentence.things:
        if teller.type != "company" or teller.end > anchor.start or not _tells().match(text, teller.end):
            continue
        opened = _OPENS.search(text, sentence.start, teller.start)
        before = [t for t in sentence.things if opened and t.end <= opened.start() and t.type in _SUBJECTS]
        between = [t for t in sentence.things if teller.end <= t.start < anchor.start and t.type in _SUBJECTS]
        others = any(not t.stands_in and not t.aside for t in between)
        if before and not before[-1].aside and not others and not _ENDS.search(text, teller.end, anchor.start):
            return Told(before[-1], teller)
    return None
