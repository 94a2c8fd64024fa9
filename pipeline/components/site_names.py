"""Sites and clusters that no list holds, by their own names.

A site is named by a code name ("Project Heron"), by its own name before a word for a site ("the Heron campus"), in
apposition ("Heron, a campus ..."), by being called so, by a number in a family ("Heron 2"), or by a part of it ("phase
two of Heron"). Every candidate carries points, which a company of the same name has to outweigh.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from pipeline.components.name_runs import Run, company_word, key_of, located, surface
from pipeline.components.name_words import Found, Words, phrase_at, phrases, rules
from pipeline.components.site_signs import site_points

_POWER_UNITS = frozenset({"mw", "gw", "kw", "megawatts", "gigawatts"})
_ARTICLES = frozenset({"the", "a", "an", "its", "their", "our", "this", "that"})
_WORKS = frozenset({"project", "development", "build", "machine"})
_KNOWN_ALREADY = frozenset({"the", "its", "their", "this", "that"})
_CODE = re.compile(r"[A-Z]{3}[0-9]{1,2}")
_SHORT_CODE = re.compile(r"[A-Z]{1,4}-?[0-9]{1,2}")
_STRONG = 3
_LIKELY = 2
_APPOSED_REACH = 9
_WHERE_REACH = 24
_INSERT = 14
_NEAR = 6
_CLAUSE_REACH = 14
_OWN_NAME = 4
"""Words of the name of a site behind its owner's."""


def named_sites(
    words: Words, runs: Sequence[Run], taken: Sequence[Found | None], on_topic: bool
) -> list[tuple[Found, int]]:
    """Candidates in reading order, each with its points: 3 says that it is a site, 2 that it is likely one."""
    found: list[tuple[Found, int]] = []
    families = _families(words, runs) if on_topic else dict[str, int]()
    towns = located(words, runs)
    for run in runs:
        listed = _place_of(taken, run.first, run.last)
        if listed is not None and listed.id is not None:
            continue
        if words.lowers[run.first] == "project":
            item = _code_name(words, run.first, run.last)
            if item:
                found.append((item, _STRONG))
            continue
        points, last = _by_words(words, run, taken, on_topic)
        if on_topic:
            points = max(points, _by_context(words, run, families))
        if 0 < points < _STRONG and last == run.last and key_of(words, run.first, last) in towns:
            # What the text knows as a town is the site only together with the word for it.
            last += phrase_at(words, last, phrases("sites", "heads")) or phrase_at(
                words, last, phrases("sites", "apposed")
            )
            points = points if last > run.last else 0
        if points >= (_STRONG if listed is not None else 1):
            name = surface(words, run.first, last)
            found.append((Found(run.first, last, "cluster", None, name, rank=2), points))
    return found


def votes(words: Words, candidates: Sequence[tuple[Found, int]]) -> dict[str, int]:
    """The best points of each name."""
    best: dict[str, int] = {}
    for item, points in candidates:
        key = key_of(words, item.first, item.last)
        best[key] = max(points, best.get(key, 0))
    return best


def _place_of(taken: Sequence[Found | None], first: int, last: int) -> Found | None:
    """The place that covers the whole stretch."""
    place = taken[first]
    return place if place is not None and place.first <= first and place.last >= last else None


def _by_words(words: Words, run: Run, taken: Sequence[Found | None], on_topic: bool) -> tuple[int, int]:
    """Points for the words for a site in, behind or before the run, and where the name ends."""
    heads = phrases("sites", "heads")
    first, last = run.first, run.last
    tail = next((i for i in range(first + 1, last) if 0 < phrase_at(words, i, heads) == last - i), 0)
    quoted = words.quoted(first, last)
    after = last + quoted
    near = words.same_line(first, after) and (quoted or not words.joined(after))
    size = phrase_at(words, after, heads) if near else 0
    if size and words.lowers[last - 1] == "ai" and last - first > 1:
        last -= 1
        if _place_of(taken, first, last) is not None:
            return 0, last
    listed = _listed_with_power(words, run)
    called = _named_before(words, first - quoted, on_topic)
    if run.headline and not listed:
        return 0, last
    if not (tail or size or listed or called) or not _own_name(words, first, tail or last):
        return 0, last
    if size and not (called or quoted) and words.lower(first - 1) not in _ARTICLES and run.opening:
        return 0, last
    return (_STRONG if called or listed or tail else _LIKELY), last


