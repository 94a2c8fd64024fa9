"""Sites named by the place they stand in: "the Ashby data center", "data center in Ashby", "a site near Ashby".

Such a site gets the gazetteer's id where a row has that place and the text names one of its owners or users.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from pipeline import lexicon
from pipeline.components.apart_places import apart, with_state
from pipeline.components.name_runs import Run, surface
from pipeline.components.name_words import Found, Words, phrase_at, phrases, rules

_PLANTS = frozenset({"plant", "station", "farm"})
_ARTICLES = frozenset({"the", "a", "an", "its", "their", "our", "this", "that"})
_WIDE = frozenset({"country", "region", "state"})
_REACH = 40
_SIZED = 5
"""Words up to the head of "Ashby 300 MW campus"."""


def placed_sites(
    words: Words, taken: Sequence[Found | None], runs: Sequence[Run], own: Sequence[Found], on_topic: bool
) -> Iterator[Found]:
    """Sites by place, in reading order; a state or a country is one only of somebody.

    `taken` holds every other name; in a text about computing the more general words for a site count, and so do
    places that no list holds (a run of capitals). In apposition to a site of `own` the phrase has that site's name.
    """
    ids = frozenset(item.id for item in taken if item is not None and item.id)
    names: dict[str, str] = {}
    starts = {run.first: run for run in runs} if on_topic else {}
    ends = {item.last: item for item in (*(t for t in taken if t is not None and t.type == "cluster"), *own)}
    inner, plural, wider = phrases("sites", "inner"), phrases("sites", "plural"), phrases("sites", "placed")
    passed = 0
    for index in range(len(words)):
        place = taken[index]
        if place is None and index >= passed:
            size, many = phrase_at(words, index, inner), phrase_at(words, index, plural)
            if on_topic and not size and _introduced(words, index):
                size = phrase_at(words, index, wider)
            passed = index + max(size, many)
            if max(size, many) and (size >= many or _owned(words, taken, index)):
                where = _place_after_head(words, taken, index, passed, starts)
                if where is None and on_topic and size and _introduced(words, index):
                    far = apart(words, taken, index, passed)
                    if far is not None:
                        yield _placed(words, far, far.first, far.last, names, ids)
                if where is not None and _belongs(words, taken, index, where):
                    aside = _past_aside(words, taken, passed) > passed
                    item = _placed(
                        words, where, where.first if aside else index, with_state(words, taken, where.last), names, ids
                    )
                    site = _apposed_to(words, index, ends)
                    yield item if site is None else replace(item, id=site.id, name=site.name)
                    if many:
                        yield from _listed_after(words, taken, item.last, starts, names, ids)
        elif place is not None and place.type == "place" and place.first == index:
            last = _place_before_head(words, taken, place)
            if last:
                yield _placed(words, place, index, last, names, ids)


def _listed_after(
    words: Words,
    taken: Sequence[Found | None],
    last: int,
    runs: Mapping[int, Run],
    names: dict[str, str],
    ids: frozenset[str],
) -> Iterator[Found]:
    """The other places of "data centers in Ashby, Wexley and Colby", each a site of its own."""
    while words.lower(last) in (",", "and", ";") and words.same_line(last - 1, last):
        first = last + 1 + (words.lower(last) != "and" and words.lower(last + 1) == "and")
        place = taken[first] if first < len(words) and words.same_line(last, first) else None
        run = runs.get(first)
        if place is None and run is not None and _town(words, run) and not run.headline:
            place = Found(run.first, run.last, "place", None, surface(words, run.first, run.last))
        if place is None or place.type != "place" or place.first != first:
            return
        if _wide(place) and words.lower(last) == ",":
            return
        yield _placed(words, place, first, place.last, names, ids)
        last = with_state(words, taken, place.last)


def _wide(place: Found) -> bool:
    return place.id is not None and lexicon.by_id()[place.id].kind in _WIDE


def _belongs(words: Words, taken: Sequence[Found | None], index: int, place: Found) -> bool:
    """Whether the place is small enough for one site, or the site of somebody in a wide one."""
    if not _wide(place):
        return True
    if place.id is not None and lexicon.by_id()[place.id].kind == "region" and not _introduced(words, index):
        return False
    return _somebodys(words, taken, index)


def _introduced(words: Words, index: int) -> bool:
    """Whether a determiner or a size stands before: "a 250 MW site", "its own complex"."""
    for before in range(index - 1, max(-1, index - 8), -1):
        word = words.lowers[before]
        if words.line[before] != words.line[index]:
            return False
        if word in _ARTICLES or word in rules("sites", "before_plural") or word == "s":
            return True
        if not (word in rules("sites", "qualifiers") or word in "-$€£.," or word.isdigit()):
            return False
    return False


def _apposed_to(words: Words, index: int, ends: Mapping[int, Found]) -> Found | None:
    """The site of "NAME, our cluster outside Ashby", given the word "cluster"."""
    for comma in range(index - 1, max(0, index - 8), -1):
        if words.lowers[comma] in (",", "—", "–"):
            if words.lower(comma + 1) == "and":
                return None
            return ends.get(comma)
        if words.line[comma] != words.line[index] or words.lowers[comma] in ";:().":
            return None
    return None


def _place_before_head(words: Words, taken: Sequence[Found | None], place: Found) -> int:
    """Where "Ashby, Ohio, campus" or "Ashby campus in Ohio" ends; 0 for no site."""
    last = with_state(words, taken, place.last)
    at = last + 1 if words.lower(last) == "," and last > place.last else last
    while at < place.last + _SIZED and (words.lower(at).isdigit() or words.lower(at) in rules("sites", "sized")):
        at += 1
    size = phrase_at(words, at, phrases("sites", "by_place"))
    if (
        not size
        and words.same_line(place.first, at)
        and words.forms[at].islower()
        and _owned_place(words, taken, place)
    ):
        size = phrase_at(words, at, phrases("sites", "owned"))
    if not size or not words.same_line(place.first, at) or words.lower(at + size) in rules("sites", "not_after"):
        return 0
    if _wide(place) and not (_determined(words, taken, place.first) or _somebodys(words, taken, place.first)):
        return 0
    return _in_place(words, taken, at + size)


def _owned_place(words: Words, taken: Sequence[Found | None], place: Found) -> bool:
    """Whether somebody's stands before the place: "its Ashby project", "Vorlund's Ashby project"."""
    first = place.first - (words.lower(place.first - 1) in rules("sites", "one_of") | {"next", "new", "planned"})
    before = words.lower(first - 1)
    owner = taken[first - 1] if first else None
    return before in ("its", "their", "our", "s") or (owner is not None and owner.type == "company")


