"""What a page must show somewhere to hold a claim, taken from the lexicon that the rules of extraction read.

An article is off topic without a strong word of the subject, a chip, or a figure beside a faint word or a company of
the field (`on_topic` of `claims/scope.py`). The words that can give one of these are listed here by what they prove.
Every list is read off the lexicon, so that a word which is added there is looked for here.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

from pipeline import lexicon
from pipeline.components.chips import chip_words
from pipeline.components.measures import rules
from pipeline.components.numbers import number_words

Proof = Literal["proof", "power", "counted", "measured", "doubtful", "context", "chips", "maker", "faint", "company"]
"""`proof` (a strong word, a chip) is enough by itself; `counted` beside a number and with a `context` somewhere (or a
large number); `doubtful` (a name that is also a word) with `chips` in its line, its `maker` somewhere, or as a plural
beside a number. Without one of these it takes a figure of `power` (a unit that is a word, or a `measured` symbol beside
a number) with a `faint` word beside a number or a `company`, or a large sum with one of the two in its line."""


class Words(NamedTuple):
    """Forms that are evidence of one kind."""

    proof: Proof
    forms: tuple[str, ...]
    maker: str = ""
    """Of doubtful chips and of the names of a maker: the maker's id."""
    exact: bool = False
    """Whether case counts."""
    glued: bool = False
    """Whether its parts (letters, digits) may stand with or without something between: "H100", "H-100", "H 100"."""


@functools.cache
def evidence() -> tuple[Words, ...]:
    """All forms, each list without repetitions and in a fixed order."""
    heads = chip_words()
    gazetteer = lexicon.load()
    makers = {company.id: (company.name, *company.aliases) for company in gazetteer.companies}
    counting = [
        form
        for company in gazetteer.companies
        if company.id in heads.vendors or company.kind in heads.vendor_kinds
        for form in makers[company.id]
    ]
    plain, doubtful = _models(gazetteer.accelerators)
    chips = (*lexicon.toml("names")["context"]["chips"], *counting)
    units = rules().units
    strong = shortest((*lexicon.toml("scope")["topic"]["strong"], *heads.strong))
    return (
        Words("proof", strong),
        Words("proof", tuple(form for form in shortest((*plain, *strong)) if form not in strong), glued=True),
        Words("power", shortest(word for row in units for word in row.words), glued=True),
        Words("measured", _unique(symbol for row in units for symbol in row.symbols), exact=True),
        Words("counted", shortest((*heads.weak, *heads.plain))),
        *(Words("doubtful", shortest(forms), maker, glued=True) for maker, forms in sorted(doubtful.items())),
        *(Words("maker", shortest(makers[maker]), maker) for maker in sorted(doubtful) if maker),
        Words("context", shortest((*heads.context, *counting))),
        Words("chips", shortest(chips)),
        Words("faint", shortest(lexicon.toml("scope")["topic"]["faint"])),
        Words("company", shortest(_companies(gazetteer))),
    )


class Money(NamedTuple):
    """How a sum large enough for a claim is written."""

    signs: tuple[str, ...]
    """What stands before the number: "$", "EUR", "Rs."."""
    names: tuple[str, ...]
    """What stands behind it: "dollars", "USD"."""
    scales: tuple[str, ...]
    """Words that make a number large: "million", "crore"."""
    prefixes: tuple[str, ...]
    """Glued to such a word: "multimillion"."""
    abbreviations: tuple[str, ...]
    """Glued to digits: "bn"."""
    letters: tuple[str, ...]
    """The same, beside a sign only: "$5m"."""
    digits: int
    """Fewest digits of a sum without any of these."""


