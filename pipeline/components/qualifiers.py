"""Reads the words around a quantity: bounds, increments, rates, prices, ratings of a device, shares of equal parts.

Every function takes the text with typographic marks made plain and looks at a bounded stretch of it.
"""

from __future__ import annotations

import functools
import itertools
import re
from decimal import Decimal
from typing import NamedTuple, cast

from pipeline.components.measures import read_term, rules
from pipeline.components.numbers import alternatives, number_words
from pipeline.records import QuantityKind, Relation

_REACH = 64
_END = "(?![A-Za-z0-9_])"


class Before(NamedTuple):
    """What the words before a quantity say; `start` takes in the bounds and "another"."""

    start: int
    relation: Relation | None = None
    incremental: bool = False


class After(NamedTuple):
    """What the words after a quantity say; `end` takes in the bounds and the rate."""

    end: int
    relation: Relation | None = None
    incremental: bool = False
    period: str | None = None


class Share(NamedTuple):
    """A quantity that each of `parts` equal parts has: `start..end` covers "four buildings of 60 MW each"."""

    parts: Decimal
    start: int
    end: int


class _Patterns(NamedTuple):
    word: re.Pattern[str]
    meanings: dict[str, str]
    longest: int
    increase_by: re.Pattern[str]
    bound_after: re.Pattern[str]
    more_inside: re.Pattern[str]
    more_after: re.Pattern[str]
    period_after: re.Pattern[str]
    period_before: re.Pattern[str]
    price: re.Pattern[str]
    density: re.Pattern[str]
    device_after: re.Pattern[str]
    device_before: re.Pattern[str]
    each_after: re.Pattern[str]
    each_before: re.Pattern[str]
    parts_before: re.Pattern[str]


@functools.cache
def _patterns() -> _Patterns:
    table = rules()
    # "At least" after a number bounds it only at the end of its clause; "or more" always does.
    closed = [
        phrase for phrase in table.bounds_after if phrase.partition(" ")[0] in ("at", "minimum", "maximum", "max")
    ]
    opened = [phrase for phrase in table.bounds_after if phrase not in closed and phrase[0].isalpha()]
    meanings = {
        **dict.fromkeys(table.change.incremental, "more"),
        **dict.fromkeys(table.change.adding, "add"),
        **table.bounds,
        **dict.fromkeys(table.no_bounds.phrases, "stop"),
    }
    device, each = alternatives(table.accelerators.devices), alternatives(table.counts.each)
    periods = alternatives(word for words in table.periods.values() for word in words)
    count = rf"(?:\d{{1,3}}|(?i:{alternatives(number_words().words)}|(?:a|two|three)[ ]dozen))"
    return _Patterns(
        word=re.compile(r"[A-Za-z][A-Za-z.'-]*|[~<>≥≤]=?"),
        meanings=meanings,
        longest=max(phrase.count(" ") + 1 for phrase in meanings),
        increase_by=re.compile(rf"\b(?i:{alternatives(table.change.verbs)})[a-z]{{0,4}}\b[^.;\n]{{0,60}}[ ]by[ ]$"),
        bound_after=re.compile(
            rf"[ ]?(?P<sign>\+)|(?:[ ]|,[ ]|-)(?P<open>(?i:{alternatives(opened)})){_END}"
            rf"|[ ](?P<closed>(?i:{alternatives(closed)}))(?=[ ]?[.,;)\n]|$)"
        ),
        more_inside=re.compile(rf"[ ](?i:{alternatives(table.change.incremental)})[ ]"),
        more_after=re.compile(rf"(?P<of>[ ]of)?[ ]{alternatives(table.change.incremental_after)}{_END}(?![ ]than)"),
        period_after=re.compile(
            rf"(?:[ ](?:an?|per|each|every|in)[ ]|[ ]?/[ ]?|[ ]|-(?:a|per)-)(?P<word>{periods}){_END}(?![ ]of|-)"
        ),
        period_before=re.compile(
            rf"\b(?P<word>(?i:{alternatives(table.periods_before.words)}))[ ](?:[a-z]+[ ]){{0,2}}(?:of[ ]|at[ ])?$"
        ),
        price=re.compile(
            rf"(?:[ ]?/[ ]?|[ ](?:per|an?|each|every|for[ ](?:an?|each|every))[ ]|-(?:a|per)-)"
            rf"{alternatives(table.prices.things)}s?(?![A-Za-z0-9])"
        ),
        density=re.compile(rf"\b(?i:{alternatives(table.power.density)})\b"),
        device_after=re.compile(
            r"(?:[ ](?:(?:in|into|to|on|within)[ ])?(?:an?|per|each|every|one)[ ]|[ ]?/[ ]?|-per-)"
            rf"(?:[\w-]{{1,40}}[ ]){{0,2}}?{device}s?{_END}"
        ),
        device_before=re.compile(
            rf"\b(?:(?i:an?|per|each|every|one|single)[ ](?:[\w-]+[ ]){{0,3}}?{device}\b[^.;\n]{{0,40}}"
            rf"|{device}s?,?[ ](?:of|with|containing|holding|housing|each|has|have|contains|packs)[ ]"
            r"(?:[a-z]+[ ]){0,3})$"
        ),
        each_after=re.compile(rf",?[ ]{each}{_END}"),
        each_before=re.compile(rf"\b{each}[ ](?:[a-z]+[ ]){{0,4}}$"),
        parts_before=re.compile(
            rf"(?<![A-Za-z0-9$€£.,-])(?P<count>{count})[ ](?:[A-Za-z][\w-]*[ ]){{0,4}}[A-Za-z][\w-]*s,?[ ]"
            r"(?:[a-z]+[ ]){0,4}$"
        ),
    )


