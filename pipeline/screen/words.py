"""What a page must show somewhere to hold a claim, taken from the lexicon that the rules of extraction read.

An article without a strong word of the subject, a chip, or a figure of power or energy is off topic
(`claims/scope.py`). The words that can give one of these are listed here by what they prove. Every list is read off
the lexicon, so that a word which is added there is looked for here.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

from pipeline import lexicon
from pipeline.components.chips import chip_words
from pipeline.components.measures import rules
from pipeline.components.numbers import number_words

Proof = Literal["proof", "counted", "measured", "doubtful", "context"]
"""`proof` is enough by itself, `counted` beside a number and a context (or a large number), `measured` beside a
number, `doubtful` (a name that is also a word) with a context somewhere."""


class Words(NamedTuple):
    """Forms that are evidence of one kind."""

    proof: Proof
    forms: tuple[str, ...]
    exact: bool = False
    """Whether case counts."""
    glued: bool = False
    """Whether its parts (letters, digits) may stand with or without something between: "H100", "H-100", "H 100"."""


@functools.cache
def evidence() -> tuple[Words, ...]:
    """All forms, each list without repetitions and in a fixed order."""
    heads = chip_words()
    gazetteer = lexicon.load()
    vendors = {chip.vendor for chip in gazetteer.accelerators}
    makers = (
        form
        for company in gazetteer.companies
        if company.id in vendors or company.id in heads.vendors or company.kind in heads.vendor_kinds
        for form in (company.name, *company.aliases)
    )
    plain, doubtful = _models(gazetteer.accelerators)
    context = (*heads.context, *lexicon.toml("names")["context"]["chips"], *makers)
    units = rules().units
    strong = shortest((*lexicon.toml("scope")["topic"]["strong"], *heads.strong))
    return (
        Words("proof", strong),
        Words("proof", tuple(form for form in shortest((*plain, *strong)) if form not in strong), glued=True),
        Words("proof", shortest(word for row in units for word in row.words), glued=True),
        Words("measured", _unique(symbol for row in units for symbol in row.symbols), exact=True),
        Words("counted", shortest((*heads.weak, *heads.plain))),
        Words("doubtful", shortest(doubtful), glued=True),
        Words("context", shortest(context)),
    )


def pieces(form: str) -> tuple[str, ...]:
    """The runs of letters and of digits in a form, in lower case, without the s of a plural at the end."""
    found = re.findall(r"[a-z]+|[0-9]+", form.lower())
    return tuple([*found[:-1], found[-1].removesuffix("s")]) if found else ()


def shortest(forms: Iterable[str]) -> tuple[str, ...]:
    """The forms without those that hold another one whole: where they stand, that one stands."""
    by_pieces = {pieces(form): form for form in sorted(set(forms), reverse=True)}
    kept: list[str] = []
    for parts, form in by_pieces.items():
        inner = (parts[low:high] for low in range(len(parts)) for high in range(low + 1, len(parts) + 1))
        if not any(part != parts and part in by_pieces for part in inner):
            kept.append(form)
    return _unique(kept)


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


def _models(chips: Iterable[lexicon.Accelerator]) -> tuple[list[str], list[str]]:
    plain: list[str] = []
    doubtful: list[str] = []
    for chip in chips:
        for form in (chip.name, *chip.aliases):
            (doubtful if form in chip.ambiguous else plain).append(form)
    return plain, doubtful


def _unique(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(words)))
