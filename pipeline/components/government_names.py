"""Counties, cities, governments and other public bodies where they are a party to a deal or vote on one.

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
_LONGEST = 6
"""Words of a name before or behind the one that tells a public body."""
_LINKS = ("of", "and", "&", "for")
_SIDE = 7
"""Words of the other party that may stand between "with" and "and the"."""


def government_names(words: Words, places: Sequence[Found]) -> Iterator[Found]:
    """Governments as companies without an id; a place that does not act, or a mere region, is none."""
    for place in places:
        if place.type != "place":
            continue
        first, last = _governed(words, place)
        if first < last and (_acts(words, first, last) or _in_deal(words, first)):
            yield Found(first, last, "company", None, surface(words, first, last), rank=2)


def public_bodies(words: Words) -> Iterator[Found]:
    """Ministries, authorities, boards and the like, and governments of what no list holds, as companies without an id:
    where they deal, and nowhere else."""
    for index, word in enumerate(words.lowers):
        if words.capital[index] and word in rules("governments", "public"):
            first, last = _capitals_before(words, index), _named_after(words, index + 1)
        elif word in rules("governments", "ruling") and words.capital[index - 1]:
            first, last = _capitals_before(words, index), index + 1
        elif word in rules("governments", "heads") and words.lower(index + 1) == "of":
            first, last = index, _named_after(words, index + 1)
        else:
            continue
        if last - first > 1 and (_signs(words, first, last) or _in_deal(words, first)):
            yield Found(first, last, "company", None, surface(words, first, last), rank=2)


def _capitals_before(words: Words, index: int) -> int:
    """Where the capitalised words begin that end before the word, "of" and "and" between them included."""
    first = index
    while index - first < _LONGEST and first > 0 and words.same_line(first - 1, first):
        opens = words.opening[first - 1] and words.lowers[first - 1] in rules("words", "stop")
        if words.capital[first - 1] and not opens:
            first -= 1
        elif first > 1 and words.lowers[first - 1] in _LINKS and words.capital[first - 2] and first < index:
            first -= 2
        else:
            break
    return first


def _named_after(words: Words, last: int) -> int:
    """Where the words end that say what a body is for ("of Electronics and IT"); `last` itself where none do."""
    end = last
    while end - last < _LONGEST and words.lower(end) in _LINKS and end + 1 < len(words) and words.capital[end + 1]:
        if not words.same_line(end, end + 1) or (end == last and words.lowers[end] == "and"):
            break
        end += 2
        while end < len(words) and words.capital[end] and words.same_line(end - 1, end):
            end += 1
    return end


def _headed(words: Words, first: int) -> int:
    """Where "the government of" begins before a name; the name's own beginning where it does not."""
    head = first > 1 and words.lowers[first - 1] == "of" and words.lowers[first - 2] in rules("governments", "heads")
    return first - 2 if head and words.same_line(first - 2, first) else first


def _signs(words: Words, first: int, last: int) -> bool:
    """Whether a body binds itself; what it votes on binds others."""
    return _acts(words, first, last) and words.lower(last) not in rules("governments", "voting")


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
    start = _headed(words, first)
    return (start, last) if start < first else (first, first)


def _in_deal(words: Words, first: int) -> bool:
    """Whether "a lease with the", or "a lease with Tarn and the", ends just before the word."""
    if words.lower(first - 1) == "s" and words.possessive(first - 2):
        first = _capitals_before(words, first - 2)
    link = first - 2 if words.lower(first - 1) == "the" else first - 1
    if words.lower(link) == "and" and words.lower(link - 1) != ",":
        before = range(link - 1, max(0, link - _SIDE), -1)
        link = next((i for i in before if words.lowers[i] in rules("governments", "links")), link)
    if words.lower(link) not in rules("governments", "links") or not words.same_line(link, first):
        return False
    near = range(max(0, link - _REACH), link)
    return any(words.lowers[i] in rules("governments", "deals") and words.same_line(i, link) for i in near)
