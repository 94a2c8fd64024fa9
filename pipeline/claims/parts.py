"""Which number is the whole of which another, or some words, tell a part ("the first 200 MW of the 1 GW campus")."""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from pipeline import lexicon
from pipeline.reading import Placed, Reading, Sentence
from pipeline.records import QuantityMention

_LOOK = 140
"""Characters before a whole among which the words for its part stand."""
_BARRED = "of|for|with|and|or|to|by|from|is|are|was|were|has|have|had|will|would|at|in|on"
_LED = rf"(?:(?!(?:{_BARRED})\b)[^\s,;:()]+\s){{0,6}}"
"""Words from "of" to the whole ("of the campus's planned")."""
_WHOSE = r"(?:an?|its|the|their|[^\s]+['’]s?)"
"""Behind "first hall of" these begin the whole, without which the size is the hall's own."""


class _Patterns(NamedTuple):
    of_whole: re.Pattern[str]
    """Between a part and its whole."""
    share: re.Pattern[str]
    """Words for a part, before its whole ("half of the")."""
    ending: re.Pattern[str]
    """Before a part: that it is the last one, so that the whole is there."""
    some: re.Pattern[str]
    """Before several of one size: that only some of them are meant ("one of three")."""


@functools.cache
def _patterns() -> _Patterns:
    data = lexicon.toml("scope")["parts"]
    heads, shares, firsts, counts = ("|".join(data[key]) for key in ("heads", "shares", "firsts", "counts"))
    share = rf"(?:{shares}|[\d.]+\s?(?:%|percent|per cent))\s(?:of|out of)"
    first = rf"(?:{firsts})\s(?:(?:{counts})\s)?(?:[\w-]+\s)?(?:{heads})\s(?:of|at|on|in|within)"
    of_them = r"\s(?:out )?of\s(?:the\s|its\s)?"
    first_of = rf"(?:{firsts})\s(?:{counts}){of_them}(?:{counts})\s(?:[\w-]+\s)?(?:{heads})\s(?:of|at|on|in)"
    few = rf"(?P<few>{counts}){of_them}"
    several = rf"{few}(?P<all>{counts})\s(?:[\w-]+\s){{0,2}}?(?:{heads})\s(?:of|at|on|in|within)"
    lone = rf"one\sof\s(?:the|its)\s(?:[\w-]+\s)?(?:{heads})\s(?:of|at|on|in)"
    return _Patterns(
        re.compile(
            rf"(?:\s(?:{heads}))?(?:\s(?:of|out of)|\s(?:at|in|on|within)(?=\s{_WHOSE}\s))\s{_LED}",
            re.IGNORECASE,
        ),
        re.compile(rf"\b(?:{share}|(?:{first}|{first_of}|{several}|{lone})(?=\s{_WHOSE}\s))\s{_LED}$", re.IGNORECASE),
        re.compile(rf"\b(?:{'|'.join(data['ending'])})\s(?:[\w-]+\s)?$", re.IGNORECASE),
        re.compile(rf"\b(?:{counts}|{firsts})\s(?:out )?of\s(?:the\s|its\s)?$", re.IGNORECASE),
    )


def whole_of(reading: Reading, sentence: Sentence, part: Placed) -> QuantityMention | None:
    """The number behind `part` of which that is a part."""
    if not isinstance(part, QuantityMention):
        return None
    following = (q for q in sentence.quantities if q.kind == part.kind and q.start >= part.end)
    whole = next(following, None)
    if whole is None or not _patterns().of_whole.fullmatch(reading.text, part.end, whole.start):
        return None
    less, more = _number(part), _number(whole)
    return whole if less is not None and more is not None and less < more else None


def only_in_part(reading: Reading, sentence: Sentence, whole: QuantityMention) -> bool:
    """Whether what is said at `whole` is said of a part of it, and not of the last one."""
    ending = _patterns().ending
    before = [q for q in sentence.quantities if q.end <= whole.start and whole_of(reading, sentence, q) is whole]
    if before:
        return not ending.search(reading.text, sentence.start, before[-1].start)
    if (whole.quantity.count or 1) > 1 and _patterns().some.search(reading.text, sentence.start, whole.start):
        return True
    found = _patterns().share.search(reading.text, max(sentence.start, whole.start - _LOOK), whole.start)
    if found is None or ending.search(reading.text, sentence.start, found.start()):
        return False
    few: str | None = found["few"]
    return few is None or few.lower() != found["all"].lower()


def _number(mention: QuantityMention) -> float | None:
    quantity = mention.quantity
    return quantity.value if quantity.value is not None else quantity.min if quantity.min is not None else quantity.max
