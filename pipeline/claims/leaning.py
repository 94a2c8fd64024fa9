"""The cue that a number without one of its own takes from the clauses around it."""

from __future__ import annotations

import re

from pipeline import lexicon
from pipeline.claims.facet_rules import LEAD_DISTANCE, facet_rules, heard
from pipeline.reading import Placed, Reading, Sentence, within
from pipeline.records import CueMention, QuantityMention

_BEHIND = 4
"""Words behind a number that is set in between a subject and its verb."""
_LEADING, _INSERTED = 4, 12
"""Words before a number that is the subject itself, and behind it up to its verb ("The first 40 MW, in Lund, is")."""


def lean(
    reading: Reading, sentence: Sentence, here: int, deaf_to: tuple[str, ...]
) -> tuple[list[CueMention], int] | None:
    """The last cue of the clause that this one hangs on, where it hangs on one."""
    index = here
    while index > 0 and sentence.clauses[index].link in {"leaning", "bracket", "subordinate"}:
        governor = sentence.clauses[index - 1]
        cues = within(heard(sentence, deaf_to), governor.start, governor.end)
        if sentence.clauses[index].link == "bracket":
            cues = [c for c in cues if not c.rule.startswith(facet_rules().asking)]
        if cues:
            last = max(cues, key=lambda c: (c.value != "realized", c.start))
            newest = max(cues, key=lambda c: c.start)
            if newest.rule.startswith(facet_rules().direct) and _ANEW.search(reading.text, last.end, newest.start):
                last = newest
            return [last], reading.words_between(last.end, sentence.clauses[here].start) + 6
        index -= 1
    return None


_ANEW = re.compile(r"\band (?:has |have |had |then |also )?$")
"""Before a verb of fact that follows on a plan ("broke ground and opened two halls, totaling 40 MW, in June")."""


def opening(
    reading: Reading, sentence: Sentence, here: int, deaf_to: tuple[str, ...]
) -> tuple[list[CueMention], int] | None:
    """The first cue of the clause behind an opening "With 40,000 chips, …", which says of it what it says of itself."""
    if here != 0 or len(sentence.clauses) < 2 or not reading.text.startswith("With ", sentence.start):
        return None
    following = sentence.clauses[1]
    cues = within(heard(sentence, deaf_to), following.start, following.end)
    return ([cues[0]], LEAD_DISTANCE) if cues else None


def resumed(
    reading: Reading, sentence: Sentence, anchor: Placed, here: int, deaf_to: tuple[str, ...]
) -> tuple[list[CueMention], int] | None:
    """The first cue after an inserted phrase, where the main clause goes on ("the hall, holding 9,000 chips, will")."""
    end = sentence.clauses[here].end
    local = facet_rules().local
    later = [c for c in heard(sentence, deaf_to) if c.start >= end and not c.rule.startswith(local)]
    inserted = sentence.clauses[here].link in {"leaning", "bracket"} or _set_in(reading, sentence, anchor, here)
    if not later or not inserted:
        return None
    first = min(later, key=lambda c: c.start)
    away = reading.words_between(end, first.start)
    return ([first], away + 6) if away <= 3 else None


_SET_IN = re.compile(r",\s*(?:[\w'-]+\s+){0,4}$")


def _set_in(reading: Reading, sentence: Sentence, anchor: Placed, here: int) -> bool:
    """Whether a number is, or is set in behind, a subject whose verb follows ("The hall, 48 MW, was handed over")."""
    if here + 1 >= len(sentence.clauses) or not isinstance(anchor, QuantityMention):
        return False
    clause, following = sentence.clauses[here], sentence.clauses[here + 1]
    owners = within(sentence.things, clause.start, anchor.start)
    leads = reading.words_between(clause.start, anchor.start) <= _LEADING and all(
        reading.text[t.end : t.end + 1] == "'" for t in owners
    )
    if not leads and not _SET_IN.search(reading.text, clause.start, anchor.start):
        return False
    first = reading.text[following.start : following.end].lower().partition(" ")[0]
    verb = following.link == "coordinate" and first in lexicon.toml("cues")["clause"]["verbs"]
    return verb and reading.words_between(anchor.end, clause.end) <= (_INSERTED if leads else _BEHIND)


_DESCRIBES = re.compile(r"(?:that|which)\b", re.IGNORECASE)


def described(
    reading: Reading, sentence: Sentence, anchor: Placed, here: int, deaf_to: tuple[str, ...]
) -> tuple[list[CueMention], int] | None:
    """The first cue of the relative clause behind a number, where it tells of the number's own thing ("40 MW of
    batteries, which went live in April") and no other name stands between."""
    if not isinstance(anchor, QuantityMention):
        return None
    for clause in sentence.clauses[here + 1 : here + 4]:
        named = [t for t in sentence.things if not t.stands_in]
        between = within((*named, *sentence.quantities), anchor.end, clause.start)
        if any(sentence.clauses[sentence.clause_at(x.start)].link != "bracket" for x in between):
            return None
        if reading.text[max(0, clause.start - 3) : clause.start] == "of ":
            return None
        if clause.link == "subordinate" and _DESCRIBES.match(reading.text, clause.start):
            cues = within(heard(sentence, deaf_to), clause.start, clause.end)
            first = min(cues, key=lambda c: c.start, default=None)
            told = first and (first.value != "realized" or first.rule.startswith(facet_rules().describing))
            away = reading.words_between(clause.start, first.start) if first else 0
            return ([first], away + LEAD_DISTANCE) if first and told and away <= 4 else None
    return None
