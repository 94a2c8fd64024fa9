"""Counties, cities and state governments where they are a party to a deal or vote on one.

>>> from pipeline.components.name_words import read_words
>>> words = read_words("It signed a lease with Quillen County.")
>>> place = Found(5, 7, "place", None, "Quillen County")
>>> [item.name for item in government_names(words, [place])]
['Quillen County']
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.components.name_runs import surface
from pipeline.components.name_words import Found, Words, phrase_at, phrases, rules

_REACH = 9


def government_names(words: Words, places: Sequence[Found]) -> Iterator[Found]:
    """Governments as companies without an id; a place that does not act, or a mere region, is none."""
    for place in places:
        if place.type != "place":
            continue
        first, last = _governed(words, place)
        if first < last and (_acts(words, first, last) or _in_deal(words, first)):
            yield Found(first, last, "company", None, surface(words, first, last), rank=2)


def _acts(words: Words, first: int, last: int) -> bool:
    """Whether the government itself, and not somebody in it, sells, signs or votes."""
    somebody = words.lower(first - 1) in rules("places", "prepositions") and words.same_line(first - 1, first)
    return words.lower(last) in rules("governments", "acts") and not somebody


def _governed(words: Words, place: Found) -> tuple[int, int]:
    """The stretch that names the government of the place; empty where none is named."""
    first, last = place.first, place.last
    ruled = phrase_at(words, last, phrases("governments", "endings"))
    if ruled and words.same_line(first, last):
        return first, last + ruled
    body = phrase_at(words, last, phrases("governments", "bodies"))
    if body and words.same_line(first, last) and words.capital[last]:
        return first, last + body
    if words.lowers[last - 1] in rules("governments", "grounds"):
        return first, last
    town = (
        first > 1 and words.forms[first - 1] == "of" and words.forms[first - 2] in ("City", "Town", "Village", "County")
    )
    return (first - 2, last) if town and words.same_line(first - 2, first) else (first, first)


def _in_deal(words: Words, first: int) -> bool:
    """Whether "a lease with the" or the like ends just before the word."""
    link = first - 2 if words.lower(first - 1) == "the" else first - 1
    if words.lower(link) not in rules("governments", "links") or not words.same_line(link, first):
        return False
    near = range(max(0, link - _REACH), link)
    return any(words.lowers[i] in rules("governments", "deals") and words.same_line(i, link) for i in near)