@functools.cache
def money() -> Money:
    """The forms of large sums; a scale counts where fewer than ten thousand times it are one."""
    smallest, words, table = lexicon.toml("scope")["money"]["smallest"], number_words(), rules()

    def large(scales: Mapping[str, float]) -> tuple[str, ...]:
        return _unique(name for name, worth in scales.items() if 10_000 * worth >= smallest)

    return Money(
        signs=_unique(sign for row in table.currencies for sign in row.prefixes),
        names=_unique(name for row in table.currencies for name in (row.code, *row.names, *row.scaled)),
        scales=large({**words.scales, **words.plurals}),
        prefixes=_unique(words.prefixes),
        abbreviations=large(words.abbreviations),
        letters=large(words.letters),
        digits=len(str(int(smallest))),
    )


def pieces(form: str) -> tuple[str, ...]:
    """The runs of letters and of digits in a form, in lower case, without the s of a plural at the end."""
    found = re.findall(r"[a-z]+|[0-9]+", form.lower())
    return (*found[:-1], found[-1].removesuffix("s")) if found else ()


def shortest(forms: Iterable[str]) -> tuple[str, ...]:
    """The forms without those that hold another one as whole words: where they stand, that one stands.

    "Trainium3" does not hold "Trainium": no word of the text ends there.
    """
    by_words = {_whole_words(form): form for form in sorted(set(forms), reverse=True)}
    kept: list[str] = []
    for words, form in by_words.items():
        inner = (words[low:high] for low in range(len(words)) for high in range(low + 1, len(words) + 1))
        if not any(run != words and run in by_words for run in inner):
            kept.append(form)
    return _unique(kept)


def _whole_words(form: str) -> tuple[str, ...]:
    """The words of a form in lower case, without the s of a plural at the end."""
    found = re.findall(r"[a-z0-9]+", form.lower())
    return (*found[:-1], found[-1].removesuffix("s")) if found else ()


@functools.cache
def number_pattern() -> re.Pattern[str]:
    """A digit, or a word that a number can be made of."""
    words = number_words()
    spelled = (*words.words, *words.scales, *words.plurals, *words.few, *words.fractions, *words.prefixes)
    return re.compile(rf"[\d{''.join(words.characters)}]|\b(?i:{'|'.join(map(re.escape, spelled))})")


@functools.cache
def large_number_pattern() -> re.Pattern[str]:
    """What a number from `plain_from` on is written with: four digits, a scale word, a letter for a thousand."""
    words = number_words()
    scales = "|".join(map(re.escape, (*words.scales, *words.plurals, *words.abbreviations, *words.letters)))
    return re.compile(rf"\d(?:[,.' ]?\d){{3}}|(?i:(?:{scales})(?![A-Za-z]))")


@functools.cache
def large_sum_pattern() -> re.Pattern[str]:
    """A sum of many digits, or with a scale behind, that stands beside a currency."""
    forms = money()
    behind = "|".join(map(re.escape, (*forms.scales, *forms.abbreviations, *forms.letters)))
    number = rf"(?:(?:\d[,.' ]?){{{forms.digits},30}}|[\d.,½¼¾' ]{{1,20}}[ -]{{0,2}}(?i:{behind})(?![A-Za-z0-9]))"
    before = "|".join(map(re.escape, sorted(forms.signs, key=len, reverse=True)))
    after = "|".join(map(re.escape, sorted(forms.names, key=len, reverse=True)))
    return re.compile(rf"(?:{before})[\s-]{{0,3}}{number}|{number}[\s-]{{0,3}}(?i:{after})(?![A-Za-z])")


def _companies(gazetteer: lexicon.Lexicon) -> Iterator[str]:
    kinds = lexicon.toml("scope")["topic"]["company_kinds"]
    for company in gazetteer.companies:
        if company.kind in kinds:
            yield from (company.name, *company.aliases)


def _models(chips: Iterable[lexicon.Accelerator]) -> tuple[list[str], dict[str, list[str]]]:
    """Names that mean a chip wherever they stand, and those that are words too, by maker."""
    plain: list[str] = []
    doubtful: dict[str, list[str]] = {}
    for chip in chips:
        for form in (chip.name, *chip.aliases):
            (doubtful.setdefault(chip.vendor or "", []) if form in chip.ambiguous else plain).append(form)
    return plain, doubtful


def _unique(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(words)))
