"""Reads a number as people write it: "220,000", "1.4tn", "1,00,000", "half a million", "hundreds of thousands".

    >>> read_number("two and a half million", 0).value
    Decimal('2500000.0')

The words are data (lexicon/units.toml, table `numbers`).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from pydantic import ValidationError

from pipeline import lexicon
from pipeline.records import Record

_MOST_WORDS = 12
_ONE = Decimal(1)


class Number(NamedTuple):
    """A number at `start..end` of a text: `value` is `mantissa` times `scale` (1.2 of "1.2 billion")."""

    start: int
    end: int
    value: Decimal
    mantissa: Decimal
    scale: Decimal = _ONE
    vague: bool = False
    """A lower bound without a number: "several hundred"."""
    spelled: bool = False


class NumberWords(Record):
    """The table `numbers` of lexicon/units.toml: what each word is worth."""

    words: dict[str, float]
    scales: dict[str, float]
    abbreviations: dict[str, float]
    letters: dict[str, float]
    plurals: dict[str, float]
    few: dict[str, float]
    prefixes: dict[str, float]
    fractions: dict[str, float]
    characters: dict[str, float]


class _Rules(NamedTuple):
    worth: dict[str, dict[str, Decimal]]
    digits: re.Pattern[str]
    word: re.Pattern[str]
    scale: re.Pattern[str]
    short: re.Pattern[str]
    spaced_letter: re.Pattern[str]
    plural: re.Pattern[str]
    few: re.Pattern[str]
    part: re.Pattern[str]
    and_part: re.Pattern[str]
    article: re.Pattern[str]


def alternatives(words: Iterable[str]) -> str:
    """A regular expression for any of the words, the longest first; a space in a word is a space or a hyphen."""
    ordered = sorted(set(words), key=lambda word: (-len(word), word))
    return "(?:" + "|".join(re.escape(word).replace(r"\ ", "[ -]") for word in ordered) + ")"


@functools.cache
def number_words() -> NumberWords:
    """The validated table; raises `LexiconError` naming file and key."""
    try:
        return NumberWords.model_validate(lexicon.toml("units").get("numbers", {}))
    except ValidationError as error:
        raise lexicon.LexiconError(f"lexicon/units.toml: numbers: {error}") from error


@functools.cache
def _rules() -> _Rules:
    table = number_words()
    end = "(?![A-Za-z0-9])"
    scale, plural, part = (f"(?i:{alternatives(found)})" for found in (table.scales, table.plurals, table.fractions))
    letter, character = alternatives(table.letters), "[" + "".join(table.characters) + "]"
    return _Rules(
        worth={name: _worth(words) for name, words in table if words},
        digits=re.compile(
            r"(?P<plain>\d{1,3}(?:,\d{2,3}){1,6}(?!\d)(?:\.\d{1,6}(?!\d))?"  # 220,000; 1,00,000; 1,25
            r"|\d{1,3},\d(?![\d,])"  # 1,2
            r"|\d{1,3}(?:\.\d{3}){2,5}(?!\d)"  # 1.000.000
            r"|\d{1,3}(?:'\d{3}){1,5}(?!\d)"  # 1'528
            r"|\d{1,3}(?:[ ]\d{3})?[ ]000(?![\d,.]\d|\d)"  # 10 000
            r"|\d{1,15}(?!\d)(?:\.\d{1,12}(?!\d))?|\.\d{1,12}(?!\d))"
            rf"(?:[ ]?(?P<character>{character}))?|(?P<alone>{character})"
        ),
        word=re.compile(f"(?:(?P<word>(?i:{alternatives(table.words)}))|(?P<scale>{scale})){end}"),
        scale=re.compile(f"(?:[ ]{{1,2}}|-)?({scale}){end}"),
        short=re.compile(f"(?i:[ ]?{alternatives(table.abbreviations)}|{letter}){end}"),
        spaced_letter=re.compile(f"[ ](?i:{letter}){end}"),
        plural=re.compile(rf"({plural})(?:[ ]and[ ]{plural})?(?:[ ]of[ ]({plural}))?(?:[ ]of[ ]({plural}))?{end}"),
        few=re.compile(f"(?i:(?P<few>{alternatives(table.few)}){end}|(?P<prefix>{alternatives(table.prefixes)}))"),
        part=re.compile(
            rf"(?:(?P<many>(?i:an?|{alternatives(table.words)}))[ -])?(?P<part>{part}){end}"
            r"(?:[ -](?:of[ -])?an?(?=[ -])|(?<=[Hh]alf))"
        ),
        and_part=re.compile(rf"[ -]and[ -](?:an?|one)[ -]({part}){end}"),
        article=re.compile(f"(?i:an?)[ ](?={scale}{end})"),
    )


def _worth(table: Mapping[str, float]) -> dict[str, Decimal]:
    return {word.lower(): Decimal(f"{value:.12g}") for word, value in table.items()}


def read_number(text: str, pos: int, money: bool = False) -> Number | None:
    """The longest number that starts exactly at `pos`, or None. `money`: a currency stands in front ("$5 m")."""
    if found := _rules().digits.match(text, pos):
        return _read_digits(text, found, money)
    if text[pos : pos + 1].isalpha():
        return _read_plural(text, pos) or _read_few(text, pos) or _read_part(text, pos) or _read_spelled(text, pos)
    return None


def _scaled(text: str, number: Number) -> Number:
    """The number with the scale words that follow it: "lakh crore" multiplies twice."""
    rules = _rules()
    for _ in range(3):
        found = rules.scale.match(text, number.end)
        if not found:
            break
        scale = rules.worth["scales"][found[1].lower()]
        number = number._replace(end=found.end(), value=number.value * scale, scale=number.scale * scale)
    return number


def _and_part(text: str, number: Number) -> Number:
    """ "Two and a half", "a million and a half"."""
    found = _rules().and_part.match(text, number.end)
    if not found:
        return number
    mantissa = number.mantissa + _rules().worth["fractions"][found[1].lower()]
    return number._replace(end=found.end(), value=mantissa * number.scale, mantissa=mantissa)


def _read_digits(text: str, found: re.Match[str], money: bool) -> Number:
    rules = _rules()
    value = _plain(found["plain"]) if found["plain"] else Decimal(0)
    if character := found["character"] or found["alone"]:
        value += rules.worth["characters"][character]
    number = _and_part(text, Number(found.start(), found.end(), value, value))
    short = rules.short.match(text, number.end) or (rules.spaced_letter.match(text, number.end) if money else None)
    if short:
        key = short[0].strip().lower()
        scale = rules.worth["abbreviations"].get(key) or rules.worth["letters"][key]
        number = number._replace(end=short.end(), value=value * scale, scale=scale)
    return _scaled(text, number)


def _plain(digits: str) -> Decimal:
    """The value of digits with separators: the last comma is decimal unless three digits follow it."""
    whole, comma, tail = digits.replace(" ", "").replace("'", "").rpartition(",")
    if comma and len(tail.partition(".")[0]) != 3:
        return Decimal(f"{whole.replace(',', '')}.{tail.replace('.', '')}")
    plain = f"{whole}{tail}".replace(",", "")
    return Decimal(plain.replace(".", "") if plain.count(".") > 1 else plain)


def _read_plural(text: str, pos: int) -> Number | None:
    found = _rules().plural.match(text, pos)
    if not found:
        return None
    scale = _ONE
    for word in filter(None, found.groups()):
        scale *= _rules().worth["plurals"][word.lower()]
    return Number(pos, found.end(), 2 * scale, Decimal(2), scale, vague=True, spelled=True)


def _read_few(text: str, pos: int) -> Number | None:
    found = _rules().few.match(text, pos)
    if not found:
        return None
    table = _rules().worth["few" if found["few"] else "prefixes"]
    value = table[found[0].lower().replace("-", " ")]
    return _scaled(text, Number(pos, found.end(), value, value, vague=True, spelled=True))


def _read_part(text: str, pos: int) -> Number | None:
    """ "Half a", "three quarters of a", "a half" (million)."""
    found = _rules().part.match(text, pos)
    if not found:
        return None
    worth = _rules().worth
    value = worth["words"].get((found["many"] or "").lower(), _ONE) * worth["fractions"][found["part"].lower()]
    return _scaled(text, Number(pos, found.end(), value, value, spelled=True))


def _read_spelled(text: str, pos: int) -> Number | None:
    """ "Twenty-five", "a hundred", "two hundred and fifty thousand", "one and a half million"."""
    rules, worth = _rules(), _rules().worth
    article = rules.article.match(text, pos)
    at, end = article.end() if article else pos, -1
    total, current, last = Decimal(0), Decimal(0), Decimal(0)
    for _ in range(_MOST_WORDS):
        found = rules.word.match(text, at)
        if not found:
            break
        if found["word"]:
            value = worth["words"][found["word"].lower()]
            if current and not (last == 100 or (20 <= last < 100 and last % 10 == 0 and value < 10)):
                break
            current += value
        else:
            value = worth["scales"][found["scale"].lower()]
            if value <= 100:
                current = (current or _ONE) * value
            elif total and not current:
                total *= value
            else:
                total, current = total + (current or _ONE) * value, Decimal(0)
        last, end = value, found.end()
        at = end + (5 if text.startswith(" and ", end) else 1)
        if text[end : end + 1] not in (" ", "-"):
            break
    if end < 0:
        return None
    value = total + current
    scale = max((entry for entry in worth["scales"].values() if total and entry <= total), default=_ONE)
    number = _and_part(text, Number(pos, end, value, value / scale, scale, spelled=True))
    return _scaled(text, number) if number.end > end else number
