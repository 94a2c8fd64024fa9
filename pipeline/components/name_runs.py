"""Runs of capitalised words: where a name that no list holds may stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.components.name_words import Found, Words, phrase_at, phrases, rules

_MAX_WORDS = 7
_INITIALS = frozenset({"o", "d", "l", "n"})


@dataclass(slots=True)
class Run:
    """A run of capitalised words as a half-open stretch, and what stood before it that says what it is."""

    first: int
    last: int
    company: int = 0
    """Points of evidence that it names a company."""
    person: int = 0
    """Points of evidence that it names a person."""
    role: bool = False
    opening: bool = False
    torn: bool = False
    """A capitalised word that is no name was cut off its front: what is left may be half of a title."""
    headline: bool = False


def _continues(words: Words, index: int, first: int) -> int:
    """How many words from `index` continue the run that began at `first`; 0 ends it."""
    if index >= len(words) or words.line[index] != words.line[first]:
        return 0
    form, size = words.forms[index], len(words)
    after = index + 1 < size and words.line[index + 1] == words.line[first]
    if form in "-–" and words.joined(index) and after and words.joined(index + 1):
        return 2 if words.capital[index + 1] or words.forms[index + 1].isdigit() else 0
    if form == "&" and after and words.capital[index + 1]:
        return 2
    if form in "'’" and words.joined(index) and after and words.joined(index + 1) and words.capital[index + 1]:
        return 2 if words.lowers[index - 1] in _INITIALS or not words.possessive(index) else 0
    if (
        form in "'’"
        and words.possessive(index)
        and words.lower(index + 1) == "s"
        and _legal_form_near(words, index + 2)
    ):
        return 3
    if (
        form == "."
        and _initial(words, index - 1)
        and after
        and words.capital[index + 1]
        and not words.opening[index + 1]
    ):
        return 2
    if form.isdigit() and len(form) <= 2 and not words.joined(index):
        return 0 if _measured(words, index + 1) else 1
    if _in_series(words, index):
        return 1
    if words.lowers[index] in rules("persons", "particles") and form.islower() and after and words.capital[index + 1]:
        return 2
    if (
        form == "of"
        and after
        and words.capital[index + 1]
        and words.lowers[index - 1] in rules("companies", "of_heads")
    ):
        return 2
    if words.capital[index] and words.lowers[index] in rules("sites", "counts"):
        named = words.lowers[index + 1 : index + 2]
        return int(bool(named) and after and words.capital[index + 1] and company_word(named[0]))
    if words.capital[index] and not (words.joined(index) and words.forms[index - 1] in "'’/"):
        word = words.lowers[index]
        inner = (
            word not in rules("words", "stop") or word in rules("words", "inner") or word in rules("places", "after")
        )
        return 1 if inner or company_word(word) or word in SITE_WORDS else 0
    return 0


def _in_series(words: Words, index: int) -> bool:
    """Whether the word counts the sites of one name: "Beacon Two"."""
    return (
        words.capital[index]
        and words.lowers[index] in rules("sites", "series")
        and words.capital[index + 1 : index + 2] != [True]
        and words.lowers[index - 1] not in rules("words", "stop")
    )


def _initial(words: Words, index: int) -> bool:
    """Whether the word is the initial of a person, and no part of "U.S."."""
    return len(words.forms[index]) == 1 and words.joined(index + 1) and not words.joined(index)


def _legal_form_near(words: Words, index: int) -> bool:
    """Whether capitals from the word on end in a legal form: then the possessive before it is part of the name."""
    for at in range(index, min(index + 5, len(words))):
        if words.lowers[at] in rules("companies", "proof"):
            return at > index
        if not words.capital[at] and words.forms[at] != ",":
            return False
    return False


SITE_WORDS = frozenset({"center", "centre", "data", "campus", "north", "south", "east", "west", "phase", "building"})


def company_word(word: str) -> bool:
    """Whether the word (lower case) ends company names: a legal form or a trade."""
    return word in rules("companies", "endings") or word in rules("companies", "legal")


def _measured(words: Words, index: int) -> bool:
    """Whether what follows makes the number before it an amount."""
    if index >= len(words):
        return False
    form = words.forms[index]
    return (form in ".,%" and words.joined(index) and words.lower(index + 1).isdigit()) or (
        form in ("MW", "GW", "kW", "TW", "MWh", "GWh", "percent", "million", "billion", "trillion", "%", "-")
        or words.lowers[index] in ("megawatts", "gigawatts", "kilowatts", "years", "months", "buildings", "phases")
    )


def runs_of_capitals(words: Words, taken: Sequence[Found | None]) -> list[Run]:
    """Every run of capitalised words outside the names already taken; places may be part of a run."""
    runs: list[Run] = []
    index, size = 0, len(words)
    while index < size:
        suffix = words.joined(index) and words.forms[index - 1] in "'’"
        if suffix or not words.capital[index] or _closed(taken, index):
            index += 1
            continue
        first = index
        index += 1
        while index < size and index - first < 2 * _MAX_WORDS and not _closed(taken, index):
            step = _continues(words, index, first)
            if not step:
                break
            index += step
        run = _trimmed(words, first, min(index, size))
        if run:
            runs.append(run)
    return runs


def _closed(taken: Sequence[Found | None], index: int) -> bool:
    found = taken[index]
    return found is not None and found.type != "place"


def _part_of_name(words: Words, first: int, last: int) -> bool:
    """Whether a common word opens a name: "White Oak", "First Solar"."""
    return (
        first + 1 < last
        and words.lowers[first] in rules("words", "inner")
        and words.capital[first + 1]
        and words.lowers[first + 1] not in rules("words", "stop")
    )


def _trimmed(words: Words, first: int, last: int) -> Run | None:
    """The run without the words before the name that are none: openers, roles and titles."""
    role = torn = False
    opening = words.opening[first]
    while first < last:
        word = words.lowers[first]
        if words.forms[first] in "-–&.'’":
            first += 1
        elif opening and first + 1 < last and word in rules("companies", "roles"):
            first, role, opening = first + 1, True, False
        elif word in rules("words", "stop") and not _part_of_name(words, first, last):
            torn = torn or not opening
            first, opening = first + 1, False
        else:
            break
    if first >= last or not words.capital[first]:
        return None
    return Run(first, last, role=role, opening=opening, torn=torn, headline=words.line[first] in words.headlines)


def occupied(words: Words, found: Sequence[Found]) -> list[Found | None]:
    """For each word the name that covers it."""
    taken: list[Found | None] = [None] * len(words)
    for item in found:
        taken[item.first : item.last] = [item] * (item.last - item.first)
    return taken


def key_of(words: Words, first: int, last: int) -> str:
    """What makes two mentions the same name: the words of the stretch in lower case."""
    return " ".join(words.lowers[first:last])


def surface(words: Words, first: int, last: int) -> str:
    """The text of the stretch with single spaces."""
    return " ".join(words.slice(first, last).split())


def after_legal_form(words: Words, last: int) -> int:
    """Where a company name ends once `, Inc.` or the like behind it is taken in."""
    table = phrases("companies", "legal")
    for _ in range(3):
        at = last + 1 if words.lower(last) == "," else last
        if at >= len(words) or not words.same_line(last - 1, at) or words.joined(at) or not words.capital[at]:
            break
        size = phrase_at(words, at, table)
        if at > last and words.lower(at) in ("group", "holding", "holdings", "limited", "co"):
            break
        if not size or (words.lower(at) == "co" and words.lower(at + 1) != "."):
            break
        last = at + size
        last = after_abbreviation(words, last)
    return last


def after_abbreviation(words: Words, last: int) -> int:
    """Where the name ends once the full stop of "Inc." or "N.V." behind it is taken in."""
    short = words.lowers[last - 1] in rules("companies", "abbreviated") or (
        len(words.forms[last - 1]) == 1 and words.forms[last - 1].isalpha()
    )
    return last + (short and words.lower(last) == "." and words.joined(last))


def located(words: Words, runs: Sequence[Run]) -> frozenset[str]:
    """The keys of the runs that the text speaks of as places: "in Ashby", and not "a stake in Ashby"."""
    return frozenset(
        key_of(words, run.first, run.last)
        for run in runs
        if words.lower(run.first - 1) in rules("places", "locative")
        and words.same_line(run.first - 1, run.first)
        and words.lower(run.first - 2) not in rules("places", "not_locative")
        and not words.possessive(run.last)
    )
