"""What power is for, and who only gives what a number counts, so that it is of who or what gets it.

What a utility "will deliver", "has reserved" or "gives us" is moreover `grid`, but not what the site then takes.
"""

from __future__ import annotations

import functools
import re

from pipeline import lexicon
from pipeline.claims.scope import clause_of, nearest, word_pattern
from pipeline.reading import Placed, Reading, Sentence, Thing
from pipeline.records import PowerRole, QuantityMention

_REACH = 110
"""Characters between who gives and the number that is given."""
_FROM = re.compile(r"\b(?:from|by)\s(?:the\s|its\s|local\s|regional\s|state-owned\s){0,3}$")
_BEHIND = 60
"""Characters between a number and "from" whom it is."""
_NAMED = {"company", "cluster", "programme"}
_INHERITED = 3
"""Sentences over which the role of a number carries on to the next."""
_SIZE = 60
"""Characters before a number among which the thing stands of which it is the size."""
_OF = re.compile(r"\s+(?:of|for)\s+(?:(?:up|to|about|around|some|roughly|another|at|least|over|an?|the)\s+){0,3}")


def role(reading: Reading, sentence: Sentence, mention: QuantityMention) -> PowerRole:
    """What a quantity of power is for: as its words tell, but what a network gives is `grid`, what it takes `load`."""
    told = power_role(reading, sentence, mention)
    if told in {"load", "grid"} and _FROM_GRID.match(reading.text, mention.end, sentence.end):
        return "grid"
    if told in {"load", "grid"} and _taken().search(
        reading.text, max(sentence.start, mention.start - 40), mention.start
    ):
        return "load"
    return "grid" if told == "load" and given(reading, sentence, mention) else told


def power_role(reading: Reading, sentence: Sentence, mention: QuantityMention) -> PowerRole:
    """What a quantity of power is for: as its own sentence tells, else as the number before it in the paragraph."""
    told = told_role(reading, sentence, mention)
    sites = [t for t in sentence.things if t.type in {"cluster", "programme"} and t.end <= mention.start]
    if told or sites:
        return told or ("generation" if sites[-1].kind == "power_plant" else "load")
    for other in reversed(reading.sentences[max(0, sentence.index - _INHERITED) : sentence.index]):
        if told or other.paragraph != sentence.paragraph:
            break
        before = [q for q in other.quantities if q.kind == "power"]
        told = told_role(reading, other, before[-1]) if before else None
    return told or "load"


def told_role(reading: Reading, sentence: Sentence, mention: QuantityMention) -> PowerRole | None:
    """The role whose word stands nearest in the clause of a number, else in its sentence."""
    clause = clause_of(sentence, mention)
    roles: tuple[PowerRole, ...] = ("load", "storage", "generation", "grid")
    for start, end, reach in ((clause.start, clause.end, 11), (sentence.start, sentence.end, 40)):
        gaps: list[tuple[int, int, PowerRole]] = []
        for order, role in enumerate(roles):
            pattern = word_pattern("scope", "roles", role)
            if _sized(reading, pattern, mention, start):
                return role
            gap = nearest(reading, pattern, mention, start, end, kept=word_pattern("scope", "roles", "kept"))
            if gap is not None and gap < reach:
                gaps.append((gap, order, role))
        if gaps:
            return min(gaps)[2]
    return None


def _sized(reading: Reading, pattern: re.Pattern[str], mention: QuantityMention, start: int) -> bool:
    """Whether a word of a role has the number for its size: "a grid connection of 220 MW for its campus"."""
    low = max(start, mention.start - _SIZE)
    return any(
        _OF.fullmatch(reading.text, m.end(), mention.start) for m in pattern.finditer(reading.text, low, mention.start)
    )


_FROM_GRID = re.compile(
    r"(?:\sof\s(?:power|electricity))?\s(?:from|off|via|through)\s(?:the\s)?(?:[\w-]+\s){0,2}?(?:grid|mains|utility)\b",
    re.IGNORECASE,
)
"""Behind a number: whence a site draws it."""
_TO_SITE = re.compile(
    r"\b(?:feed|feeds|fed|reserved?|reserves|set aside|sets aside|earmark(?:ed|s)?|suppl(?:y|ies|ied)|allocated?)\s"
    r"(?:(?:it|us|them|the|this|a|an|its|about|around|some|up|to|further|another|first|initial)\s){0,3}$"
)
_FOR_SITE = re.compile(
    r"(?:\sof\s[\w-]{1,20}){0,2}\s(?:to|for|at)\s(?:us\b|our\b|the\s(?:[\w-]{1,20}\s){0,3}(?:site|campus|hub|complex|park|hall)s?\b)"
)


def _fed(reading: Reading, sentence: Sentence, mention: Placed) -> bool:
    """Whether a number is what is fed to a site or kept for it, whoever does it ("are to feed 600 MW to the hub")."""
    before = _TO_SITE.search(reading.text, max(sentence.start, mention.start - 60), mention.start)
    return bool(before) and bool(_FOR_SITE.match(reading.text, mention.end, sentence.end))


