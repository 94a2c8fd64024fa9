"""Tokenizer: spaCy's English rules, with numbers, units, currency and model names kept apart.

What is cut and what stays whole is data (`lexicon/tokenizer.toml`). Tokenisation never changes the text:
the tokens and the white space between them give it back character by character.
"""

# spaCy's compiled modules carry no types:
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownParameterType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

import functools
import re
import tomllib
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple

from spacy.lang.char_classes import UNITS
from spacy.lang.en import English
from spacy.lang.punctuation import TOKENIZER_PREFIXES, TOKENIZER_SUFFIXES
from spacy.symbols import ORTH
from spacy.tokenizer import Tokenizer
from spacy.util import compile_infix_regex, compile_prefix_regex, compile_suffix_regex

from pipeline.lexicon import LexiconError

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.vocab import Vocab

_FILE = "tokenizer.toml"
_LISTS = (
    "units", "currency_signs", "currency_codes", "prefixes", "suffixes", "infixes", "runs", "bound", "abbreviations",
    "not_exceptions",
)  # fmt: skip
# Longer runs without white space are addresses or noise; cutting them affix by affix would take quadratic time.
_LONGEST = 400


class _Rules(NamedTuple):
    prefix: re.Pattern[str]
    suffix: re.Pattern[str]
    infix: re.Pattern[str]
    whole: re.Pattern[str]
    exceptions: dict[str, list[dict[int, str]]]


def make_tokenizer(vocab: Vocab) -> Tokenizer:
    """A tokenizer over `vocab`. Raises `LexiconError` when the rules file has an unknown or missing key."""
    rules = _rules()
    return Tokenizer(
        vocab,
        rules=rules.exceptions,
        prefix_search=rules.prefix.search,
        suffix_search=rules.suffix.search,
        infix_finditer=rules.infix.finditer,
        token_match=rules.whole.match,
        url_match=English.Defaults.url_match,
    )


def english() -> Language:
    """Blank English with this tokenizer, without making spaCy's own first."""
    return English(create_tokenizer=lambda nlp: make_tokenizer(nlp.vocab))


def customize(nlp: Language) -> Language:
    """Give `nlp`, of any origin, this tokenizer in place of its own; returns the same object."""
    nlp.tokenizer = make_tokenizer(nlp.vocab)
    return nlp


@functools.cache
def _data() -> tuple[dict[str, list[str]], dict[str, str]]:
    path = resources.files("pipeline.lexicon") / _FILE
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise LexiconError(f"lexicon/{_FILE}: {error}") from error
    if wrong := set(raw) ^ {*_LISTS, "whole"}:
        raise LexiconError(f"lexicon/{_FILE}: unknown or missing key {min(wrong)!r}")
    return {name: [str(item) for item in raw[name]] for name in _LISTS}, dict(raw["whole"])


def _any(words: list[str]) -> str:
    """Alternation of literals, longest first, so that no shorter one hides a longer."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


def _behind(words: list[str]) -> str:
    """Look-behind for a digit and one of `words`; the module `re` wants alternatives of one length each."""
    return "(?:" + "|".join(f"(?<=[0-9]{re.escape(word)})" for word in words) + ")"


@functools.cache
def _rules() -> _Rules:
    data, patterns = _data()
    units, signs = _any(data["units"]), f"(?:{_any(data['currency_signs'])})"
    codes = f"(?:{_any(data['currency_codes'])})(?=[0-9])"
    after_unit = _behind(data["units"])
    # A quantity before a hyphen is no name: "100MW-1GW"; and a code before an amount is no model: "Rs500".
    bound = f"(?i:{_any(data['bound'])})-[A-Za-z0-9][A-Za-z0-9]{{1,30}}"
    whole = "|".join(f"(?:{pattern})" for pattern in (bound, *patterns.values()))
    whole = f"(?!{codes})(?:{whole})"
    runs = [f"[{re.escape(signs)}]{{1,40}}" for signs in data["runs"]]
    suffixes = [rule for rule in TOKENIZER_SUFFIXES if UNITS not in rule]
    return _Rules(
        prefix=compile_prefix_regex([codes, signs, *runs, *map(re.escape, data["prefixes"]), *TOKENIZER_PREFIXES]),
        suffix=compile_suffix_regex(
            [
                rf"(?<=[0-9])(?:{units})",
                rf"{after_unit}[+.]",
                *runs,
                *map(re.escape, data["suffixes"]),
                *suffixes,
            ]
        ),
        infix=compile_infix_regex(
            [
                rf"(?<![A-Za-z0-9])(?:{whole})(?![A-Za-z0-9])",
                rf"(?<=[0-9])(?:{units})(?![A-Za-z0-9])",
                f"(?:{_any(data['infixes'])})",
                signs,
                rf"{after_unit}[-/+~]",
                r"(?<=[0-9])-(?=[$€£₹~])",
                r"(?<=[0-9])[x×](?=[A-Z])",
                r"(?<=[A-Z]\.)-(?=[A-Za-z])",
                r"(?<=[0-9]),(?=[A-Za-z])",
                r"(?<=[A-Za-z0-9])/(?=[A-Za-z$€£₹~])",
                *(English.Defaults.infixes or ()),
            ]
        ),
        whole=re.compile(rf"(?s:.{{{_LONGEST}}})|(?:{whole})\Z"),
        exceptions={
            **{
                word: parts
                for word, parts in (English.Defaults.tokenizer_exceptions or {}).items()
                if word not in data["not_exceptions"]
            },
            **{word: [{ORTH: word}] for word in data["abbreviations"]},
        },
    )
