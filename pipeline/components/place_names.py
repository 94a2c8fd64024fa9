"""Places and papers that no list holds: counties, towns in a state, "the Garland Courier reported"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline import lexicon
from pipeline.components.name_runs import Run, occupied, runs_of_capitals, surface
from pipeline.components.name_words import Found, Words, rules

_CALL_SIGN = re.compile(r"[KW][A-Z]{2,3}")


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
    names = {surface(words, item.first, item.last).lower(): item.name for item in found}
    for run in runs:
        name = names.get(surface(words, run.first, run.last).lower())
        if name is not None and not _closed(taken, run):
            found.append(Found(run.first, run.last, "place", None, name, rank=1))
    return found


def _closed(taken: Sequence[Found | None], run: Run) -> bool:
    return any(taken[i] is not None for i in range(run.first, run.last))


def _whole(other: Found | None, item: Found) -> bool:
    return other is not None and other.last - other.first >= item.last - item.first


def _place(words: Words, first: int, last: int) -> Found:
    return Found(first, last, "place", None, surface(words, first, last), rank=1)


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
            found.append(Found(run.first, run.last, "publication", None, surface(words, run.first, run.last), rank=2))
    return found
