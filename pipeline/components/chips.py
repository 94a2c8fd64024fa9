"""Reads what follows a number as AI chips: "Nvidia H100 Tensor Core GPUs", "GB200s", "of its own TPUs".

Chip models and vendors come from the gazetteer (lexicon/accelerators.jsonl, companies.jsonl), the other words
from the table `accelerators` of lexicon/units.toml.
"""

from __future__ import annotations

import functools
import re
from decimal import Decimal
from typing import NamedTuple

from pydantic import ValidationError

from pipeline import lexicon
from pipeline.components.numbers import Number, alternatives
from pipeline.records import Record

_MOST_TOKENS = 10
_LONGEST_NAME = 4
_MOST_UNKNOWN = 3
_CONTEXT = 1000
_HEADS = ("strong", "weak", "plain")
_YEARS = range(1990, 2040)


class ChipWords(Record):
    """The table `accelerators` of lexicon/units.toml."""

    strong: tuple[str, ...]
    weak: tuple[str, ...]
    plain: tuple[str, ...]
    plain_from: int
    other: tuple[str, ...]
    context: tuple[str, ...]
    modifiers: tuple[str, ...]
    veto: tuple[str, ...]
    systems: tuple[str, ...]
    counted: tuple[str, ...]
    wholes: tuple[str, ...]
    equivalent: tuple[str, ...]
    equivalent_before: tuple[str, ...]
    rack_as_chips: int
    specification: int
    devices: tuple[str, ...]
    vendor_kinds: tuple[str, ...]
    vendors: tuple[str, ...]


class Chips(NamedTuple):
    """A count of chips that ends at `end`; `chip` is a gazetteer id of the model or the vendor."""

    end: int
    value: Decimal
    chip: str | None


class _Token(NamedTuple):
    sep: str
    word: str
    end: int


class _Meaning(NamedTuple):
    kind: str
    """model, rack, cpu, vendor, strong, weak, plain, equivalent, veto, system, modifier"""
    id: str | None = None
    capital: bool = False
    """Means it only with a capital."""
    rank: int = 0


class _Rules(NamedTuple):
    meanings: dict[str, _Meaning]
    context: re.Pattern[str]
    other: re.Pattern[str]
    equivalent_before: re.Pattern[str]


_TOKEN = re.compile(
    r"(?P<sep>[ ]{1,2}|[-/]|)(?P<word>A\.I\.|(?:Corp|Inc|Ltd|Co)\.(?:'s)?"
    r"|[A-Za-z0-9]+(?:[.+][A-Za-z0-9]+){0,3}(?:'s?(?![A-Za-z]))?)"
)
_NOT_PLURAL = frozenset(
    ("is", "was", "has", "does", "as", "this", "its", "plus", "across", "versus", "less", "vs", "ops", "its")
)


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", name.lower())


@functools.cache
def chip_words() -> ChipWords:
    """The validated table; raises `LexiconError` naming file and key."""
    try:
        return ChipWords.model_validate(lexicon.toml("units").get("accelerators", {}))
    except ValidationError as error:
        raise lexicon.LexiconError(f"lexicon/units.toml: accelerators: {error}") from error


@functools.cache
def _rules() -> _Rules:
    words = chip_words()
    meanings: dict[str, _Meaning] = {}
    for kind, names in (("modifier", words.modifiers), ("system", words.systems), ("veto", words.veto)):
        meanings.update({_key(name): _Meaning(kind) for name in names})
    gazetteer = lexicon.load()
    for company in gazetteer.companies:
        if company.kind in words.vendor_kinds or company.id in words.vendors:
            for name in (company.name, *company.aliases):
                meanings.setdefault(_key(name), _Meaning("vendor", company.id, capital=name in company.ambiguous))
    for chip in gazetteer.accelerators:
        kind = {"rack_system": "rack", "cpu": "cpu"}.get(chip.kind, "model")
        for name in (chip.name, *chip.aliases):
            rank = 1 if chip.kind == "architecture" else 2
            meanings[_key(name)] = _Meaning(kind, chip.id, name in chip.ambiguous, rank)
    heads = (("weak", words.weak), ("plain", words.plain), ("strong", words.strong), ("equivalent", words.equivalent))
    for kind, names in heads:
        for name in names:
            known = meanings.get(_key(name)) or meanings.get(_key(name) + "s")
            meanings[_key(name)] = _Meaning(kind, known.id if known and known.kind == "model" else None)
    return _Rules(
        meanings,
        re.compile(rf"(?<![A-Za-z0-9]){alternatives(words.context)}(?![A-Za-z0-9])"),
        re.compile(rf"\b(?i:{alternatives(words.other)})\b"),
        re.compile(rf"\b(?i:{alternatives(words.equivalent_before)})[ ](?:[a-z~]{{1,14}}[ ]?){{0,2}}$"),
    )


