"""Which date belongs to a claim: the one in its clause that no other number or step is nearer to."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import replace

from pipeline.claims.facets import Verdict
from pipeline.reading import Placed, Reading, Sentence
from pipeline.records import Cue, DateMention, Realization

_REACH = 28
"""Words between a number or step and its date."""
_SAYING = r"said|says|told|wrote|posted|interview|reported|added|noted"
_ANNOUNCING = r"announced|announces|unveiled|confirmed|disclosed|statement|filing|release"


def _before(verbs: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{verbs})\b(?:\s+[\w']+){{0,3}}?\s*$", re.IGNORECASE)


def _after(verbs: str) -> re.Pattern[str]:
    return re.compile(rf"^,?\s*(?:[\w.'-]+\s+){{0,4}}?(?:{verbs})\b", re.IGNORECASE)


_SAID_ON = _before(_SAYING)
_TOLD_ON = _before(f"{_SAYING}|{_ANNOUNCING}")
_ON_WHICH_TOLD = _after(f"{_SAYING}|{_ANNOUNCING}")


def link(
    reading: Reading, sentence: Sentence, anchor: Placed, rivals: Sequence[Placed], *, announced: bool
) -> DateMention | None:
    """The date of what stands at `anchor`, or None. `announced` admits the day on which it was said."""
    best: tuple[float, DateMention] | None = None
    for date in sentence.dates:
        if _of_the_saying(reading, sentence, date, announced):
            continue
        if _other_clause(sentence, anchor, date) or _nearer_rival(reading, sentence, anchor, date, rivals):
            continue
        cost = reading.gap(anchor, date) + (0 if date.start >= anchor.end else 3)
        if cost <= _REACH and (best is None or cost < best[0]):
            best = (cost, date)
    return best[1] if best else None


def _of_the_saying(reading: Reading, sentence: Sentence, date: DateMention, announced: bool) -> bool:
    """Whether a date is that of the announcement: "said on Tuesday", "On May 6 the firm said", "today announced"."""
    text = reading.text
    if announced:  # a deal is dated by its announcement, but not by somebody's speaking of it
        return bool(_SAID_ON.search(text, sentence.start, date.start))
    told = _TOLD_ON.search(text, sentence.start, date.start)
    return bool(told or _ON_WHICH_TOLD.match(text[date.end : min(sentence.end, date.end + 80)]))


def _other_clause(sentence: Sentence, anchor: Placed, date: DateMention) -> bool:
    """Whether a date stands in a clause that has its own matter: another verb, number or step."""
    here, there = sentence.clause_at(anchor.start), sentence.clause_at(date.start)
    if here == there:
        return False
    low, high = sorted((here, there))
    if high - low > 1 or sentence.clauses[high].link == "coordinate":
        return True
    clause = sentence.clauses[there]
    verbs = any(c.facet == "realization" and clause.start <= c.start < clause.end for c in sentence.cues)
    return verbs or any(clause.start <= q.start < clause.end for q in sentence.quantities)


def _nearer_rival(
    reading: Reading, sentence: Sentence, anchor: Placed, date: DateMention, rivals: Sequence[Placed]
) -> bool:
    """Whether another number stands between anchor and date, and in the date's clause: then the date is its own."""
    low, high = min(anchor.end, date.end), max(anchor.start, date.start)
    here = sentence.clause_at(date.start)
    between = [r for r in rivals if low <= r.start and r.end <= high and sentence.clause_at(r.start) == here]
    return any(not reading.listed(anchor, r) for r in between)


def plausible(date: DateMention, realization: Realization, published: dt.date | None) -> bool:
    """Whether a date can be that of a state: what is planned is not due before the article, and "today" dates news."""
    start, end = date.date.start, date.date.end
    if published is None or start is None or end is None:
        return True
    if start == end == published:
        return False
    return not (realization in {"planned", "possible"} and end <= published and date.date.relation != "since")


def not_before(found: Verdict, date: DateMention | None, published: dt.date | None) -> Verdict:
    """The verdict, but that nothing is real yet on a date after the article."""
    if date is None or date.date.start is None or published is None or date.date.start <= published:
        return found
    if found.realization != "realized":
        return found
    cue = Cue(
        text=date.date.text, start=date.start, end=date.end, facet="realization", value="planned", rule="date.future"
    )
    return replace(found, realization="planned", cues=(cue, *found.cues), confidence=min(found.confidence, 0.7))
