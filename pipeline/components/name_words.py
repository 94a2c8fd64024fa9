"""The text as the name rules read it: words with their case, their line and whether they open a sentence.

The words are cut here and not taken from the Doc: a gazetteer of two thousand names would otherwise have to be cut
by the very tokenizer that made the Doc, and a name would be lost wherever the two disagree.
"""

from __future__ import annotations

import functools
import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline import lexicon
from pipeline.components.sentences import sentence_spans
from pipeline.records import EntityType

_WORD = re.compile(r"[^\W_]+|[^\w\s]|_|\n")
_SMALL = frozenset(
    {"a", "an", "and", "as", "at", "by", "for", "from", "in", "of", "on", "or", "over", "the", "to", "with"}
)
OPEN_QUOTES = frozenset("\"“'‘")
CLOSE_QUOTES = frozenset("\"”'’")
_OPENERS = frozenset("\"'“‘(•·*#>—–|-[:;")


@dataclass(frozen=True, slots=True)
class Found:
    """A name as a half-open stretch of words, with what it names."""

    first: int
    last: int
    type: EntityType
    id: str | None
    name: str
    rank: int = 0
    """Which rule wins where two overlap: the higher, then the longer, then the earlier."""


@dataclass(frozen=True, slots=True)
class Words:
    """A text cut into words and signs. All sequences have one item a word; `last` of a stretch is exclusive."""

    text: str
    forms: list[str]
    lowers: list[str]
    starts: list[int]
    ends: list[int]
    capital: list[bool]
    """Whether a name can begin with the word: an upper-case letter, or one inside ("xAI")."""
    opening: list[bool]
    """Whether it opens a sentence, a line, a quotation or an item, so that its capital proves nothing."""
    line: list[int]
    headlines: frozenset[int]
    """Lines where nearly every word has a capital, so that no capital proves anything."""

    def __len__(self) -> int:
        return len(self.forms)

    def slice(self, first: int, last: int) -> str:
        """The text from word `first` up to and without word `last`."""
        return self.text[self.starts[first] : self.ends[last - 1]]

    def joined(self, index: int) -> bool:
        """Whether nothing stands between the word and the one before it."""
        return 0 < index < len(self.forms) and self.ends[index - 1] == self.starts[index]

    def lower(self, index: int) -> str:
        """The word in lower case; empty outside the text."""
        return self.lowers[index] if 0 <= index < len(self.lowers) else ""

    def same_line(self, first: int, last: int) -> bool:
        """Whether both words stand, in one line."""
        return 0 <= first < len(self.line) and 0 <= last < len(self.line) and self.line[first] == self.line[last]

    def quoted(self, first: int, last: int) -> bool:
        """Whether quotation marks enclose the stretch."""
        return self.lower(first - 1) in OPEN_QUOTES and self.lower(last) in CLOSE_QUOTES

    def possessive(self, index: int) -> bool:
        """Whether a possessive `'s`, or the bare apostrophe after an s, begins at the word."""
        if not (index < len(self.forms) and self.forms[index] in "'’" and self.joined(index)):
            return False
        if self.lower(index + 1) == "s" and self.joined(index + 1):
            return True
        return self.lowers[index - 1].endswith("s") and not (index + 1 < len(self) and self.joined(index + 1))

    def past_possessive(self, index: int) -> int:
        """The word behind the possessive that begins at the word."""
        return index + (2 if self.lower(index + 1) == "s" else 1)


def read_words(text: str) -> Words:
    """Cut a text into words; linear in its length."""
    forms: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    line: list[int] = []
    number = 0
    for match in _WORD.finditer(text):
        form = match.group()
        if form == "\n":
            number += 1
            continue
        forms.append(form)
        starts.append(match.start())
        ends.append(match.end())
        line.append(number)
    capital = [form[0].isupper() or (form[0].isalpha() and any(c.isupper() for c in form[1:])) for form in forms]
    return Words(
        text=text,
        forms=forms,
        lowers=["'" if form == "’" else form.lower() for form in forms],
        starts=starts,
        ends=ends,
        capital=capital,
        opening=_opening(text, forms, starts, line),
        line=line,
        headlines=_headlines(forms, capital, line),
    )