def _tokens(text: str, pos: int) -> list[_Token]:
    tokens: list[_Token] = []
    for _ in range(_MOST_TOKENS):
        found = _TOKEN.match(text, pos)
        if not found or (not found["sep"] and (tokens or not text.startswith(("x", "+"), pos))):
            break
        if not tokens and found["word"].isdigit():
            break
        tokens.append(_Token(found["sep"], found["word"], found.end()))
        pos = found.end()
    return tokens


def _meaning(meanings: dict[str, _Meaning], tokens: list[_Token], at: int) -> tuple[_Meaning | None, int, bool]:
    """What the longest known name at `tokens[at]` means, how many tokens it takes, and whether it is a plural."""
    for size in range(min(_LONGEST_NAME, len(tokens) - at), 0, -1):
        part = tokens[at : at + size]
        if any(token.sep == "/" or token.word.endswith("'s") for token in part[1:]):
            continue
        key = _key("".join(token.word.removesuffix("'s") for token in part))
        found, plural = meanings.get(key), False
        if found is None or (key.endswith("s") and key[:-1] in meanings):
            found, plural = meanings.get(key.removesuffix("s")), True
        equivalent = found is None and key.endswith("e") and meanings.get(key[:-1])
        if equivalent and equivalent.kind == "model" and any(map(str.isdigit, key)):
            return equivalent._replace(kind="model_equivalent"), size, False
        if found and not (found.capital and not part[0].word[0].isupper()):
            return found, size, plural
    return None, 1, False


class _Phrase:
    """What the tokens after a number say, read from left to right."""

    def __init__(self) -> None:
        self.end = -1
        self.head = ""
        self.head_chip: str | None = None
        self.plural = self.equivalent = self.system = self.evident = self.unsure = False
        self.model: _Meaning | None = None
        self.rack: _Meaning | None = None
        self.vendor: str | None = None

    def take(self, meaning: _Meaning, end: int, plural: bool) -> None:
        if meaning.kind in _HEADS:
            self.head, self.head_chip, self.plural = meaning.kind, self.head_chip or meaning.id, plural
            self.evident = self.evident or meaning.kind == "strong"
        elif meaning.kind in ("model", "model_equivalent"):
            if not self.model or meaning.rank > self.model.rank:
                self.model = meaning
            self.plural, self.unsure = plural, meaning.capital
            self.equivalent = meaning.kind == "model_equivalent"
        elif meaning.kind == "rack":
            self.rack, self.plural = meaning, plural
        elif meaning.kind == "vendor":
            self.vendor = self.vendor or meaning.id
            return
        self.end = end

    @property
    def chip(self) -> str | None:
        if self.model or self.rack:
            model = (self.model or self.rack or _Meaning("")).id
            return f"{model}-equivalent" if self.equivalent else model
        if self.equivalent:
            return None
        return self.head_chip or self.vendor


def _read_phrase(rules: _Rules, tokens: list[_Token]) -> _Phrase | None:
    phrase, at, unknown = _Phrase(), 0, 0
    while at < len(tokens):
        at = _after_owner(tokens, at)
        token = tokens[at]
        meaning, size, plural = _meaning(rules.meanings, tokens, at)
        kind = meaning.kind if meaning else ""
        if phrase.head and kind not in (*_HEADS, "equivalent"):
            break
        if meaning and kind in (*_HEADS, "model", "model_equivalent", "rack", "vendor"):
            if kind == "rack" and size > 1 and not phrase.model:
                _take_model_inside(rules, tokens[: at + size - 1], at, phrase)
            first = rules.meanings.get(_key(token.word))
            phrase.system = phrase.system or (first is not None and first.kind == "system")
            phrase.take(meaning, tokens[at + size - 1].end, plural)
        elif kind == "equivalent" and phrase.end >= 0:
            phrase.equivalent, phrase.end, phrase.plural = True, tokens[at].end, True
        elif kind in ("veto", "cpu"):
            return None
        elif kind == "system":
            phrase.system = True
        elif token.word in ("and", "or") and phrase.model and at + 1 < len(tokens):
            following = _meaning(rules.meanings, tokens, at + 1)[0]
            if not following or following.kind != "model":
                break
        elif token.word == "of" and at > 1:
            break
        elif kind != "modifier":
            hyphened = token.sep == "-" or (at + 1 < len(tokens) and tokens[at + 1].sep == "-")
            unknown += 1
            # "'s" and participles ("rented") qualify whatever follows.
            named = token.word[0].isupper() or token.word.endswith(("'s", "ed"))
            if unknown > _MOST_UNKNOWN or token.word[0].isdigit() or not (hyphened or named) or phrase.model:
                break
        phrase.evident = phrase.evident or token.word in ("AI", "A.I.")
        at += size
    return phrase if phrase.end >= 0 else None


