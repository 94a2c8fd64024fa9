"""The words of dates: the validated lexicon file, and a text as tokens that phrases are matched against."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from pydantic import ValidationError

from pipeline.components.calendar import Interval, years
from pipeline.lexicon import LexiconError, toml
from pipeline.records import DateRelation, Grain, Record

_T = TypeVar("_T")
Part = Literal["early", "mid", "late", "whole", "rest"]
Unit = Literal["day", "week", "month", "quarter", "half", "year", "decade"]


class Fiscal(Record):
    """What makes a year or a quarter fiscal."""

    year: tuple[str, ...]
    period: tuple[str, ...]
    bare: tuple[str, ...]


class SpanWords(Record):
    """What surrounds a length of time that is counted from publication."""

    forward: frozenset[str]
    backward: frozenset[str]
    vague: tuple[str, ...]
    ago: tuple[str, ...]
    hence: tuple[str, ...]
    within: tuple[str, ...]
    under: tuple[str, ...]
    over: frozenset[str]
    ahead: tuple[str, ...]
    anchored: frozenset[str]
    ended: frozenset[str]


class Plain(Record):
    """Words before a year that say only that it is one."""

    plain: tuple[str, ...]


class Listed(Record):
    """A plain list of phrases."""

    words: tuple[str, ...]


class YearContext(Record):
    """What tells a bare four-digit number to be a year, or not to be one."""

    before: frozenset[str]
    after: frozenset[str]
    not_before: frozenset[str]
    not_after: frozenset[str]
    loose: frozenset[str]
    closes: frozenset[str]


class ListWords(Record):
    """What joins two dates."""

    both: frozenset[str]
    range: frozenset[str]


class Direction(Record):
    """Cues for the side of the publication date on which a year-less date lies."""

    future: frozenset[str]
    past: frozenset[str]
    once: frozenset[str]
    speech: frozenset[str]
    speech_before: frozenset[str]
    made: frozenset[str]
    done: frozenset[str]
    done_before: frozenset[str]
    conditions: frozenset[str]
    not_past: frozenset[str]
    had: frozenset[str]
    neutral_after: frozenset[str]
    starting: frozenset[str]
    clause: frozenset[str]
    nouns: frozenset[str]
    verb_before: frozenset[str]
    slips: frozenset[str]


class Governed(Record):
    """Prepositions before a date that belong to the word before them."""

    complements: frozenset[str]
    particles: frozenset[str]
    before: frozenset[str]


class WeekdayContext(Record):
    """What makes a weekday part of a name."""

    not_before: frozenset[str]
    not_after: frozenset[str]


class LookedBack(Record):
    """Where "the year" told of is the one before, and how a period is told to have ended."""

    after: frozenset[str]
    barred: frozenset[str]
    closing: frozenset[str]
    closing_year: frozenset[str]


class WeakUnits(Record):
    """Where "the year" and a lone season are dates."""

    after: frozenset[str]
    not_before: frozenset[str]
    seasons_after: frozenset[str]
    seasons_not_before: frozenset[str]


class DateWords(Record):
    """The file lexicon/dates.toml; its comments tell what each table means."""

    ambiguous_months: frozenset[str]
    name_months: frozenset[str]
    century: tuple[int, int]
    counted_until: tuple[int, int]
    months: dict[str, int]
    weekdays: dict[str, int]
    weekday_abbreviations: dict[str, int]
    numbers: dict[str, int]
    ordinals: dict[str, int]
    units: dict[str, Unit]
    seasons: dict[str, int]
    shifts: dict[str, int]
    parts: dict[Part, tuple[str, ...]]
    edges: dict[str, tuple[Part, Unit]]
    joined: dict[str, tuple[Part, str]]
    halves: dict[Literal["first", "second"], tuple[str, ...]]
    day_phrases: dict[str, int]
    unit_phrases: dict[str, tuple[Unit, int]]
    fixed_days: dict[str, tuple[int, int]]
    fiscal: Fiscal
    relations: dict[DateRelation, tuple[str, ...]]
    governed: Governed
    relation_suffixes: dict[DateRelation, tuple[str, ...]]
    span_words: SpanWords
    anaphora: Listed
    approximators: Listed
    year_names: Plain
    year_context: YearContext
    list_words: ListWords
    direction: Direction
    weekday_context: WeekdayContext
    looked_back: LookedBack
    weak_units: WeakUnits


class Phrases(Generic[_T]):
    """Phrases of several tokens, each with a value; the longest that stands at a place wins."""

    def __init__(self, entries: dict[str, _T]):
        self.by_first: dict[str, list[tuple[tuple[str, ...], _T]]] = {}
        for phrase, value in sorted(entries.items(), key=lambda entry: -len(entry[0].split())):
            words = tuple(phrase.split())
            self.by_first.setdefault(words[0], []).append((words, value))

    def at(self, tokens: Tokens, index: int) -> tuple[int, _T] | None:
        """The index after the phrase and its value, or None."""
        low = tokens.low
        for words, value in self.by_first.get(tokens.word(index), ()):
            stop = index + len(words)
            if len(words) > 1 and (stop > len(low) or low[index + 1] != words[1]):
                continue
            if tuple(tokens.low[index:stop]) == words and not any(
                tokens.gap(place) for place in range(index + 1, stop)
            ):
                return stop, value
        return None


class Words(Record):
    """The lexicon with its phrase tables built."""

    model_config = Record.model_config | {"arbitrary_types_allowed": True}

    data: DateWords
    parts: Phrases[Part]
    edges: Phrases[tuple[Part, Unit]]
    halves: Phrases[int]
    days: Phrases[int]
    unit_phrases: Phrases[tuple[Unit, int]]
    fixed: Phrases[tuple[int, int]]
    fiscal_year: Phrases[bool]
    fiscal_bare: Phrases[bool]
    relations: Phrases[DateRelation]
    suffixes: Phrases[DateRelation]
    vague: Phrases[bool]
    ago: Phrases[int]
    ahead: Phrases[bool]
    within: Phrases[bool]
    under: Phrases[bool]
    approximators: Phrases[bool]
    year_names: Phrases[bool]
    anaphora: Phrases[bool]
    openers: dict[str, tuple[str, ...]]
    """By first word, the readers (of date_periods.py) whose dates it can open; all other words are passed over."""
    after_the: frozenset[str]
    """The second words of dates that begin with "the"."""


def _turned(table: dict[_T, tuple[str, ...]]) -> dict[str, _T]:
    return {phrase: value for value, phrases in table.items() for phrase in phrases}


def _flags(phrases: tuple[str, ...]) -> Phrases[bool]:
    return Phrases(dict.fromkeys(phrases, True))


@functools.cache
def words() -> Words:
    """The validated words; raises `LexiconError` that names the key at fault."""
    try:
        data = DateWords.model_validate(toml("dates"))
    except ValidationError as error:
        raise LexiconError(f"lexicon/dates.toml: {error}") from error
    which = {phrase: 1 + (key == "second") for key, row in data.halves.items() for phrase in row}
    which |= {phrase.replace(" ", " - "): number for phrase, number in which.items()}
    ago = dict.fromkeys(data.span_words.ago, -1) | dict.fromkeys(data.span_words.hence, 1)
    openers = _openers(data)
    nouns = {*data.seasons, *data.joined, *data.ordinals, *data.shifts, *data.units, *data.span_words.forward}
    nouns.update(data.span_words.backward, data.fiscal.period, ("new", "weekend", "half", "days"))
    phrases = (*_turned(data.parts), *data.edges, *data.unit_phrases, *data.day_phrases, *data.anaphora.words, *which)
    second = [phrase.removeprefix("the ").split()[0] for phrase in (*phrases, *data.fiscal.year)]
    return Words(
        data=data,
        parts=Phrases(_turned(data.parts)),
        edges=Phrases(data.edges),
        halves=Phrases(which),
        days=Phrases(data.day_phrases),
        unit_phrases=Phrases(data.unit_phrases),
        fixed=Phrases(data.fixed_days),
        fiscal_year=_flags(data.fiscal.year),
        fiscal_bare=_flags(data.fiscal.bare),
        relations=Phrases(_turned(data.relations)),
        suffixes=Phrases(_turned(data.relation_suffixes)),
        vague=_flags(data.span_words.vague),
        ago=Phrases(ago),
        ahead=_flags(data.span_words.ahead),
        within=_flags(data.span_words.within),
        under=_flags(data.span_words.under),
        approximators=_flags(data.approximators.words),
        year_names=_flags(data.year_names.plain),
        anaphora=_flags(data.anaphora.words),
        openers=openers,
        after_the=frozenset(second) | nouns | openers.keys(),
    )


def _openers(data: DateWords) -> dict[str, tuple[str, ...]]:
    """Which readers to try at a word."""
    first: dict[str, set[str]] = {
        "month": {*data.months},
        "weekday": {*data.weekdays, *data.weekday_abbreviations},
        "day_month": {*data.ordinals, "the"},
        "quarter": {
            *data.ordinals,
            *data.fiscal.period,
            *_first(phrase for row in data.halves.values() for phrase in row),
            "the",
        },
        "season": {*data.seasons, *data.joined, "the"},
        "leading": {*data.ordinals, "the", "week"},
        "ended": {*data.numbers, *_first(data.fiscal.bare), "the", "week", "quarter", "year", "half"},
        "part": {*_first(_turned(data.parts)), *_first(data.edges)},
        "day": {*_first(data.day_phrases), *_first(data.unit_phrases), *_first(data.fixed_days)},
        "span": {*data.span_words.forward, *data.span_words.backward, *data.units, "the", "these", "this"},
        "counted": {*data.numbers, *_first(data.span_words.vague), "half"},
        "relative": {*data.shifts, "the"},
        "year": {*data.shifts, *_first(data.fiscal.year), *_first(data.anaphora.words), *_first(data.year_names.plain)},
        "year_first": {*data.shifts, *_first(data.fiscal.year), "the"},
    }
    names = {word for row in first.values() for word in row if word.isalpha()}
    return {word: tuple(name for name, row in first.items() if word in row) for word in sorted(names)}


def _first(phrases: Iterable[str]) -> set[str]:
    return {phrase.split()[0] for phrase in phrases}


_TOKEN = re.compile(
    r"(?:[0-9]{1,4}([-/.])[0-9]{1,2}\1[0-9]{1,4}(?![\w/-]|[.][0-9]))"  # a numeric date
    r"|[0-9]+(?:[.,][0-9]+)+"  # 2,027 or 1.2: one number, so no year stands inside it
    r"|[^\W_]+|\S"
)
_HYPHENS = {"‐": "-", "‑": "-", "‒": "–", "−": "-", "’": "'", "‘": "'", "ʼ": "'"}


class Tokens:
    """A text as lower-case tokens with their offsets."""

    def __init__(self, text: str):
        self.text = text
        self.low: list[str] = []
        self.start: list[int] = []
        self.end: list[int] = []
        for match in _TOKEN.finditer(text):
            word = match[0].lower()
            self.low.append(_HYPHENS.get(word, word))
            self.start.append(match.start())
            self.end.append(match.end())

    def word(self, index: int) -> str:
        """The token in lower case; empty outside the text."""
        return self.low[index] if 0 <= index < len(self.low) else ""

    def raw(self, index: int) -> str:
        """The token as it is written; empty outside the text."""
        return self.text[self.start[index] : self.end[index]] if 0 <= index < len(self.low) else ""

    def glued(self, index: int) -> bool:
        """Whether nothing stands between this token and the one before it."""
        return 0 < index < len(self.low) and self.end[index - 1] == self.start[index]

    def gap(self, index: int) -> bool:
        """Whether a paragraph ends before this token: no date goes across."""
        if not 0 < index < len(self.low):
            return True
        space = self.text[self.end[index - 1] : self.start[index]]
        return len(space) > 1 and (space.count("\n") > 1 or len(space) > 40)


Inside = Callable[[Interval], Interval]
"""Where a month, quarter, half or season lies in a given year, which may be a fiscal one."""


@dataclass(frozen=True, slots=True)
class Form:
    """What was read at a token: its interval, or where it lies in a year that the context must tell."""

    stop: int
    grain: Grain
    unit: str
    interval: Interval | None = None
    inside: Inside | None = None
    fiscal: bool = False
    relation: DateRelation | None = None
    weak: bool = False
    """Counts only after a relation word or as part of a longer form."""
    anaphoric: bool = False
    """Points at a year told elsewhere: counts only as part of a longer form."""
    before: Interval | None = None
    """The same in the period before ("the quarter", "year-end"), which is meant where the past is spoken of."""

    def cycle(self, year: int) -> Interval:
        """Its interval in a calendar year."""
        assert self.inside is not None
        return self.inside(years(year, year))


@dataclass(frozen=True, slots=True)
class Context:
    """One text being read."""

    tokens: Tokens
    words: Words
    published: dt.date | None
    day_first: bool
    """Whether the text's numeric dates put the day before the month."""