def _opening(text: str, forms: list[str], starts: list[int], line: list[int]) -> list[bool]:
    opening = [False] * len(forms)
    for start, _ in sentence_spans(text):
        index = bisect_left(starts, start)
        while index < len(forms) and not forms[index][0].isalnum():
            index += 1
        if index < len(forms):
            opening[index] = True
    for index in range(1, len(forms)):
        if line[index] != line[index - 1] or (forms[index - 1] in _OPENERS and forms[index][0].isalnum()):
            # A hyphen or an apostrophe inside a word opens nothing.
            opening[index] = opening[index] or text[starts[index] - 1] not in "-'’" or line[index] != line[index - 1]
    return opening


def _headlines(forms: list[str], capital: list[bool], line: list[int]) -> frozenset[int]:
    counts: dict[int, list[int]] = {}
    told = _told_lines(forms, line)
    for form, upper, number in zip(forms, capital, line, strict=True):
        if form[0].isalpha() and form.lower() not in _SMALL:
            entry = counts.setdefault(number, [0, 0])
            entry[0] += 1
            entry[1] += upper
    ends = {number: form for form, number in zip(forms, line, strict=True)}
    titled = {n for n, (words, upper) in counts.items() if 5 <= words <= 30 and upper >= 0.75 * words}
    return frozenset(n for n in titled if ends[n] != "." and n not in told)


def _told_lines(forms: list[str], line: list[int]) -> set[int]:
    """Lines that measure something behind a colon or hold cells: items of lists and rows of tables."""
    told: set[int] = set()
    for index in range(len(forms) - 1):
        measured = forms[index] == ":" and line[index] == line[index + 1] and forms[index + 1][0].isdigit()
        cell = forms[index] == ";" and ":" in forms[index + 2 : index + 6]
        if cell or (measured and not _title_goes_on(forms, line, index + 1)):
            told.add(line[index])
    return told


def _title_goes_on(forms: list[str], line: list[int], start: int) -> bool:
    """Whether three words in capitals and no others follow in the line: "Boom: 10 GW of New Capacity Set for 2025"."""
    last = start
    while last < len(forms) and line[last] == line[start]:
        last += 1
    words = [form for form in forms[start:last] if form[0].isalpha() and form.lower() not in _SMALL]
    names = [form for form in words if form[0].isupper() and not form.isupper()]
    return len(names) > 2 and not any(form[0].islower() for form in words)


def overlap_free(found: Iterable[Found]) -> list[Found]:
    """The stretches that remain when the higher rank, then the longer, then the earlier wins; in reading order."""
    kept: list[Found] = []
    taken: set[int] = set()
    for item in sorted(found, key=lambda f: (-f.rank, f.first - f.last, f.first)):
        if not any(index in taken for index in range(item.first, item.last)):
            taken.update(range(item.first, item.last))
            kept.append(item)
    return sorted(kept, key=lambda f: f.first)


@functools.cache
def rules(section: str, key: str) -> frozenset[str]:
    """A word list of `lexicon/names.toml` as a set."""
    table = _names().get(section)
    if table is None or key not in table:
        raise lexicon.LexiconError(f"lexicon/names.toml: [{section}] has no {key!r}")
    return frozenset(table[key])


@functools.cache
def phrases(section: str, key: str) -> dict[str, tuple[tuple[str, ...], ...]]:
    """A phrase list of `lexicon/names.toml`, cut into words, by first word, the longest first."""
    by_first: dict[str, list[tuple[str, ...]]] = {}
    for phrase in rules(section, key):
        cut = tuple(_WORD.findall(phrase))
        by_first.setdefault(cut[0], []).append(cut)
    return {word: tuple(sorted(cuts, key=lambda cut: (-len(cut), cut))) for word, cuts in by_first.items()}


def phrase_at(words: Words, index: int, table: dict[str, tuple[tuple[str, ...], ...]]) -> int:
    """How many words of a phrase of the table stand at the word; 0 for none."""
    for cut in table.get(words.lower(index), ()):
        if tuple(words.lowers[index : index + len(cut)]) == cut:
            return len(cut)
    return 0


def phrase_before(words: Words, index: int, table: Sequence[tuple[str, ...]]) -> bool:
    """Whether one of the phrases ends just before the word."""
    return any(tuple(words.lowers[max(0, index - len(cut)) : index]) == cut for cut in table)


def cut_words(phrase: str) -> tuple[str, ...]:
    """A phrase cut as the text is, in lower case."""
    return tuple(word.lower() for word in _WORD.findall(phrase.replace("’", "'")))


