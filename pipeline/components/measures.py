"""Reads a number together with what it counts: watts, watt-hours, money or AI chips.

The rules are data (lexicon/units.toml); this module validates them, turns them into patterns and reads one
`Term` at a time. What stands around a term (bounds, ranges, rates) is read in `quantities`.
"""

from __future__ import annotations

import functools
import re
from decimal import Decimal
from typing import NamedTuple

from pydantic import ValidationError

from pipeline import lexicon
from pipeline.components import chips
from pipeline.components.numbers import Number, NumberWords, alternatives, read_number
from pipeline.records import QuantityKind, Record, Relation, UnitKind


class UnitRow(Record):
    """A unit; `factor` turns it into the canonical `unit` of its kind. `bare`: said without a number too."""

    unit: str
    kind: UnitKind
    factor: float
    words: tuple[str, ...]
    symbols: tuple[str, ...]
    bare: bool = False


class CurrencyRow(Record):
    """A currency: what stands before the number, and what after it (`scaled` names only after a million or more)."""

    code: str
    prefixes: tuple[str, ...]
    names: tuple[str, ...] = ()
    scaled: tuple[str, ...] = ()
    lands: tuple[str, ...] = ()


class SharedRow(Record):
    """Names that several currencies have; the first is meant where no land tells."""

    names: tuple[str, ...]
    codes: tuple[str, ...]


class PowerWords(Record):
    """What belongs to power and energy."""

    suffixes: tuple[str, ...]
    smallest: float
    density: tuple[str, ...]
    scales: tuple[str, ...]
    ordinals: tuple[str, ...]
    nouns: tuple[str, ...]


class MoneyWords(Record):
    """When "tens of billions" without a currency is money."""

    cues: tuple[str, ...]
    after: tuple[str, ...]
    smallest: float
    assumed: str


class ChangeWords(Record):
    """Words of increment and of change."""

    incremental: tuple[str, ...]
    incremental_after: tuple[str, ...]
    adding: tuple[str, ...]
    verbs: tuple[str, ...]
    range_verbs: tuple[str, ...]


class NoBounds(Record):
    """Phrases that end in a bound word and bound nothing."""

    phrases: tuple[str, ...]


class EllipsisWords(Record):
    """When a number alone counts what was counted before it."""

    least: float
    before: tuple[str, ...]
    verbs: tuple[str, ...]
    after: tuple[str, ...]


class PeriodWords(Record):
    """The words of `periods` that stand before an amount."""

    words: tuple[str, ...]


class PriceWords(Record):
    """The small things that an amount is a price of."""

    things: tuple[str, ...]


class CountWords(Record):
    """Words around a count of equal parts."""

    adjectives: tuple[str, ...]
    labels: tuple[str, ...]
    no_names: tuple[str, ...]
    largest: float
    each: tuple[str, ...]


class UnitRules(Record):
    """lexicon/units.toml as a whole."""

    numbers: NumberWords
    units: tuple[UnitRow, ...]
    power: PowerWords
    currencies: tuple[CurrencyRow, ...]
    shared: tuple[SharedRow, ...]
    money: MoneyWords
    accelerators: chips.ChipWords
    ellipsis: EllipsisWords
    bounds: dict[str, Relation]
    no_bounds: NoBounds
    bounds_after: dict[str, Relation]
    change: ChangeWords
    periods: dict[str, tuple[str, ...]]
    periods_before: PeriodWords
    prices: PriceWords
    counts: CountWords


class Term(NamedTuple):
    """A number at `start..end` and what it counts; `kind` is None for a number without a unit."""

    start: int
    end: int
    number: Number
    kind: QuantityKind | None = None
    unit: str = ""
    factor: Decimal = Decimal(1)
    chip: str | None = None
    relation: Relation | None = None
    signed: bool = False
    """A currency stands in front of the number."""

    @property
    def value(self) -> Decimal:
        """The number in the canonical unit."""
        return self.number.value * self.factor


class _Patterns(NamedTuple):
    prefix: re.Pattern[str]
    prefixes: dict[str, str]
    names: dict[str, str]
    after_signed: re.Pattern[str]
    after: re.Pattern[str]
    unit: re.Pattern[str]
    rows: dict[str, UnitRow]
    money: re.Pattern[str]
    and_half: re.Pattern[str]
    bare: re.Pattern[str]
    bare_tail: re.Pattern[str]
    before_bare: re.Pattern[str]
    vague_money: re.Pattern[str]
    money_cue: re.Pattern[str]


