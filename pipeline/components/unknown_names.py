"""Companies and persons that no list holds, by the words around them.

Every run of capitals collects evidence: a legal form or a company-like last word, an apposition, a verb that only
companies are the subject of, a deal it is a party to. Enough of it anywhere in the text makes all its mentions the
name, its short form and the acronym in parentheses behind it included. No tagger is asked: coinages are what a
tagger knows least.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline import lexicon
from pipeline.components.name_evidence import after_points, before_points, form_points, ground, holds_an_amount, public
from pipeline.components.name_runs import (
    Run,
    after_abbreviation,
    after_legal_form,
    company_word,
    key_of,
    located,
    surface,
)
from pipeline.components.name_words import Found, Words, evidence, rules
from pipeline.components.person_names import person_mentions, person_points

_STRONG = 3


@dataclass(slots=True)
class _Name:
    runs: list[Run] = field(default_factory=list[Run])

    def person(self) -> int:
        return max(run.person for run in self.runs) + min(1, sum(1 for r in self.runs if r.person > 0) // 3)

    def company(self, *, alone: bool) -> int:
        """The best of its mentions; a second mention with a sign adds one, unless the best must stand alone."""
        best = max(run.company for run in self.runs)
        signs = sum(1 for run in self.runs if run.company > 0)
        return best + (signs > 1 and not alone)


@dataclass(frozen=True, slots=True)
class _Setting:
    """What the whole text says of its words."""

    plain: frozenset[str]
    """Words that it also writes in lower case."""
    proper: frozenset[str]
    """Runs that it writes with a capital where none is due."""
    located: frozenset[str]
    """Runs that it speaks of as places."""
    surnames: frozenset[str]
    """Last words of the longer runs, which may be surnames."""


def _setting(words: Words, runs: Sequence[Run]) -> _Setting:
    proper, surnames = set[str](), set[str]()
    for run in runs:
        key = key_of(words, run.first, run.last)
        if not (run.opening or run.headline or run.torn):
            proper.add(key)
        if run.last - run.first > 1 or run.torn:
            surnames.add(words.lowers[run.last - 1])
    plain = {form for form, upper in zip(words.forms, words.capital, strict=True) if not upper}
    return _Setting(frozenset(plain), frozenset(proper), located(words, runs), frozenset(surnames))


def _weigh(words: Words, runs: list[Run], taken: Sequence[Found | None], setting: _Setting) -> None:
    """Fill in the evidence of every run. A list passes the evidence of its first item on."""
    listed: tuple[int, int] = (-9, 0)
    for run in runs:
        if run.headline or all(taken[i] is not None for i in range(run.first, run.last)):
            continue
        last = after_legal_form(words, run.last)
        run.person = person_points(words, run)
        before = before_points(words, run)
        if not before and _only_separators(words, listed[0], run.first):
            before = listed[1]
        before = before or _after_company(words, run, taken)
        listed = (last, before)
        after = max(after_points(words, run, last), _of_town(words, last, taken))
        if not run.opening:
            before = max(before, _before_company(words, last, taken))
        form = form_points(words, run, taken)
        bare = run.last - run.first == 1 and form == 0
        if _void(words, run, before, after, bare, setting):
            before = after = 0
        strong = max(before, after) >= _STRONG
        if public(words, run) or (ground(words, run) and not strong):
            before = after = 0
        run.company = form + before + after if _nameable(words, run, setting.plain) else 0


def _void(words: Words, run: Run, before: int, after: int, bare: bool, setting: _Setting) -> bool:
    """Whether the capital of a single word may be due to its place alone: then what stands around it says nothing."""
    if not bare:
        return False
    last = after_legal_form(words, run.last)
    adverb = words.lowers[run.first].endswith("ly") or (
        words.lower(last + 1) in ("the", "its", "now") and not _insert_and_verb(words, last)
    )
    owns = words.possessive(run.last)
    loud = run.opening and not owns and key_of(words, run.first, run.last) not in setting.proper
    infinitive = words.lower(run.first - 1) == "to" and not before
    weak = before + after < _STRONG
    if loud and not adverb and holds_an_amount(words, last):
        return False
    return (loud and (weak or adverb)) or (weak and (run.torn or infinitive))


def _insert_and_verb(words: Words, comma: int) -> bool:
    """Whether ", the anchor tenant, has committed" stands behind the name, so that it is what acts."""
    near = range(comma + 2, min(len(words), comma + 10))
    close = next((i for i in near if words.forms[i] in ",.;:" and words.same_line(comma, i)), len(words))
    return words.lower(close) == "," and (
        words.lower(close + 1) in rules("companies", "auxiliaries")
        or words.lower(close + 1) in rules("companies", "verbs")
    )


def _nameable(words: Words, run: Run, plain: frozenset[str]) -> bool:
    """Whether the run can be a company at all; a single word that the text also uses in lower case cannot."""
    if words.lowers[run.first] == "project" or words.lowers[run.first] in rules("words", "products"):
        return False
    if run.last - run.first > 1:
        return True
    word = words.lowers[run.first]
    if not words.forms[run.first].isalpha() and words.forms[run.first].isupper():
        return False
    return word not in plain and not company_word(word) and word not in rules("companies", "generic")


def _after_company(words: Words, run: Run, taken: Sequence[Found | None]) -> int:
    """How many items of a list just before it are known companies, at most 2."""
    count, first = 0, run.first
    while count < 2:
        before = first - 1
        while before >= 0 and first - before <= 3 and words.lowers[before] in (",", "and", "or", "&"):
            before -= 1
        found = taken[before] if 0 <= before < first - 1 and words.same_line(before, first) else None
        if found is None or found.type != "company":
            break
        count, first = count + 1, found.first
    return count


def _before_company(words: Words, last: int, taken: Sequence[Found | None]) -> int:
    """How many known companies follow in a list, at most 2, where two do or "and" is between."""
    count = 0
    while count < 2:
        after = last
        while after < len(words) and after - last <= 2 and words.lowers[after] in (",", "and", "or", "&"):
            after += 1
        found = taken[after] if last < after < len(words) and words.same_line(last, after) else None
        if found is None or found.type != "company":
            break
        count, last = count + 1, found.last
    return count if count > 1 else 0


def _of_town(words: Words, last: int, taken: Sequence[Found | None]) -> int:
    """2 for "NAME of Marseille": so one speaks of a firm that few know."""
    town = taken[last + 1] if words.lower(last) == "of" and last + 1 < len(words) else None
    if town is None or town.type != "place" or town.id is None or not words.same_line(last, last + 1):
        return 0
    head = words.lowers[last - 1] in rules("companies", "of_heads") | rules("words", "public") | rules(
        "words", "grounds"
    )
    return 0 if head or lexicon.by_id()[town.id].kind != "city" else 2


def _only_separators(words: Words, first: int, last: int) -> bool:
    return 0 < last - first <= 2 and all(words.lowers[i] in (",", "and", "&", "or") for i in range(first, last))


def unknown_names(
    words: Words, runs: list[Run], taken: Sequence[Found | None], on_topic: bool, sites: Mapping[str, int]
) -> list[Found]:
    """Companies and persons outside the gazetteer, all their mentions. Off topic only strong evidence counts.

    `sites` are the points that speak for a run naming a site; as many for a company do not outweigh them.
    """
    setting = _setting(words, runs)
    _weigh(words, runs, taken, setting)
    names: dict[str, _Name] = {}
    for run in runs:
        names.setdefault(key_of(words, run.first, run.last), _Name()).runs.append(run)
    companies: list[Run] = []
    persons: list[Run] = []
    for key, name in names.items():
        best = max(name.runs, key=lambda run: max(run.company, run.person))
        doubtful = key in setting.located or key in setting.surnames or key in rules("persons", "firsts")
        company, person = name.company(alone=doubtful or not on_topic), name.person()
        if sites.get(key, 0) >= _STRONG and words.lowers[best.last - 1] in rules("places", "features"):
            continue
        enough = evidence("enough_on_topic" if on_topic and not doubtful else "enough")
        if person >= 2 and (person >= company or (person >= _STRONG and company < evidence("proof"))):
            persons.append(best)
        elif company >= enough and company > sites.get(key, 0):
            companies.append(best)
    found = list(person_mentions(words, runs, persons))
    closed = {index for item in found for index in range(item.first, item.last)}
    open_runs = [run for run in runs if run.first not in closed]
    found += _company_mentions(words, open_runs, companies, setting)
    return found


def _company_mentions(words: Words, runs: list[Run], companies: list[Run], setting: _Setting) -> Iterator[Found]:
    canonical: dict[str, str] = {}
    ranked = sorted(companies, key=lambda run: (run.first - run.last, run.first))
    heads = _heads(words, ranked, setting)
    for run in ranked:
        key = key_of(words, run.first, run.last)
        text = surface(words, run.first, _without_legal_form(words, run))
        name = canonical.setdefault(key, heads.get(key, text))
        for short in _short_forms(words, run):
            canonical.setdefault(short, name)
    for short, name in heads.items():
        canonical.setdefault(short, name)
    for run in runs:
        last = run.last
        name = canonical.get(key_of(words, run.first, last))
        while name is None and run.headline and last - run.first > 1:
            last -= 1
            name = canonical.get(key_of(words, run.first, last))
        if name is not None:
            last = after_abbreviation(words, after_legal_form(words, last))
            yield Found(run.first, last, "company", None, name, rank=2)


def _heads(words: Words, companies: list[Run], setting: _Setting) -> dict[str, str]:
    """The first word of each longer name, where the text writes it by itself and means nothing else by it."""
    meant: dict[str, set[str]] = {}
    for run in companies:
        if run.last - run.first > 1:
            name = surface(words, run.first, _without_legal_form(words, run))
            meant.setdefault(words.lowers[run.first], set()).add(name)
    return {head: names.pop() for head, names in meant.items() if len(names) == 1 and _tells(head, setting)}


def _tells(head: str, setting: _Setting) -> bool:
    """Whether the word is rare enough to stand for the name that it begins."""
    if len(head) < 4 or head not in setting.proper or head in setting.plain or head in setting.located:
        return False
    return not (
        head in rules("words", "stop")
        or head in rules("companies", "generic")
        or head in rules("words", "public")
        or head in rules("words", "grounds")
        or head in rules("words", "products")
        or head in rules("persons", "firsts")
        or company_word(head)
    )


def _without_legal_form(words: Words, run: Run) -> int:
    last = run.last
    strip = rules("companies", "proof") - {"holdings"}
    while last - run.first > 1 and (words.lowers[last - 1] in strip or words.forms[last - 1] in ".,"):
        last -= 1
    return last


def _short_forms(words: Words, run: Run) -> Iterator[str]:
    """The name without its legal form and its trade, and the acronym in parentheses behind it."""
    last = run.last
    while last - run.first > 1 and (
        company_word(words.lowers[last - 1]) or words.lowers[last - 1] in ("data", "centers", "centres", ".", ",", "&")
    ):
        last -= 1
        short = key_of(words, run.first, last)
        word = words.lowers[run.first]
        if last - run.first > 1 or not (word in rules("companies", "generic") or word in rules("words", "stop")):
            yield short
    end = after_legal_form(words, run.last)
    inside = words.forms[end + 1] if end + 2 < len(words) else ""
    if words.lower(end) == "(" and words.lower(end + 2) == ")" and inside.isupper() and 2 <= len(inside) <= 6:
        yield inside.lower()