def _determined(words: Words, taken: Sequence[Found | None], first: int) -> bool:
    before = taken[first - 1] if first else None
    owner = before is not None and before.type == "company"
    return owner or words.lower(first - 1) in _ARTICLES or words.lower(first - 1) in ("s", "'", "planned", "proposed")


def _somebodys(words: Words, taken: Sequence[Found | None], index: int) -> bool:
    """Whether the sentence names a company or points at one, so that a wide place is the site of somebody."""
    owners = rules("sites", "owners")

    def owner(at: int) -> bool:
        found = taken[at]
        return (found is not None and found.type in ("company", "programme")) or words.lowers[at] in owners

    for at in range(index - 1, max(-1, index - _REACH), -1):
        if words.line[at] != words.line[index] or _stop(words, at):
            break
        if owner(at):
            return True
    for at in range(index, min(len(words), index + _REACH)):
        if words.line[at] != words.line[index] or _stop(words, at):
            break
        if owner(at):
            return True
    return False


def _stop(words: Words, at: int) -> bool:
    return words.forms[at] in ".?!" and at + 1 < len(words) and words.opening[at + 1]


def _in_place(words: Words, taken: Sequence[Found | None], last: int) -> int:
    """Where a site's phrase ends once "in Ohio" behind it is taken in."""
    if words.lower(last) == "in" and last + 1 < len(words) and words.same_line(last - 1, last + 1):
        place = taken[last + 1]
        if place is not None and place.type == "place":
            return with_state(words, taken, place.last)
    return last