@functools.cache
def rules() -> UnitRules:
    """The validated rules; raises `LexiconError` naming file and key."""
    try:
        return UnitRules.model_validate(lexicon.toml("units"))
    except ValidationError as error:
        raise lexicon.LexiconError(f"lexicon/units.toml: {error}") from error


@functools.cache
def _patterns() -> _Patterns:
    table = rules()
    end = "(?![A-Za-z0-9_])"
    words = {word.lower(): row for row in table.units for word in row.words}
    symbols = {symbol: row for row in table.units for symbol in row.symbols}
    bare_words = alternatives(name for row in table.units if row.bare for name in row.words)
    bare_symbols = alternatives(name for row in table.units if row.bare for name in row.symbols)
    suffix = alternatives(table.power.suffixes)
    names = {name.lower(): row.code for row in table.currencies for name in (*row.names, *row.scaled)}
    scaled = [name for row in table.currencies for name in row.scaled]
    codes = alternatives(row.code for row in table.currencies)
    more = f"(?:(?i:{alternatives(table.change.incremental)})[ ])?"
    currency = f"(?P<code>{codes})|(?P<name>(?i:{alternatives(set(names) - {name.lower() for name in scaled})}))"
    return _Patterns(
        prefix=re.compile(
            f"({alternatives(prefix for row in table.currencies for prefix in row.prefixes)})[ ]?"
            r"(?=[\d.½¼¾]|(?i:multi|several|tens|hundreds|billions|trillions))"
        ),
        prefixes={prefix: row.code for row in table.currencies for prefix in row.prefixes},
        names=names,
        after_signed=re.compile(rf"(?P<plus>\+|[ -]plus{end})?(?:[ -](?:{currency}){end})?"),
        after=re.compile(
            rf"(?P<plus>\+|[ -]plus(?=[ -]))?(?P<odd>-odd(?=[ ]))?(?:[ ](?P<of>of)(?=[ ]))?"
            rf"(?:[ ]?-[ ]?|[ ]{{0,2}}){more}"
        ),
        unit=re.compile(
            rf"(?:(?P<word>(?i:{alternatives(words)}))(?i:s)?|(?P<symbol>{alternatives(symbols)})(?:[ ]?{suffix})?)"
            rf"{end}(?![ -]?(?i:hours?|hrs?){end})"
        ),
        rows={**words, **symbols},
        money=re.compile(f"(?:{currency}|(?P<scaled>{alternatives(scaled)})){end}"),
        and_half=re.compile("[ -]and[ -]a[ -]half" + end),
        bare=re.compile(f"(?:(?i:{bare_words})|{bare_symbols})(?P<plural>s)?{end}(?![ -]?(?i:hours?){end})"),
        bare_tail=re.compile(
            rf"(?P<scale>[ -](?i:{alternatives(table.power.scales)}){end})|(?P<of>[ ]of[ ])"
            rf"|(?P<noun>[ -]{alternatives(table.power.nouns)}{end})|(?P<plus>\+|-plus{end})"
        ),
        before_bare=re.compile(
            rf"(?<![A-Za-z0-9-])(?:(?P<article>[Aa]n?)|(?i:{alternatives(table.power.ordinals)}))[ -]$"
        ),
        vague_money=re.compile(rf"[ ](?:more[ ])?{alternatives(table.money.after)}{end}|[ ]?[.,;:)\n]|$"),
        money_cue=re.compile(rf"[$€£]|\b(?i:{alternatives(table.money.cues)})"),
    )


_LETTERS = "R"
"""Currencies of one letter, which stands before smaller numbers for other things ("R2 servers")."""
_SCALED = 1_000_000
"""From so much on a word or letter that has other meanings too is a currency."""


