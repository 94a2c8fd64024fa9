"""Sites, places and papers that no list holds, by the words they are made of.

A site is named by a code name ("Project Heron"), by its own name before a word for a site ("the Heron campus"), or
by the place it stands in ("the Ashby data center", "data center in Ashby"). A site named by its place gets the
gazetteer's id where a row has that place and the text names one of its owners or users.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence

from pipeline import lexicon
from pipeline.components.name_runs import Run, occupied, runs_of_capitals
from pipeline.components.name_words import Found, Words, phrase_at, phrases, rules

_CALL_SIGN = re.compile(r"[KW][A-Z]{2,3}")
_POWER_UNITS = frozenset({"mw", "gw", "kw", "megawatts", "gigawatts"})
_PLANTS = frozenset({"plant", "station", "farm"})
_ARTICLES = frozenset({"the", "a", "an", "its", "their", "this", "that"})


def pattern_places(words: Words, known: Sequence[Found]) -> list[Found]:
    """Counties, parishes and towns: "Wexford County", "the town of Ashby", "Ashby, Ohio"."""
    taken = occupied(words, known)
    runs = runs_of_capitals(words, taken)
    found: list[Found] = []
    for item in known:
        if item.type == "place" and words.lower(item.last) in rules("places", "after") and words.capital[item.last]:
            found.append(_place(words, item.first, item.last + 1))
    for run in runs:
        item = _county(words, run) or _town_in_state(words, run, taken)
        if item and not any(_whole(taken[i], item) for i in range(item.first, item.last)):
            found.append(item)
    names = {_surface(words, item.first, item.last).lower(): item.name for item in found}
    for run in runs:
        name = names.get(_surface(words, run.first, run.last).lower())
        if name is not None and not _closed(taken, run):
            found.append(Found(run.first, run.last, "place", None, name, rank=1))
    return found


def _closed(taken: Sequence[Found | None], run: Run) -> bool:
    return any(taken[i] is not None for i in range(run.first, run.last))


def _whole(other: Found | None, item: Found) -> bool:
    return other is not None and other.last - other.first >= item.last - item.first


def _place(words: Words, first: int, last: int) -> Found:
    return Found(first, last, "place", None, _surface(words, first, last), rank=1)


def _surface(words: Words, first: int, last: int) -> str:
    return " ".join(words.slice(first, last).split())


def _county(words: Words, run: Run) -> Found | None:
    size = run.last - run.first
    if 2 <= size <= 4 and words.lowers[run.last - 1] in rules("places", "after") and not run.headline:
        return _place(words, run.first, run.last)
    return None


def _town_in_state(words: Words, run: Run, taken: Sequence[Found | None]) -> Found | None:
    if run.last - run.first > 3 or not all(words.forms[i].isalpha() for i in range(run.first, run.last)):
        return None
    state = taken[run.last + 1] if words.lower(run.last) == "," and run.last + 1 < len(words) else None
    in_state = (
        state is not None
        and state.type == "place"
        and words.same_line(run.first, run.last + 1)
        and state.id is not None
        and lexicon.by_id()[state.id].kind in ("state", "country")
    )
    before = (words.lower(run.first - 2), words.lower(run.first - 1))
    named = " ".join(before) in rules("places", "before")
    preposition = before[1] in rules("places", "prepositions") and before[1] != "and"
    person = words.lowers[run.first] in rules("persons", "firsts") and run.last - run.first > 1
    single = run.last - run.first == 1 and words.lowers[run.first] not in rules("persons", "firsts")
    if named or (in_state and (preposition or single or (run.opening and not person))):
        return _place(words, run.first, run.last)
    return None


def pattern_papers(words: Words, runs: Sequence[Run]) -> list[Found]:
    """Papers and stations: "the Garland Courier reported", "told WXYZ-TV"."""
    found: list[Found] = []
    sources = rules("context", "sources")
    for run in runs:
        before = run.first - 1
        article = words.lower(before) == "the"
        source = words.lower(before - article) in sources - {"in", "with", "and", "to", "first"}
        said = words.lower(run.last) in sources - {"in", "with", "and", "to", "by", "from", "via", "first"}
        size = run.last - run.first
        paper = (
            2 <= size <= 4 and words.lowers[run.last - 1] in rules("publications", "endings") and (article or source)
        )
        station = bool(_CALL_SIGN.fullmatch(words.forms[run.first])) and size <= 3
        if (paper or station) and (source or said) and not run.headline:
            found.append(Found(run.first, run.last, "publication", None, _surface(words, run.first, run.last), rank=2))
    return found


def pattern_sites(words: Words, named: Sequence[Found]) -> list[Found]:
    """Sites and clusters, given every other name in the text."""
    taken = occupied(words, named)
    ids = frozenset(item.id for item in named if item.id)
    found = [*_by_place(words, taken, ids), *_by_name(words, taken)]
    return [*found, *_again(words, found, taken)]


def _by_place(words: Words, taken: Sequence[Found | None], ids: frozenset[str]) -> Iterator[Found]:
    names: dict[str, str] = {}
    inner, plural = phrases("sites", "inner"), phrases("sites", "plural")
    passed = 0
    for index in range(len(words)):
        place = taken[index]
        if place is None and index >= passed:
            size, many = phrase_at(words, index, inner), phrase_at(words, index, plural)
            passed = index + max(size, many)
            if max(size, many) and (size >= many or _owned(words, taken, index)):
                where = _place_after_head(words, taken, index, passed)
                if where is not None:
                    yield _placed(words, where, index, _with_state(words, taken, where.last), names, ids)
        elif place is not None and place.type == "place" and place.first == index:
            last = _place_before_head(words, taken, place)
            if last:
                yield _placed(words, place, index, last, names, ids)


def _place_before_head(words: Words, taken: Sequence[Found | None], place: Found) -> int:
    """Where "Ashby, Ohio, campus" or "Ashby campus in Ohio" ends; 0 for no site."""
    last = _with_state(words, taken, place.last)
    at = last + 1 if words.lower(last) == "," and last > place.last else last
    size = phrase_at(words, at, phrases("sites", "by_place"))
    if not size or not words.same_line(place.first, at) or words.lower(at + size) in rules("sites", "not_after"):
        return 0
    if (
        place.id
        and lexicon.by_id()[place.id].kind in ("country", "region")
        and not _determined(words, taken, place.first)
    ):
        return 0
    return _in_place(words, taken, at + size)


def _determined(words: Words, taken: Sequence[Found | None], first: int) -> bool:
    before = taken[first - 1] if first else None
    owner = before is not None and before.type == "company"
    return owner or words.lower(first - 1) in _ARTICLES or words.lower(first - 1) in ("s", "'", "planned", "proposed")


def _in_place(words: Words, taken: Sequence[Found | None], last: int) -> int:
    """Where a site's phrase ends once "in Ohio" behind it is taken in."""
    if words.lower(last) == "in" and last + 1 < len(words) and words.same_line(last - 1, last + 1):
        place = taken[last + 1]
        if place is not None and place.type == "place":
            return _with_state(words, taken, place.last)
    return last


