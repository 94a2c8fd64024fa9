"""Which companies of a sentence may be parties of a deal, and which only stand by: whose product, place or consent is
meant, who was told of it, what somebody once was called.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import NamedTuple

from pipeline import lexicon
from pipeline.claims.scope import word_pattern
from pipeline.reading import Reading, Sentence, Thing

_BRACKET = re.compile(r",?(?: Inc\.?| LLC| plc| Ltd\.?| Corp\.?)? \(\W{0,2}(?:the\W{1,3})?")
_TELLING = re.compile(r"\b(?:told|tells|telling) the $")
_PARENT = re.compile(r"['’]s $")
_SIDE = re.compile(r"\b(?:with|from|by|to|and|between) (?:the )?$")
_GRID = "grid_operator"


@functools.cache
def _not_party(name: str) -> re.Pattern[str]:
    words = "|".join(re.escape(w) for w in lexicon.toml("deals")["scope"][name])
    behind = name == "not_party_after"
    return re.compile(rf"(?:'s)?\s?(?:{words})\b" if behind else rf"\b(?:{words})\s?$", re.IGNORECASE)


def candidates(reading: Reading, sentence: Sentence) -> list[Thing]:
    """The companies of a sentence that may be parties, without what only describes the name behind it."""
    orgs = [t for t in sentence.things if t.type == "company" and t.kind != "analyst"]
    orgs = [t for t in orgs if not _not_party("not_party_after").match(reading.text, t.end) and not _bygone(reading, t)]
    orgs = [t for t in orgs if not (_from_somebody(reading, t) and any(_product_of(reading, t, o) for o in orgs))]
    orgs = [t for t in orgs if not _told(reading, t) and not _short_form(reading, orgs, t)]
    orgs = [t for t in orgs if not _branch(reading, orgs, t)]
    orgs = [t for t in orgs if not _parent(reading, orgs, t) and not _consents(reading, t)]
    orgs = [t for t in orgs if not _market(reading, sentence, t)]
    return [t for t in orgs if not (t.stands_in and any(o.start == t.end + 1 and not o.stands_in for o in orgs))]


def named_aside(thing: Thing) -> bool:
    """Whether a name only says whose product, client or question is meant, and not that its trade is to serve."""
    return thing.aside and thing.kind not in lexicon.toml("coreference")["bystanders"]


def _bygone(reading: Reading, thing: Thing) -> bool:
    """Whether a name only tells whose a thing once was, or what a company was called ("a former Tarn plant")."""
    return bool(_not_party("not_party_before").search(reading.text[max(0, thing.start - 24) : thing.start]))


def _short_form(reading: Reading, orgs: Sequence[Thing], thing: Thing) -> bool:
    """Whether a name in brackets repeats the one before it ("Tarn Energy LLC (“Tarn”)")."""
    named = [o for o in orgs if o.key == thing.key and o.end < thing.start]
    return any(_BRACKET.fullmatch(reading.text, o.end, thing.start) for o in named)


def _from_somebody(reading: Reading, thing: Thing) -> bool:
    return reading.text.startswith(" from ", thing.end)


def _product_of(reading: Reading, thing: Thing, maker: Thing) -> bool:
    """Whether a name is what its maker, named behind it, sells ("Tarn Cloud from Tarn")."""
    return thing.name.startswith(f"{maker.name} ") and reading.text[thing.end : maker.start] == " from "


def _told(reading: Reading, thing: Thing) -> bool:
    """Whether somebody tells something to a name, which then is a paper ("told the Chronicle that")."""
    return not thing.id and bool(_TELLING.search(reading.text, max(0, thing.start - 16), thing.start))


def _branch(reading: Reading, orgs: Sequence[Thing], thing: Thing) -> bool:
    """Whether a name is that of its owner, named before it, with a word more ("Tarn's Tarn Cloud")."""
    return any(thing.name.startswith(o.name) and _PARENT.fullmatch(reading.text, o.end, thing.start) for o in orgs)


def _parent(reading: Reading, orgs: Sequence[Thing], thing: Thing) -> bool:
    """Whether a name only says whose the company right behind it is ("Alphabet's Google will …")."""
    owned = [o for o in orgs if o.start > thing.end and _PARENT.fullmatch(reading.text, thing.end, o.start)]
    return bool(owned) and not _deal_behind().match(reading.text, owned[0].end)


@functools.cache
def _deal_behind() -> re.Pattern[str]:
    """Behind a name these make it the other side of its owner's deal ("Garrow's Tarn contract")."""
    nouns = "|".join(lexicon.toml("deals")["sets"]["deal"])
    return re.compile(rf"\s(?:[\w-]{{1,20}}\s){{0,2}}(?:{nouns})\b", re.IGNORECASE)


def _consents(reading: Reading, thing: Thing) -> bool:
    """Whether somebody only has to allow or to judge a thing ("subject to approval by Tarn")."""
    judges: list[str] = lexicon.toml("deals")["scope"]["judges"]
    if thing.kind == "government" and thing.name.split()[-1] in judges:
        return True
    return _around().leave.search(reading.text, max(0, thing.start - 40), thing.start) is not None


def _market(reading: Reading, sentence: Sentence, thing: Thing) -> bool:
    """Whether the name of a grid only says where something is ("power from the ERCOT grid"), or who has let it on."""
    if thing.kind != _GRID:
        return False
    bound = word_pattern("deals", "sets", "deal").search(reading.text, sentence.start, sentence.end)
    if not bound and not _SIDE.search(reading.text, max(0, thing.start - 16), thing.start):
        return True
    behind = _around().market_after.match(reading.text, thing.end)
    before = _around().market_before.search(reading.text, max(0, thing.start - 20), thing.start)
    return behind is not None or before is not None


class _Around(NamedTuple):
    """What stands right before or behind a name that is no party."""

    leave: re.Pattern[str]
    market_before: re.Pattern[str]
    market_after: re.Pattern[str]


@functools.cache
def _around() -> _Around:
    scope = lexicon.toml("deals")["scope"]
    leave, before, after = (
        "|".join(map(re.escape, scope[name])) for name in ("leave_before", "market_before", "market_after")
    )
    return _Around(
        re.compile(rf"\b(?:{leave}) (?:by|from|of|with|at|before)(?: the)? $", re.IGNORECASE),
        re.compile(rf"\b(?:{before}) $", re.IGNORECASE),
        re.compile(rf"\s(?:{after})\b", re.IGNORECASE),
    )