def _place_after_head(
    words: Words, taken: Sequence[Found | None], index: int, last: int, runs: Mapping[int, Run]
) -> Found | None:
    """The place of "data center in Ashby", where the word for a site is no part of a longer name."""
    if last + 2 > len(words) or _named_site(words, taken, index):
        return None
    last = _past_aside(words, taken, last)
    link = words.lower(last)
    where = last + 1
    if link in ("on", "off", "along"):
        return _road(words, runs.get(where)) if words.same_line(index, where) else None
    if link not in ("in", "near", "outside", "at"):
        return None
    while where < last + 3 and words.lower(where) in rules("sites", "compass") | {"nearby"} - {"near"}:
        where += 1
    place = taken[where] if where < len(words) and words.line[where] == words.line[index] else None
    if place is not None and place.type == "place":
        return place if link != "at" or not _wide(place) else None
    run = runs.get(where)
    if link == "at" or where > last + 1 or place is not None or run is None or run.headline:
        return None
    return Found(run.first, run.last, "place", None, surface(words, run.first, run.last)) if _town(words, run) else None


def _road(words: Words, run: Run | None) -> Found | None:
    """The road of "data center on Ashby Road": local papers and minutes name a site by it."""
    if run is None or run.headline or run.last - run.first < 2:
        return None
    road = words.lower(run.last - 1) in rules("sites", "roads")
    return Found(run.first, run.last, "place", None, surface(words, run.first, run.last)) if road else None


def _past_aside(words: Words, taken: Sequence[Found | None], last: int) -> int:
    """Past "with PARTNER" or a comma between a word for a site and "in PLACE"."""
    partner = taken[last + 1] if words.lower(last) in ("with", "by") and last + 1 < len(words) else None
    if partner is not None and partner.type == "company":
        return partner.last
    return last + (
        words.lower(last) == "," and words.lower(last + 1) in ("in", "at") and words.same_line(last, last + 1)
    )


def _town(words: Words, run: Run) -> bool:
    """Whether a run of capitals may be a town: one or two plain words."""
    return run.last - run.first <= 2 and all(
        words.forms[i].isalpha() and not words.forms[i].isupper() for i in range(run.first, run.last)
    )


def _named_site(words: Words, taken: Sequence[Found | None], index: int) -> bool:
    before = index - 1
    if not words.same_line(before, index) or not words.capital[before]:
        return False
    found = taken[before]
    if found is None:
        return words.lowers[before] not in rules("words", "stop") and words.line[index] not in words.headlines
    return found.type in ("cluster", "place")


def _owned(words: Words, taken: Sequence[Found | None], index: int) -> bool:
    """Whether somebody owns or builds the sites of a plural, or their number is told."""
    before = taken[index - 2] if index > 1 and words.lowers[index - 1] == ")" else taken[index - 1] if index else None
    if before is None and index > 1 and words.lowers[index - 1] == "s":
        before = taken[index - 3] if index > 2 else None
    if words.lower(index - 1) in rules("sites", "before_plural") or (before is not None and before.type == "company"):
        return True
    near = range(max(0, index - 3), index)
    built = any(words.lowers[i] in rules("sites", "built") and words.same_line(i, index) for i in near)
    return built and _somebodys(words, taken, index)


def _placed(words: Words, place: Found, first: int, last: int, names: dict[str, str], ids: frozenset[str]) -> Found:
    plant = any(word in _PLANTS for word in words.lowers[first:last])
    row = row_of_place(place.name, plant, ids)
    if row is not None:
        return Found(first, last, "cluster", row.id, row.name, rank=2)
    name = names.setdefault(place.name, _quiet(surface(words, first, last), place.name))
    return Found(first, last, "cluster", None, name, rank=2)


def _quiet(text: str, place: str) -> str:
    """The phrase as a text writes it, where a title shouts it: "LAHTI CAMPUS" is the "Lahti campus"."""
    return text.lower().replace(place.lower(), place) if text.isupper() else text


@functools.cache
def _rows_by_place() -> dict[str, tuple[lexicon.Site, ...]]:
    rows: dict[str, list[lexicon.Site]] = {}
    for site in lexicon.load().sites:
        for place in site.places:
            rows.setdefault(place.lower(), []).append(site)
    return {place: tuple(sites) for place, sites in rows.items()}


def row_of_place(place: str, plant: bool, ids: frozenset[str]) -> lexicon.Site | None:
    """The one row of the place whose owner or user the text names, or that it names itself."""
    rows = [row for row in _rows_by_place().get(place.lower(), ()) if (row.kind == "power_plant") == plant]
    said = [row for row in rows if row.id in ids]
    fitting = said or [row for row in rows if row.owner in ids] or [row for row in rows if ids & set(row.users)]
    return fitting[0] if len(fitting) == 1 else None