_KEYS: dict[str, frozenset[str]] = {
    "context": frozenset({"domain", "plainly", "business", "chips", "machines", "sources", "anti"}),
    "words": frozenset({"stop", "inner", "products", "public", "grounds", "adverbs"}),
    "companies": frozenset(
        {"legal", "proof", "endings", "long_endings", "generic", "roles", "nouns", "verbs", "auxiliaries", "speech"}
        | {
            "holding",
            "deals",
            "deal_links",
            "of_heads",
            "ai_nouns",
            "abbreviated",
            "described",
            "insertions",
            "owners",
            "contracts",
            "doing",
        }
        | {"acts", "openings"}
    ),
    "evidence": frozenset({"enough", "enough_on_topic", "proof", "signs", "site_signs"}),
    "governments": frozenset(
        {"heads", "public", "ruling", "voting", "endings", "bodies", "grounds", "deals", "links", "acts"}
    ),
    "persons": frozenset({"titles", "jobs", "particles", "firsts", "famous"}),
    "sites": frozenset(
        {"heads", "plural", "by_place", "inner", "no_project", "not_names", "not_after", "naming", "before_plural"}
        | {"apposed", "placed", "parts", "owners", "series", "no_series", "series_before", "series_after", "generic"}
        | {
            "qualifiers",
            "built",
            "contents",
            "rented",
            "site_labels",
            "owner_labels",
            "compass",
            "roads",
            "of_parts",
            "at_parts",
        }
        | {"own_parts", "before_part", "plants", "after_called", "near", "counts", "ends_phrase", "acts", "software"}
        | {"sized", "item_steps", "done_to", "trade", "one_of", "owned", "moved", "builds", "picks", "parts_clauses"}
    ),
    "places": frozenset({"after", "before", "prepositions", "features", "locative", "not_locative"}),
    "publications": frozenset({"endings"}),
}


@functools.cache
def _names() -> dict[str, Any]:
    data = lexicon.toml("names")
    for section, table in data.items():
        if section not in _KEYS:
            raise lexicon.LexiconError(f"lexicon/names.toml: unknown table [{section}]")
        for key in table:
            if key not in _KEYS[section]:
                raise lexicon.LexiconError(f"lexicon/names.toml: [{section}] does not know {key!r}")
    return data


def famous() -> dict[str, str]:
    """Persons known by the surname alone: full name by surname in lower case."""
    return _names()["persons"]["famous"]


@functools.cache
def anti_contexts() -> dict[str, tuple[tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...]]]:
    """By name in lower case: the phrases before it and after it that show that it is not the name."""
    table: dict[str, tuple[list[tuple[str, ...]], list[tuple[str, ...]]]] = {}
    for rule in _names()["context"]["anti"]:
        unknown = set(rule) - {"name", "before", "after"}
        if unknown or "name" not in rule:
            raise lexicon.LexiconError(f"lexicon/names.toml: [[context.anti]] does not know {sorted(unknown)}")
        for name in rule["name"]:
            before, after = table.setdefault(name, ([], []))
            before.extend(cut_words(phrase) for phrase in rule.get("before", ()))
            after.extend(cut_words(phrase) for phrase in rule.get("after", ()))
    return {name: (tuple(before), tuple(after)) for name, (before, after) in table.items()}


_Cuts = dict[str, tuple[tuple[tuple[str, ...], int], ...]]
_SIDES = ("before", "after", "possessed")


def evidence(key: str) -> int:
    """A number of points of `[evidence]`."""
    value = _names().get("evidence", {}).get(key)
    if not isinstance(value, int):
        raise lexicon.LexiconError(f"lexicon/names.toml: [evidence] needs a whole number for {key!r}")
    return value


@functools.cache
def signs(side: str, key: str = "signs") -> _Cuts:
    """The phrases of `[[evidence.signs]]` (companies) or another such list on one side of a name with their points.

    Those of the side `before` are keyed by their last word, the others by their first.
    """
    table: dict[str, list[tuple[tuple[str, ...], int]]] = {}
    for rule in _names()["evidence"][key]:
        unknown = set(rule) - {"points", *_SIDES}
        if unknown or "points" not in rule:
            raise lexicon.LexiconError(f"lexicon/names.toml: [[evidence.{key}]] does not know {sorted(unknown)}")
        for phrase in rule.get(side, ()):
            cut = cut_words(phrase)
            table.setdefault(cut[-1 if side == "before" else 0], []).append((cut, rule["points"]))
    return {word: tuple(cuts) for word, cuts in table.items()}
