"""Towns that the text speaks of as the site that stands there: "the Lahti hall", "40 MW at Lahti", "Lahti is full".

A town becomes a site mention by mention, and each mention needs a sign of its own; the name is that of the site by its
place ("campus outside Lahti") where the text has one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Sequence

from pipeline import lexicon
from pipeline.components.datelines import find_dateline
from pipeline.components.name_runs import key_of
from pipeline.components.name_words import Found, Words, rules
from pipeline.components.placed_sites import row_of_place
from pipeline.components.site_names import site_follows
from pipeline.components.site_signs import heads_section, site_points

_ENOUGH = 2
_WIDE = frozenset({"country", "region", "state"})
_TOWNS = frozenset({"city", "town", "village"})


def town_sites(words: Words, found: Sequence[Found]) -> list[Found]:
    """The names with those towns as sites; all else stays as it is."""
    ids = frozenset(item.id for item in found if item.id)
    placed = dict(_placed(words, found))
    head = find_dateline(words.text) or (0, 0)
    spoken = [_spoken_of(words, item) for item in found]
    known = {key_of(words, item.first, item.last) for item, site in zip(found, spoken, strict=True) if site} | set(
        placed
    )
    return [
        _as_site(words, item, placed, ids)
        if (site or _again(words, item, known)) and not head[0] <= words.starts[item.first] < head[1]
        else item
        for item, site in zip(found, spoken, strict=True)
    ]


def _again(words: Words, item: Found, known: Container[str]) -> bool:
    """Whether something is "at" a town that is a site elsewhere in the text, or the town itself runs there."""
    if item.type != "place" or not _small(item) or key_of(words, item.first, item.last) not in known:
        return False
    at = words.lower(item.first - 1) == "at" and words.same_line(item.first - 1, item.first)
    acts = words.opening[item.first] and words.lower(item.last) in rules("sites", "acts")
    return at or (acts and words.line[item.first] not in words.headlines)


def named_in_full(words: Words, found: Sequence[Found], names: Sequence[Found]) -> list[Found]:
    """The names, a site by its state in the title ("Ashby's Ohio campus") under the name that the text then gives it.

    That is the name of the one site that the text speaks of more than twice as often as of any other.
    """
    wide = {item for item in found if item.type == "cluster" and item.id is None and _by_state(item, names)}
    own = Counter((item.id, item.name) for item in found if item.type == "cluster" and item not in wide)
    ranked = own.most_common(2)
    if not ranked or (len(ranked) > 1 and ranked[1][1] * 2 >= ranked[0][1]):
        return list(found)
    site, name = ranked[0][0]
    titled = {item.name for item in wide if words.line[item.first] == 0}
    return [
        Found(item.first, item.last, "cluster", site, name, rank=2) if item in wide and item.name in titled else item
        for item in found
    ]


def _by_state(item: Found, names: Sequence[Found]) -> bool:
    """Whether the only places in the phrase are states, regions and countries."""
    inside = [n for n in names if n.type == "place" and item.first <= n.first and n.last <= item.last]
    return bool(inside) and all(n.id is not None and lexicon.by_id()[n.id].kind in _WIDE for n in inside)


def _spoken_of(words: Words, item: Found) -> bool:
    if item.type != "place" or not _small(item):
        return False
    before = words.lower(item.first - 1)
    if before in rules("sites", "near"):
        return False
    somebodys = words.lower(item.last) == "," and words.lower(item.last + 1) in ("its", "our", "their")
    if somebodys and site_follows(words, item.last + 1):
        return True
    return site_points(words, item.first, item.last, town=True) >= _ENOUGH or heads_section(
        words, item.first, item.last
    )


def _small(item: Found) -> bool:
    """Whether the place is a town and no county, state or river."""
    if item.id is not None:
        return lexicon.by_id()[item.id].kind in _TOWNS
    return item.name.split()[-1].lower() not in rules("places", "after")


def _placed(words: Words, found: Sequence[Found]) -> Iterator[tuple[str, Found]]:
    """The sites whose phrase names a place, by each word and pair of words in it; the first of a place counts."""
    for item in reversed(found):
        if item.type == "cluster":
            for first in range(item.first, item.last):
                for last in range(first + 1, min(item.last, first + 3) + 1):
                    yield key_of(words, first, last), item


def _as_site(words: Words, item: Found, placed: dict[str, Found], ids: frozenset[str]) -> Found:
    site = placed.get(key_of(words, item.first, item.last))
    if site is not None:
        return Found(item.first, item.last, "cluster", site.id, site.name, rank=2)
    row = row_of_place(item.name, False, ids)
    if row is not None:
        return Found(item.first, item.last, "cluster", row.id, row.name, rank=2)
    return Found(item.first, item.last, "cluster", None, item.name, rank=2)