def _by_context(words: Words, run: Run, families: Mapping[str, int]) -> int:
    """Points in a text about computing: apposition, a part of the site, its number in a family, a code."""
    first, last = run.first, run.last
    if run.headline or run.torn:
        return 0
    if _numbered(words, first, last) or (_coded(words, first, last) and _site_word_near(words, first, last, 4)):
        return _LIKELY
    if not _own_name(words, first, last) or _owns_a_site(words, last):
        return 0
    if last - first <= 4 and not company_word(words.lowers[last - 1]):
        # "Critically, the campus": an adverb may open a sentence before what is known already.
        told = words.lower(last + 1) in _KNOWN_ALREADY and run.opening and last - first == 1
        told = told or words.lowers[first].endswith("ly")
        if words.lower(last) in (",", "—", "–", "(") and not told and site_follows(words, last + 1):
            return _STRONG
        if words.lower(last) in (",", "—", "–") and _site_before(words, first):
            return _STRONG
        verb = _past_insert(words, last)
        if words.lower(verb) in ("is", "was", "remains") and site_follows(words, verb + 1):
            return _LIKELY
        if _part_before(words, first) or _headed(words, run) or _clause_follows(words, first, last):
            return _LIKELY
        points = site_points(words, first, last)
        if points:
            return points
    return families.get(key_of(words, first, last), 0)


def _clause_follows(words: Words, first: int, comma: int) -> bool:
    """Whether ", where 9,000 chips run" or ", which it leases" stands behind the name."""
    if words.lower(comma) != "," or not words.same_line(comma, comma + 2):
        return False
    opens = words.lower(comma + 1)
    if opens == "where":
        if words.lower(first - 1) in rules("places", "prepositions") - {"at"}:
            return False
        near = range(comma + 2, min(len(words), comma + 2 + _CLAUSE_REACH))
        return any(words.lowers[i] in rules("sites", "contents") and words.same_line(i, comma) for i in near)
    somebody = words.capital[comma + 2] or words.lower(comma + 2) in rules("sites", "owners")
    near = range(comma + 3, min(len(words), comma + 6))
    return opens == "which" and somebody and any(words.lowers[i] in rules("sites", "rented") for i in near)


def _headed(words: Words, run: Run) -> bool:
    """Whether "the NAME park" or the like is no longer name, and no manager of one."""
    before = words.lower(run.first - 1)
    if before not in ("the", "its", "our", "their", "s") or not words.same_line(run.first - 1, run.last):
        return False
    size = phrase_at(words, run.last, phrases("sites", "apposed"))
    follows = words.lower(run.last + size)
    if before == "s" and words.lowers[run.last] in rules("sites", "generic") and not _located(words, run.last + size):
        return False
    return size > 0 and not (
        follows in rules("persons", "jobs")
        or follows in rules("companies", "nouns")
        or follows in rules("sites", "not_after")
    )


def _located(words: Words, comma: int) -> bool:
    """Whether ", in Ashby" or "in Ashby" stands there."""
    at = comma + (words.lower(comma) == ",")
    return (
        words.lower(at) in rules("sites", "near") | {"in", "at"}
        and words.same_line(at, at + 1)
        and words.capital[at + 1]
    )