def _place_after_head(words: Words, taken: Sequence[Found | None], index: int, last: int) -> Found | None:
    """The place of "data center in Ashby", where the word for a site is no part of a longer name."""
    if last + 2 > len(words) or words.lower(last) not in ("in", "near", "outside") or _named_site(words, taken, index):
        return None
    where = last + 1 + (words.lower(last + 1) in ("the", "nearby", "rural"))
    place = taken[where] if where < len(words) and words.line[where] == words.line[index] else None
    return place if place is not None and place.type == "place" else None


def _named_site(words: Words, taken: Sequence[Found | None], index: int) -> bool:
    before = index - 1
    if not words.same_line(before, index) or not words.capital[before]:
        return False
    found = taken[before]
    if found is None:
        return words.lowers[before] not in rules("words", "stop") and words.line[index] not in words.headlines
    return found.type in ("cluster", "place")


def _owned(words: Words, taken: Sequence[Found | None], index: int) -> bool:
    before = taken[index - 2] if index > 1 and words.lowers[index - 1] == ")" else taken[index - 1] if index else None
    if before is None and index > 1 and words.lowers[index - 1] == "s":
        before = taken[index - 3] if index > 2 else None
    counted = words.lower(index - 1) in rules("sites", "before_plural")
    return counted or (before is not None and before.type == "company")


def _with_state(words: Words, taken: Sequence[Found | None], last: int) -> int:
    """Where "Ashby" ends once ", Ohio" behind it is taken in."""
    while last + 1 < len(words) and words.lowers[last] == "," and words.same_line(last - 1, last + 1):
        state = taken[last + 1]
        if state is None or state.type != "place" or state.id is None:
            break
        if lexicon.by_id()[state.id].kind not in ("state", "country", "county"):
            break
        last = state.last
    return last


def _placed(words: Words, place: Found, first: int, last: int, names: dict[str, str], ids: frozenset[str]) -> Found:
    plant = any(word in _PLANTS for word in words.lowers[first:last])
    row = _row_of_place(place.name, plant, ids)
    if row is not None:
        return Found(first, last, "cluster", row.id, row.name, rank=2)
    name = names.setdefault(place.name, _surface(words, first, last))
    return Found(first, last, "cluster", None, name, rank=2)


@functools.cache
def _rows_by_place() -> dict[str, tuple[lexicon.Site, ...]]:
    rows: dict[str, list[lexicon.Site]] = {}
    for site in lexicon.load().sites:
        for place in site.places:
            rows.setdefault(place.lower(), []).append(site)
    return {place: tuple(sites) for place, sites in rows.items()}