def read_before(text: str, at: int, floor: int) -> Before:
    """The bounds and the words of increment that stand right before `at` and not before `floor`."""
    patterns = _patterns()
    left = max(floor, at - _REACH)
    words = [found for found in patterns.word.finditer(text, left, at) if found.start() > left or left in (0, floor)]
    start = cursor = at
    relation, incremental = None, False
    for _ in range(4):
        size, meaning = _longest_phrase(text, words, cursor)
        if not size or meaning == "stop":
            break
        cursor, words = words[-size].start(), words[:-size]
        if meaning in ("more", "add"):
            incremental = True
            start = cursor if meaning == "more" else start
        elif meaning:
            if relation not in (None, "approx"):
                break
            start, relation = cursor, cast("Relation", meaning)
    incremental = incremental or bool(patterns.increase_by.search(text, max(floor, cursor - 90), cursor))
    return Before(start, relation, incremental)


def _longest_phrase(text: str, words: list[re.Match[str]], cursor: int) -> tuple[int, str]:
    """How many of the last words make a phrase that ends at `cursor`, and its meaning ("" for an article)."""
    patterns = _patterns()
    for size in range(min(patterns.longest, len(words)), 0, -1):
        part = words[-size:]
        gaps = (text[left.end() : right.start()] for left, right in itertools.pairwise(part))
        if text[part[-1].end() : cursor].strip(" *_[-") or any(gap.strip(" -") for gap in gaps):
            continue
        phrase = " ".join(found[0].lower().rstrip("-") for found in part)
        if phrase in patterns.meanings:
            return size, patterns.meanings[phrase]
        if phrase in ("a", "an"):
            return size, ""
    return 0, ""


def read_after(text: str, number_end: int, end: int) -> After:
    """The bounds, the words of increment and the rate inside `number_end..end` and right after it."""
    patterns = _patterns()
    incremental = bool(patterns.more_inside.search(text, number_end, end))
    relation: Relation | None = None
    if bound := patterns.bound_after.match(text, end):
        phrase = bound["sign"] or bound["open"] or bound["closed"]
        relation, end = rules().bounds_after[phrase.lower().replace("-", " ")], bound.end()
    if more := patterns.more_after.match(text, end):
        incremental, end = True, end if more["of"] else more.end()
    period = patterns.period_after.match(text, end)
    return After(period.end() if period else end, relation, incremental, _period(period))


def _period(found: re.Match[str] | None) -> str | None:
    """The period of a rate: "month" of "40,000 chips a month"."""
    if not found:
        return None
    return next(name for name, words in rules().periods.items() if found["word"].lower() in words)


def period_before(text: str, start: int) -> str | None:
    """The period told before the amount that starts at `start`: "annual spending of"."""
    return _period(_patterns().period_before.search(text, max(0, start - 40), start))


def price_end(text: str, end: int) -> int | None:
    """Where the rate ends if the amount up to `end` is the price of something small ("$3 per GPU-hour")."""
    found = _patterns().price.match(text, end)
    return found.end() if found else None


def is_specification(text: str, kind: QuantityKind | None, value: Decimal, start: int, end: int) -> bool:
    """Whether the amount describes one device: 72 GPUs a rack, 130 kW racks, 700 W."""
    table, patterns = rules(), _patterns()
    if kind in ("power", "energy"):
        near = text[max(0, start - 40) : end + 25]
        return value < Decimal(str(table.power.smallest)) or (value < 1 and bool(patterns.density.search(near)))
    if kind == "accelerators" and value <= table.accelerators.specification:
        return bool(
            patterns.device_after.match(text, end) or patterns.device_before.search(text, max(0, start - 90), start)
        )
    return value == 0


def read_share(text: str, start: int, end: int, floor: int) -> Share | None:
    """The parts of "four buildings of 60 MW each" and of "four buildings, each with 60 MW"."""
    patterns = _patterns()
    left = max(floor, start - 80)
    after = patterns.each_after.match(text, end)
    if not after and not patterns.each_before.search(text, left, start):
        return None
    found = patterns.parts_before.search(text, left, start)
    count = read_term(found["count"], 0) if found else None
    if not found or count is None or not 1 < count.number.value <= Decimal(rules().counts.largest):
        return None
    return Share(count.number.value, found.start(), after.end() if after else end)