def site_follows(words: Words, start: int) -> bool:
    """Whether "a campus ..." or "the bench where it wants a data center" begins at the word."""
    if not words.same_line(start - 1, start):
        return False
    start = _after_owner(words, start)
    if words.lower(start) not in _ARTICLES | {"another", "s", "'"}:
        return False
    heads, where = phrases("sites", "apposed"), 0
    index, end = start + 1, start + 1 + _APPOSED_REACH
    while index < min(end, len(words)) and words.line[index] == words.line[start]:
        word = words.lowers[index]
        if not where and (word in rules("persons", "jobs") or word in rules("companies", "nouns")):
            return False
        size = phrase_at(words, index, heads)
        if size:
            follows = words.lower(index + size)
            described = follows in rules("companies", "nouns") or follows in rules("sites", "not_after")
            joined = follows == "-" or follows in rules("persons", "jobs") or follows in rules("companies", "roles")
            return not (described or joined)
        if word == "where" and not where:
            where, end = index, index + _WHERE_REACH
        if word in ";:()" or (words.forms[index] in ".,?!" and not where) or words.forms[index] in ".?!":
            return False
        index += 1
    return False


def _past_insert(words: Words, comma: int) -> int:
    """Past ", in Ashby, Ohio," or another insertion behind the name: where its verb may stand."""
    if words.lower(comma) != ",":
        return comma
    index = comma + 1
    while index < min(len(words), comma + _INSERT) and words.same_line(comma, index):
        if words.forms[index] in ".?!;:":
            break
        if words.lowers[index] in ("is", "was", "remains") and words.lowers[index - 1] == ",":
            return index
        index += 1
    return comma


def _after_owner(words: Words, start: int) -> int:
    """The possessive of a name that begins at the word ("Ashby Cloud's"), else the word."""
    index = start
    while index < min(start + 5, len(words)) and words.same_line(start, index) and words.capital[index]:
        index += 1
    if index == start and words.lower(start) in _ARTICLES:
        index += 2
    if start < index and words.possessive(index):
        return index + (words.lower(index + 1) == "s" and words.joined(index + 1))
    return start


def _owns_a_site(words: Words, last: int) -> bool:
    """Whether a possessive and the name of a site begin there ("NAME's Ashby data center"): its owner's name ends."""
    if not words.possessive(last):
        return False
    first = begins = words.past_possessive(last)
    while first < min(begins + _OWN_NAME, len(words)) and words.same_line(last, first) and words.capital[first]:
        first += 1
    return first > begins and words.same_line(last, first) and phrase_at(words, first, phrases("sites", "heads")) > 0


def _site_before(words: Words, first: int) -> bool:
    """Whether "its first campus," ends just before the word."""
    comma = first - 1
    if words.lower(comma) not in (",", "—", "–") or not words.same_line(comma, first):
        return False
    heads = phrases("sites", "apposed")
    for start in range(comma - 1, max(-1, comma - 4), -1):
        if 0 < phrase_at(words, start, heads) == comma - start:
            return words.same_line(start, comma) and any(
                words.lowers[i] in _ARTICLES and words.same_line(i, start) for i in range(max(0, start - 4), start)
            )
    return False


def _part_before(words: Words, first: int) -> bool:
    """Whether "phase two of", "the halls at" or the like ends just before the word."""
    if words.lower(first - 1) not in ("of", "at") or not words.same_line(first - 1, first):
        return False
    parts = rules("sites", "parts")
    near = range(max(0, first - 4), first - 1)
    if words.lower(first - 1) == "of":
        return any(
            words.lowers[i] in ("phase", "construction", "groundbreaking", "tranche") and words.same_line(i, first)
            for i in near
        )
    return any(words.lowers[i] in parts and words.same_line(i, first) for i in near)


def _families(words: Words, runs: Sequence[Run]) -> dict[str, int]:
    """Points of the names that end in a number and are spoken of as sites, of their siblings and of their base."""
    series, keys = rules("sites", "series"), dict[str, bool]()
    barred: set[str] = set()
    for run in runs:
        first, last = run.first, run.last
        if not 2 <= last - first <= 4 or words.lowers[last - 1] not in series or run.headline:
            continue
        key, base = key_of(words, first, last), words.lowers[last - 2]
        model = words.lower(first - 1) in rules("sites", "series_before") and words.same_line(first - 1, first)
        model = model or (words.lower(last) in rules("sites", "series_after") and words.same_line(first, last))
        if model or base in rules("sites", "no_series") or base in rules("words", "products"):
            barred.add(key)
        if base in rules("words", "stop") or base in rules("persons", "firsts") or company_word(base):
            barred.add(key)
        keys[key] = keys.get(key, False) or _site_word_near(words, first, last, _NEAR)
    bases = {key.rpartition(" ")[0] for key, near in keys.items() if near and key not in barred}
    members = {key: _STRONG for key in keys if key not in barred and key.rpartition(" ")[0] in bases}
    return members | dict.fromkeys(bases, 1)