def given(reading: Reading, sentence: Sentence, mention: Placed) -> bool:
    """Whether a utility gives a number ("Tarn Electric has set aside 60 MW for it", "an offer of 60 MW from it")."""
    if _fed(reading, sentence, mention) or any(gives(reading, sentence, t, mention) for t in sentence.things):
        return True
    low = max(sentence.start, mention.start - _REACH)
    nameless = word_pattern("scope", "roles", "giver_heads")
    return any(_gives(reading, sentence, m.end(), mention) for m in nameless.finditer(reading.text, low, mention.start))


def gives(reading: Reading, sentence: Sentence, thing: Thing, mention: Placed) -> bool:
    """Whether a thing is a utility that gives the number at `mention` to somebody."""
    if not is_network(thing):
        return False
    if thing.end <= mention.start:
        return _gives(reading, sentence, thing.end, mention)
    between = reading.text[mention.end : thing.start]
    return len(between) <= _BEHIND and bool(_FROM.search(between)) and not _others(sentence, mention.end, thing.start)


def gives_away(reading: Reading, sentence: Sentence, thing: Thing, mention: QuantityMention) -> bool:
    """Whether a thing only gives a number of power or money to another."""
    if mention.kind == "investment":
        return lends(reading, sentence, thing, mention)
    return mention.kind == "power" and gives(reading, sentence, thing, mention)


def lends(reading: Reading, sentence: Sentence, thing: Thing, mention: Placed) -> bool:
    """Whether a company lends the sum at `mention` ("Tarn Bank sanctioned a loan of Rs 900 crore")."""
    low = thing.end
    if thing.type != "company" or not low <= mention.start <= low + _REACH:
        return False
    verb = word_pattern("scope", "money", "lends").search(reading.text, low, mention.start)
    if verb:
        return not _others(sentence, low, verb.start())
    loan = _loan().match(reading.text, mention.end) if _is_lender(thing) else None
    verb = word_pattern("scope", "money", "provides").search(reading.text, low, mention.start)
    if loan and verb:
        return not _others(sentence, low, verb.start())
    return bool(loan and _FOR.match(reading.text, loan.end()))


def _is_lender(thing: Thing) -> bool:
    """Whether a company lends by trade, by its kind or, where no list holds it, by its name."""
    named = lexicon.toml("scope")["money"]["lender_names"]
    return thing.kind == "investor" or (not thing.kind and thing.name.split()[-1:][0] in named)


_FOR = re.compile(r"\s(?:for|to)\s")


def is_network(thing: Thing) -> bool:
    """Whether a company runs a public network, by its kind or, where no list holds it, by its name."""
    rules = lexicon.toml("scope")["roles"]
    if thing.type != "company":
        return False
    return thing.kind in rules["giver_kinds"] or (not thing.kind and thing.name.split()[-1:][0] in rules["giver_names"])


def _gives(reading: Reading, sentence: Sentence, start: int, mention: Placed) -> bool:
    if mention.start - start > _REACH or re.search(r"[;:]", reading.text[start : mention.start]):
        return False
    verb = word_pattern("scope", "roles", "gives").search(reading.text, start, mention.start)
    before = [q for q in sentence.quantities if start <= q.start < mention.start]
    rivals = [] if before and _CHAINED.fullmatch(reading.text, before[-1].end, mention.start) else before
    rivals = [q for q in rivals if not reading.listed(q, mention)]
    if verb and _TO_TAKE.match(reading.text, verb.end()):
        return False
    return bool(verb) and not rivals and not _others(sentence, start, verb.start())


_CHAINED = re.compile(
    r"(?:\s(?:now|today|already|so far|(?:by|in) \d{4}|(?:this|next) year|in total|for it|of (?:power|capacity))){0,2}"
    r",?\s(?:and|but|yet|though|although|while|of which|with)\s"
    r"(?:(?:has\s)?(?:only|just|about|some|around|so far|for now|no more than|another|delivered|energized)\s){0,3}",
    re.IGNORECASE,
)
"""Between a number that a utility gives and the next one of the same gift ("approved 450 MW but only 100 MW is on")."""
_TO_TAKE = re.compile(r"\s(?:itself\s)?to\s(?:buy|purchase|take|procure|acquire|lease|rent|order|own)\b")
"""Behind a word of giving: that it is a taking ("committed to buy")."""


def _others(sentence: Sentence, start: int, end: int) -> bool:
    """Whether somebody or something else is named in `start`..`end`."""
    return any(t.type in _NAMED and start <= t.start < end for t in sentence.things)


@functools.cache
def _taken() -> re.Pattern[str]:
    """Right before a number: that a site takes it itself ("draws about")."""
    words = "|".join(lexicon.toml("scope")["roles"]["takes"])
    return re.compile(rf"\b(?:{words})\s(?:(?:just|some|about|around|roughly|nearly|over|up|to|only|a)\s){{0,3}}$")


@functools.cache
def _loan() -> re.Pattern[str]:
    """Behind a sum: the loan that it is the size of ("$2 billion construction loan")."""
    words = word_pattern("scope", "money", "loans").pattern
    return re.compile(rf"(?:[\s-]{{1,2}}[\w-]{{1,40}}){{0,3}}?[\s-]{{1,2}}{words}", re.IGNORECASE)
