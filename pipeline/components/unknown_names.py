"""Companies and persons that no list holds, by the words around them.

Every run of capitals collects evidence: a legal form or a company-like last word, an apposition, a verb that only
companies are the subject of, a deal it is a party to. Enough of it anywhere in the text makes all its mentions the
name, its short form and the acronym in parentheses behind it included. No tagger is asked: coinages are what a
tagger knows least.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pipeline.components.known_names import after_abbreviation, after_legal_form
from pipeline.components.name_runs import Run, company_word, occupied, runs_of_capitals
from pipeline.components.name_words import OPEN_QUOTES, Found, Words, phrase_at, phrases, rules
from pipeline.components.person_names import person_mentions, person_points

_ENOUGH_ON_TOPIC = 2
_ENOUGH = 3
_PROOF = 4


@dataclass(slots=True)
class _Name:
    runs: list[Run] = field(default_factory=list[Run])

    def points(self, kind: str) -> int:
        return max(getattr(run, kind) for run in self.runs) + min(
            1, sum(1 for r in self.runs if getattr(r, kind) > 0) // 3
        )


def _distinct(words: Words, run: Run) -> bool:
    """Whether a word of the run is more than a common noun of the trade."""
    return any(
        words.forms[i][0].isalpha()
        and not company_word(words.lowers[i])
        and words.lowers[i] not in rules("companies", "generic")
        and words.lowers[i] not in rules("words", "stop")
        for i in range(run.first, run.last)
    )


def _public(words: Words, run: Run) -> bool:
    last, follows = words.lowers[run.last - 1], run.last
    if (
        words.same_line(run.first, follows)
        and words.capital[follows]
        and words.lowers[follows] in rules("words", "public")
    ):
        return True
    return last in rules("words", "grounds") or any(
        words.lowers[i] in rules("words", "public") for i in range(run.first, run.last)
    )


def _form_points(words: Words, run: Run, taken: Sequence[Found | None]) -> int:
    """Evidence in the name itself."""
    last, size = words.lowers[run.last - 1], run.last - run.first
    if last == "ai" and (taken[run.last - 2] is not None or words.lower(run.last) in rules("companies", "ai_nouns")):
        return 0
    legal_end = after_legal_form(words, run.last)
    proof = rules("companies", "proof")
    if legal_end > run.last and any(words.lowers[i] in proof for i in range(run.last, legal_end)):
        return _PROOF
    if size > 1 and last in proof and _distinct(words, run):
        return _PROOF
    if _fund_of(words, run):
        return 3
    if size > 1 + run.torn and _distinct(words, run) and not _public(words, run):
        first = words.lowers[run.first]
        common = first in rules("words", "stop") and first not in rules("words", "inner")
        if last in rules("companies", "endings") and not common:
            return 3
        for index in range(run.first + 1, run.last):
            length = phrase_at(words, index, phrases("companies", "long_endings"))
            if length and index + length == run.last:
                return 3
    return int(_coinage(words, run))


def _fund_of(words: Words, run: Run) -> bool:
    """ "Export Fund of Jutland": a company word before "of"."""
    return any(
        words.forms[i] == "of" and (words.lowers[i - 1] == "bank" or company_word(words.lowers[i - 1]))
        for i in range(run.first + 1, run.last - 1)
    )


def _coinage(words: Words, run: Run) -> bool:
    form = words.forms[run.first]
    return (
        run.last - run.first == 1
        and len(form) > 3
        and any(c.isupper() for c in form[1:])
        and any(c.islower() for c in form[:-1])
        and form.isalpha()
        and form.lower() not in rules("words", "products")
    )


def _before_points(words: Words, run: Run) -> int:
    """Evidence in the words before the name: what it is called, or the deal it is a party to."""
    if run.role:
        return 2
    before = run.first - 1
    if not words.same_line(before, run.first):
        return 0
    if words.lower(before) == "about" and words.opening[before] and _line_ends(words, run.last):
        return 3
    if words.lower(before) in OPEN_QUOTES:
        before -= 1
    if words.lower(before) in rules("companies", "roles") and words.forms[before].islower():
        return 2
    if words.lower(before) in ("called", "named", "dubbed") and words.lower(before - 1) in rules("companies", "nouns"):
        return 2
    if words.lower(before) in rules("companies", "deal_links"):
        near = range(max(0, before - 4), before)
        if any(words.lowers[i] in rules("companies", "deals") and words.same_line(i, before) for i in near):
            return 2
    return 0


def _line_ends(words: Words, index: int) -> bool:
    return index >= len(words) or words.line[index] != words.line[index - 1]


def _after_points(words: Words, run: Run, last: int) -> int:
    """Evidence behind the name, which ends at `last`: apposition, ticker, verb, possession."""
    if last >= len(words) or words.line[last] != words.line[run.first]:
        return 0
    follows = words.lower(last)
    if follows == "(":
        return 3 if words.lower(last + 1) in ("nasdaq", "nyse", "tsx", "lse", "asx", "nse", "bse", "otc", "hkex") else 0
    if follows in (",", "—", "–"):
        return _apposition(words, last + 1)
    if words.possessive(last):
        size = 2 if words.lower(last + 1) == "s" else 1
        heads = (phrases("sites", "heads"), phrases("sites", "plural"))
        near = range(last + size, min(len(words), last + size + 4))
        return 2 if any(phrase_at(words, i, table) for i in near for table in heads) else 0
    verbs = rules("companies", "verbs")
    if follows in rules("companies", "auxiliaries"):
        nexts = [words.lower(last + 1), words.lower(last + 2)]
        if follows in ("is", "was") and nexts[0] in ("a", "an", "the"):
            return _apposition(words, last + 1)
        return 2 if any(word in verbs or word + "s" in verbs for word in nexts) else 0
    if follows in verbs:
        return 2
    return int(follows in rules("companies", "speech"))


def _apposition(words: Words, start: int) -> int:
    """`a cloud provider` and the like from the word: 3; a person's job first: 0."""
    if words.lower(start) not in ("a", "an", "the", "one", "which", "formerly", "another", "its", "now"):
        return 0
    for index in range(start + 1, min(start + 11, len(words))):
        word = words.lowers[index]
        if words.line[index] != words.line[start] or word in ",.;:()" or word in rules("persons", "jobs"):
            return 0
        if word in rules("companies", "nouns"):
            return 3
        if words.lower(start) == "which" and index == start + 1 and word in rules("companies", "verbs"):
            return 3
    return 0