def _site_word_near(words: Words, first: int, last: int, reach: int) -> bool:
    tables = (phrases("sites", "inner"), phrases("sites", "apposed"))
    plain = rules("sites", "generic") - {"site", "park", "complex", "facility"}
    for index in (*range(max(0, first - reach), first), *range(last, min(len(words), last + reach))):
        here = words.same_line(first, index) and words.lowers[index] not in plain
        if here and any(phrase_at(words, index, table) for table in tables):
            return True
    return False


def _coded(words: Words, first: int, last: int) -> bool:
    """Whether the run is a code such as "MAA10" or "DFW-12"."""
    form = "".join(words.forms[first:last]).replace("-", "")
    return bool(_CODE.fullmatch(form)) and words.lowers[first] not in rules("sites", "no_series")


def _numbered(words: Words, first: int, last: int) -> bool:
    """Whether "NEXTDC's M3 in Melbourne" or "Equinix's LD8 facility" stands there: the code of somebody's building."""
    owned = words.lower(first - 1) == "s" and words.same_line(first - 1, last)
    if not owned or not _SHORT_CODE.fullmatch("".join(words.forms[first:last])):
        return False
    return _located(words, last) or phrase_at(words, last, phrases("sites", "apposed")) > 0


def _code_name(words: Words, first: int, last: int) -> Found | None:
    """ "Project Heron": the run from "Project" on, up to two words behind it."""
    last = min(last, first + 3)
    if last - first < 2 or words.lowers[first + 1] in rules("sites", "no_project"):
        return None
    if words.lowers[first + 1] in rules("words", "stop") or not words.forms[first][0].isupper():
        return None
    if words.line[first] in words.headlines:
        last = first + 2
    return Found(first, last, "cluster", None, surface(words, first, last), rank=2)


def _named_before(words: Words, first: int, on_topic: bool) -> bool:
    """Whether "campus called", "data center at" or the like ends just before the word."""
    if words.lower(first - 1) == "at" and words.same_line(first - 1, first):
        tables = (phrases("sites", "inner"), phrases("sites", "placed")) if on_topic else (phrases("sites", "inner"),)
        near = range(max(0, first - 5), first - 1)
        return any(0 < phrase_at(words, i, table) == first - 1 - i for i in near for table in tables)
    naming = phrases("sites", "naming")
    for size in (1, 2, 3):
        start = first - size
        if start > 0 and words.same_line(start, first) and phrase_at(words, start, naming) == size:
            if words.lowers[start - 1] in rules("companies", "nouns"):
                return False
            near = range(max(0, start - 8), start)
            heads = (phrases("sites", "heads"), phrases("sites", "plural"), phrases("sites", "apposed"))
            return any(phrase_at(words, i, table) and not _of_software(words, i) for i in near for table in heads)
    return False


def _of_software(words: Words, index: int) -> bool:
    """Whether the project or the machine at the word is one of code ("an AI project named ...")."""
    return words.lowers[index] in _WORKS and words.lower(index - 1) in rules("sites", "software")


def _listed_with_power(words: Words, run: Run) -> bool:
    """Whether the run opens a line "NAME: 12 MW ..."."""
    if (
        not run.opening
        or run.headline
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
    if own and words.lowers[first] in rules("sites", "no_series") and last - first == 2:
        own = [i for i in own if len(words.forms[i]) > 1]  # "Hall C" is a part
    acronym = last - first == 1 and words.forms[first].isupper() and len(words.forms[first]) < 5
    return bool(own) and not acronym


def again(words: Words, found: Sequence[Found], taken: Sequence[Found | None]) -> Iterator[Found]:
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