def _row_of_place(place: str, plant: bool, ids: frozenset[str]) -> lexicon.Site | None:
    """The one row of the place whose owner or user the text names, or that it names itself."""
    rows = [row for row in _rows_by_place().get(place.lower(), ()) if (row.kind == "power_plant") == plant]
    said = [row for row in rows if row.id in ids]
    fitting = said or [row for row in rows if row.owner in ids] or [row for row in rows if ids & set(row.users)]
    return fitting[0] if len(fitting) == 1 else None


def _by_name(words: Words, taken: Sequence[Found | None]) -> Iterator[Found]:
    heads, naming = phrases("sites", "heads"), phrases("sites", "naming")
    for run in runs_of_capitals(words, taken):
        place = taken[run.first]
        if place is not None and place.first <= run.first and place.last >= run.last:
            continue
        first, last = run.first, run.last
        if words.lowers[first] == "project":
            item = _code_name(words, first, last)
            if item:
                yield item
            continue
        tail = next((i for i in range(first + 1, last) if 0 < phrase_at(words, i, heads) == last - i), 0)
        quoted = words.quoted(first, last)
        after = last + quoted
        near = words.same_line(first, after) and (quoted or not words.joined(after))
        size = phrase_at(words, after, heads) if near else 0
        listed = _listed_with_power(words, run)
        if (run.headline and not listed) or not (
            tail or size or listed or _named_before(words, first - quoted, naming)
        ):
            continue
        if not _own_name(words, first, tail or last):
            continue
        if size and not quoted and words.lower(first - 1) not in _ARTICLES and run.opening:
            continue
        yield Found(first, last, "cluster", None, _surface(words, first, last), rank=2)


def _code_name(words: Words, first: int, last: int) -> Found | None:
    """ "Project Heron": the run from "Project" on, up to two words behind it."""
    last = min(last, first + 3)
    if last - first < 2 or words.lowers[first + 1] in rules("sites", "no_project"):
        return None
    if words.lowers[first + 1] in rules("words", "stop") or not words.forms[first][0].isupper():
        return None
    if words.line[first] in words.headlines:
        last = first + 2
    return Found(first, last, "cluster", None, _surface(words, first, last), rank=2)


def _named_before(words: Words, first: int, naming: dict[str, tuple[tuple[str, ...], ...]]) -> bool:
    """Whether "campus called", "data center at" or the like ends just before the word."""
    if words.lower(first - 1) == "at" and words.same_line(first - 1, first):
        inner = phrases("sites", "inner")
        return any(0 < phrase_at(words, i, inner) == first - 1 - i for i in range(max(0, first - 5), first - 1))
    for size in (1, 2):
        start = first - size
        if start > 0 and words.same_line(start, first) and phrase_at(words, start, naming) == size:
            near = range(max(0, start - 6), start)
            heads = (phrases("sites", "heads"), phrases("sites", "plural"))
            return any(phrase_at(words, i, table) for i in near for table in heads)
    return False


def _listed_with_power(words: Words, run: Run) -> bool:
    """Whether the run opens a line "NAME: 12 MW ..."."""
    if (
        not run.opening
        or words.lower(run.last) != ":"
        or not (run.first == 0 or words.line[run.first - 1] != words.line[run.first])
    ):
        return False
    near = range(run.last + 1, min(len(words), run.last + 8))
    return any(words.lowers[i] in _POWER_UNITS and words.same_line(run.first, i) for i in near)


def _own_name(words: Words, first: int, last: int) -> bool:
    """Whether a word of the stretch is a name and no common noun of the trade."""
    plain = rules("sites", "not_names") | rules("words", "stop") | rules("companies", "generic")
    own = [i for i in range(first, last) if words.forms[i][0].isalpha() and words.lowers[i] not in plain]
    acronym = last - first == 1 and words.forms[first].isupper() and len(words.forms[first]) < 5
    return bool(own) and not acronym


def _again(words: Words, found: Sequence[Found], taken: Sequence[Found | None]) -> Iterator[Found]:
    """Later mentions of a site's own name, without the word for a site."""
    names = {tuple(words.lowers[f.first : f.last]): f for f in found if f.id is None and words.capital[f.first]}
    sizes = sorted({len(key) for key in names}, reverse=True)
    starts = {key[0] for key in names}
    for index in range(len(words)):
        if words.lowers[index] not in starts or not words.capital[index]:
            continue
        for size in sizes:
            item = names.get(tuple(words.lowers[index : index + size]))
            if item and all(t is None or t.type == "place" for t in taken[index : index + size]):
                yield Found(index, index + size, "cluster", item.id, item.name, rank=2)
                break