def _weigh(words: Words, runs: list[Run], taken: Sequence[Found | None]) -> None:
    """Fill in the evidence of every run. A list passes the evidence of its first item on."""
    listed: tuple[int, int] = (-9, 0)
    plain = {form for form, upper in zip(words.forms, words.capital, strict=True) if not upper}
    for run in runs:
        if run.headline or all(taken[i] is not None for i in range(run.first, run.last)):
            continue
        last = after_legal_form(words, run.last)
        run.person = person_points(words, run)
        before = _before_points(words, run)
        if not before and _only_separators(words, listed[0], run.first):
            before = listed[1]
        before = before or _after_company(words, run, taken)
        listed = (last, before)
        around = before + _after_points(words, run, last)
        form = _form_points(words, run, taken)
        bare = run.last - run.first == 1 and form == 0
        adverb = words.lower(last + 1) in ("the", "its", "now") or words.lowers[run.first].endswith("ly")
        opener = run.opening and (around < _ENOUGH or adverb)
        doubtful = run.torn or words.lower(run.first - 1) == "to" or opener
        if _public(words, run) or (bare and doubtful):
            around = 0
        run.company = form + around if _nameable(words, run, plain) else 0


def _nameable(words: Words, run: Run, plain: set[str]) -> bool:
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


def _only_separators(words: Words, first: int, last: int) -> bool:
    return 0 < last - first <= 2 and all(words.lowers[i] in (",", "and", "&", "or") for i in range(first, last))


def _key(words: Words, first: int, last: int) -> str:
    return " ".join(words.lowers[first:last])


def unknown_names(words: Words, known: Sequence[Found], on_topic: bool) -> list[Found]:
    """Companies and persons outside the gazetteer, all their mentions. Off topic only strong evidence counts."""
    taken = occupied(words, known)
    runs = runs_of_capitals(words, taken)
    _weigh(words, runs, taken)
    names: dict[str, _Name] = {}
    for run in runs:
        names.setdefault(_key(words, run.first, run.last), _Name()).runs.append(run)
    enough = _ENOUGH_ON_TOPIC if on_topic else _ENOUGH
    companies: list[Run] = []
    persons: list[Run] = []
    for name in names.values():
        best = max(name.runs, key=lambda run: max(run.company, run.person))
        company, person = name.points("company"), name.points("person")
        if person >= _ENOUGH_ON_TOPIC and (person >= company or (person >= _ENOUGH and company < _PROOF)):
            persons.append(best)
        elif company >= enough:
            companies.append(best)
    found = list(person_mentions(words, runs, persons))
    closed = {index for item in found for index in range(item.first, item.last)}
    open_runs = [run for run in runs if run.first not in closed]
    found += _company_mentions(words, open_runs, companies)
    return found


def _company_mentions(words: Words, runs: list[Run], companies: list[Run]) -> Iterator[Found]:
    canonical: dict[str, str] = {}
    for run in sorted(companies, key=lambda run: (run.first - run.last, run.first)):
        text = " ".join(words.slice(run.first, _without_legal_form(words, run)).split())
        name = canonical.setdefault(_key(words, run.first, run.last), text)
        for short in _short_forms(words, run):
            canonical.setdefault(short, name)
    for run in runs:
        name = canonical.get(_key(words, run.first, run.last))
        if name is not None:
            last = after_abbreviation(words, after_legal_form(words, run.last))
            yield Found(run.first, last, "company", None, name, rank=2)


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
        short = _key(words, run.first, last)
        word = words.lowers[run.first]
        if last - run.first > 1 or not (word in rules("companies", "generic") or word in rules("words", "stop")):
            yield short
    end = after_legal_form(words, run.last)
    inside = words.forms[end + 1] if end + 2 < len(words) else ""
    if words.lower(end) == "(" and words.lower(end + 2) == ")" and inside.isupper() and 2 <= len(inside) <= 6:
        yield inside.lower()
