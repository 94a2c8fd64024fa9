"""Which date belongs to a claim: the one in its clause that no other number or step is nearer to."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from pipeline.reading import Placed, Reading, Sentence
from pipeline.records import DateMention, Realization

_SPEECH_BEFORE = re.compile(
    r"\b(?:said|says|told|announced|reported|wrote|confirmed|statement|interview|posted|disclosed|filing|release)\b"
    r"(?:\s+[\w']+){0,3}?\s*$",
    re.IGNORECASE,
)


def link(
    reading: Reading, sentence: Sentence, anchor: Placed, rivals: Sequence[Placed], *, announced: bool
) -> DateMention | None:
    """The date of what stands at `anchor`, or None. `announced` admits the day on which it was said."""
    here = sentence.clause_at(anchor.start)
    best: tuple[float, DateMention] | None = None
    for date in sentence.dates:
        clause = sentence.clause_at(date.start)
        if not announced and _SPEECH_BEFORE.search(reading.text, sentence.start, date.start):
            continue
        cost = reading.gap(anchor, date) + (0 if date.start >= anchor.end else 3) + 8 * abs(clause - here)
        if abs(clause - here) > 1 or cost > 28 or _nearer_rival(reading, sentence, anchor, date, rivals):
            continue
        if best is None or cost < best[0]:
            best = (cost, date)
    return best[1] if best else None


def _nearer_rival(
    reading: Reading, sentence: Sentence, anchor: Placed, date: DateMention, rivals: Sequence[Placed]
) -> bool:
    """Whether another number stands between anchor and date, and in the date's clause: then the date is its own."""
    low, high = min(anchor.end, date.end), max(anchor.start, date.start)
    here = sentence.clause_at(date.start)
    between = [r for r in rivals if low <= r.start and r.end <= high and sentence.clause_at(r.start) == here]
    return any(not _listed(reading, anchor, r) for r in between)


def _listed(reading: Reading, anchor: Placed, rival: Placed) -> bool:
    """Whether two quantities stand in one list or phrase ("$3 billion, 280-megawatt", "400 MW and 200 MW")."""
    low, high = min(anchor.end, rival.end), max(anchor.start, rival.start)
    return bool(re.fullmatch(r"[\w\s,/()-]{0,40}", reading.text[low:high])) and reading.words_between(low, high) <= 6


def plausible(date: DateMention, realization: Realization, published: dt.date | None) -> bool:
    """Whether a date can be that of a state: what is planned is not due before the article, and "today" dates news."""
    start, end = date.date.start, date.date.end
    if published is None or start is None or end is None:
        return True
    if start == end == published:
        return False
    return not (realization in {"planned", "possible"} and end <= published and date.date.relation != "since")