def read_term(text: str, pos: int) -> Term | None:
    """The term that starts exactly at `pos`; a number without a unit has kind None; None where no number starts."""
    patterns = _patterns()
    sign = patterns.prefix.match(text, pos)
    number = read_number(text, sign.end() if sign else pos, money=bool(sign))
    if number is None or (sign and sign[1] in _LETTERS and number.value < _SCALED):
        return None
    if sign:
        return _signed(text, pos, number, patterns.prefixes[sign[1]])
    after = patterns.after.match(text, number.end)
    at = after.end() if after else number.end
    relation: Relation | None = "ge" if after and after["plus"] else "approx" if after and after["odd"] else None
    bare_term = Term(pos, number.end, number, relation=relation)
    if after and after["of"] and not number.vague:
        return _chips(text, bare_term) or bare_term
    return (
        _power(text, bare_term, at)
        or _money(text, bare_term, at)
        or _chips(text, bare_term)
        or _vague_money(text, bare_term)
    ) or bare_term


def _signed(text: str, pos: int, number: Number, code: str) -> Term:
    patterns = _patterns()
    after = patterns.after_signed.match(text, number.end)
    end, relation = number.end, None
    if after:
        end = after.end()
        relation = "ge" if after["plus"] else None
        named = after["code"] or (patterns.names[after["name"].lower().replace("-", " ")] if after["name"] else code)
        code = named if code == "USD" else code
    return Term(pos, end, number, "investment", code, relation=relation, signed=True)


def _power(text: str, term: Term, at: int) -> Term | None:
    patterns = _patterns()
    found = patterns.unit.match(text, at)
    if not found:
        return None
    row = patterns.rows[found["symbol"] or found["word"].lower().replace("-", " ")]
    number, end = term.number, found.end()
    if half := patterns.and_half.match(text, end):
        number, end = number._replace(value=number.value + Decimal("0.5")), half.end()
    return term._replace(end=end, number=number, kind=row.kind, unit=row.unit, factor=Decimal(f"{row.factor:.12g}"))


def _money(text: str, term: Term, at: int) -> Term | None:
    patterns = _patterns()
    found = patterns.money.match(text, at)
    if not found or (found["scaled"] and term.number.value < _SCALED):
        return None
    code = found["code"] or patterns.names[(found["name"] or found["scaled"]).lower().replace("-", " ")]
    return term._replace(end=found.end(), kind="investment", unit=code)


def _chips(text: str, term: Term) -> Term | None:
    found = chips.read_chips(text, term.number)
    if not found:
        return None
    number = term.number._replace(value=found.value)
    return term._replace(end=found.end, number=number, kind="accelerators", unit="accelerator", chip=found.chip)


def _vague_money(text: str, term: Term) -> Term | None:
    """ "Tens of billions" where the sentence speaks of money."""
    money, patterns = rules().money, _patterns()
    if not term.number.vague or term.number.value < Decimal(money.smallest):
        return None
    if not patterns.vague_money.match(text, term.end) or not patterns.money_cue.search(
        chips.sentence(text, term.start, term.end)
    ):
        return None
    return term._replace(kind="investment", unit=money.assumed)


def read_bare(text: str, pos: int) -> Term | None:
    """A unit without a number at `pos`: "a gigawatt", "gigawatt-scale", "the first gigawatt", "gigawatts of"."""
    patterns = _patterns()
    found = patterns.bare.match(text, pos)
    if not found:
        return None
    row = (
        patterns.rows.get(found[0].removesuffix("s"))
        or patterns.rows[found[0].removesuffix("s").lower().replace("-", " ")]
    )
    start, end, vague, value = pos, found.end(), False, Decimal(1)
    before = patterns.before_bare.search(text, max(0, pos - 16), pos)
    tail = patterns.bare_tail.match(text, end)
    group = tail.lastgroup if tail else None
    relation: Relation | None = None
    if group == "scale" and tail:
        end, vague = tail.end(), True
    elif found["plural"]:
        if group != "of" or before:
            return None
        value, vague = Decimal(2), True
    elif before:
        start = before.start() if before["article"] else pos
        if half := patterns.and_half.match(text, end):
            value, end = Decimal("1.5"), half.end()
    elif group not in ("noun", "plus"):
        return None
    if group == "plus" and tail:
        relation, end = "ge", tail.end()
    number = Number(start, end, value, value, vague=vague, spelled=True)
    return Term(start, end, number, row.kind, row.unit, Decimal(f"{row.factor:.12g}"), relation=relation)