def _after_owner(tokens: list[_Token], at: int) -> int:
    """The token behind an owner who is only described ("of the search giant's tensor processors"), else `at`."""
    if at == 0 or tokens[at - 1].word != "of" or tokens[at].word not in ("the", "a", "an", "its", "their"):
        return at
    owner = next((i for i in range(at + 1, min(at + _MOST_UNKNOWN + 2, len(tokens))) if "'" in tokens[i].word), None)
    return owner + 1 if owner and owner + 1 < len(tokens) else at


def _take_model_inside(rules: _Rules, tokens: list[_Token], at: int, phrase: _Phrase) -> None:
    """The chip inside the name of a rack: GB200 of "GB200 NVL72"."""
    meaning, _, _ = _meaning(rules.meanings, tokens, at)
    if meaning and meaning.kind == "model":
        phrase.take(meaning, tokens[at].end, plural=False)


def _count(text: str, number: Number) -> Decimal | None:
    """The number as a count: whole, no year, not a lone "one" or "multi-"."""
    digits = text[number.start : number.end]
    value = number.value
    if value != value.to_integral_value() or value <= 0:
        return None
    if re.fullmatch(r"\d{1,3}\.\d{3}", digits):
        value *= 1000
    if digits.isdigit() and len(digits) == 4 and int(digits) in _YEARS and text[number.end : number.end + 1] != "-":
        return None
    if number.spelled and number.scale == 1 and (value == 1 or (number.vague and text.startswith("-", number.end))):
        return None
    return value


def sentence(text: str, start: int, end: int, reach: int = 250) -> str:
    """The stretch around `start..end` up to the nearest full stops or line ends, at most `reach` to either side."""
    before, after = text[max(0, start - reach) : start], text[end : end + reach]
    left = max(before.rfind(mark) for mark in (". ", "? ", "! ", "\n"))
    right = min((cut for mark in (". ", "? ", "! ", "\n") if (cut := after.find(mark)) >= 0), default=len(after))
    return before[left + 1 :] + text[start:end] + after[:right]


def read_chips(text: str, number: Number) -> Chips | None:
    """The AI chips counted by `number`, or None where it counts something else (servers, cores, gaming cards)."""
    rules, words = _rules(), chip_words()
    at = number.end + (1 if text.startswith("+", number.end) else 0)
    tokens = _tokens(text, at)
    phrase = _read_phrase(rules, tokens) if tokens else None
    value = _count(text, number) if phrase else None
    if not phrase or value is None:
        return None
    follower = _TOKEN.match(text, phrase.end)
    next_word = follower["word"] if follower and follower["sep"] else ""
    sized = text.startswith("-", number.end) and next_word.lower() in words.wholes and value > words.specification
    if (next_word.lower() in words.counted or next_word in words.counted) and not sized:
        return None
    if not phrase.plural:
        things = next_word.islower() and next_word.endswith("s") and next_word not in _NOT_PLURAL
        if phrase.system or (things and value < 1000):
            return None
    if not phrase.head and not _named(phrase, value, words):
        return None
    if phrase.head in ("weak", "plain") and not (phrase.evident or phrase.vendor or phrase.model or phrase.rack):
        if rules.other.search(sentence(text, number.start, phrase.end)):
            return None
        enough = phrase.head == "plain" and value >= words.plain_from
        if not enough and not rules.context.search(text, max(0, number.start - _CONTEXT), phrase.end + _CONTEXT):
            return None
    window = text[max(0, number.start - 50) : number.start]
    if phrase.model and not phrase.equivalent and rules.equivalent_before.search(window):
        phrase.equivalent = True
    return Chips(phrase.end, value, phrase.chip)


def _named(phrase: _Phrase, value: Decimal, words: ChipWords) -> bool:
    """Whether a model name without a head counts chips."""
    if phrase.rack or phrase.system:
        return bool(phrase.rack and phrase.model and value >= words.rack_as_chips)
    return not phrase.unsure or bool(phrase.vendor or phrase.plural)
