"""The small language that cues, events and deals are written in, and its matcher.

A phrase is a row of words separated by spaces, matched on lower case:

    plans|aims to            alternatives
    will not? be             an optional word
    {build:past} _3 plant    forms of a verb of `verbs.toml`; up to three words of any kind (no punctuation)
    $org_noun                a named list of words of the same file's [sets]
    has ~#|a                 what must follow without being part of it: a number (#), or one of the words
    work _of began           a phrase with a preposition, if there is one ("work on the halls in Ashby, Ohio, began")

Verb forms: `base`, `s`, `ing`, `past` (past tense and participle), `all`.

spaCy's Matcher reads the same patterns, but tests every pattern at every token; here phrases are indexed by their
first words, so that most tokens cost one dictionary lookup.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from spacy.tokens import Doc, Token

from pipeline import lexicon

Part = tuple[frozenset[str] | None, Literal["one", "optional", "ahead", "phrase"]]
"""The words that may stand here (None: any but punctuation), and whether they must, may, or must only follow; or that
a phrase with a preposition may stand here."""
NUMBER = "#"
"""Stands in a phrase for every number; not at its beginning."""

_PART = re.compile(r"^(?:_(?P<gap>\d)|(?P<phrase>_of)|(?P<ahead>~)?(?P<words>[^?~]+)(?P<optional>\?)?)$")
_VERB = re.compile(r"^\{(?P<verb>[a-z_-]+):(?P<form>base|s|ing|past|all)\}$")
_CAPITAL_NAMES = {"May", "Will", "Mark"}
_FORMS = ("base", "s", "ing", "past")
_PREPOSITIONS = frozenset({"of", "at", "on", "in", "for", "to", "near", "outside", "inside", "into", "within"})
_PHRASE_REACH = 16
"""Words of a phrase with a preposition, at most."""
_NAME_REACH = 4
"""Words from a comma before a state or a land to the comma behind it."""
_NOT_IN_PHRASE = frozenset(
    {"is", "are", "was", "were", "be", "been", "has", "have", "had", "will", "would", "could", "may", "might", "should"}
    | {"shall", "must", "can", "which", "who", "that", "and", "but", "or", "when", "where", "while", "if", "because"}
)
"""Words that such a phrase does not reach over."""


@functools.cache
def _verbs() -> dict[str, dict[str, tuple[str, ...]]]:
    table: dict[str, dict[str, tuple[str, ...]]] = {}
    for base, row in lexicon.toml("verbs")["verbs"].items():
        if len(row) not in (3, 4):
            raise lexicon.LexiconError(
                f"lexicon/verbs.toml: {base}: wants [s, ing, past] or [s, ing, past, participle]"
            )
        table[base] = {"base": (base,), "s": (row[0],), "ing": (row[1],), "past": tuple(dict.fromkeys(row[2:]))}
    return table


def verb_forms(verb: str, form: str) -> tuple[str, ...]:
    """The written forms of a verb of verbs.toml; `LexiconError` if it is not there."""
    try:
        rows = _verbs()[verb]
    except KeyError:
        raise lexicon.LexiconError(f"lexicon/verbs.toml has no verb {verb!r}") from None
    return tuple(word for name in (_FORMS if form == "all" else (form,)) for word in rows[name])


def _words(text: str, sets: Mapping[str, Sequence[str]]) -> list[str]:
    words: list[str] = []
    for item in text.split("|"):
        verb = _VERB.match(item)
        if verb:
            words.extend(verb_forms(verb["verb"], verb["form"]))
        elif item.startswith("$"):
            if item[1:] not in sets:
                raise lexicon.LexiconError(f"unknown set {item} in phrase part {text!r}")
            for member in sets[item[1:]]:
                words.extend(_words(member, sets))
        else:
            words.append(item)
    return words


def compile_phrase(phrase: str, sets: Mapping[str, Sequence[str]]) -> tuple[Part, ...]:
    """The parts of one phrase; `LexiconError` names what cannot be read."""
    parts: list[Part] = []
    for text in phrase.split():
        match = _PART.match(text)
        if match is None:
            raise lexicon.LexiconError(f"cannot read part {text!r} of phrase {phrase!r}")
        if match["gap"]:
            gap: Part = (None, "optional")
            parts += [gap] * int(match["gap"])
        elif match["phrase"]:
            parts.append((_PREPOSITIONS, "phrase"))
        else:
            mode = "ahead" if match["ahead"] else "optional" if match["optional"] else "one"
            parts.append((frozenset(_words(match["words"], sets)), mode))
    if all(mode != "one" for _, mode in parts) or parts[0][0] is None:
        raise lexicon.LexiconError(f"phrase {phrase!r} must begin with a word and cannot be all optional")
    return tuple(parts)


def _first_words(parts: Sequence[Part]) -> set[str]:
    """The words that a match can begin with."""
    first: set[str] = set()
    for words, mode in parts:
        first |= words or frozenset()
        if mode == "one":
            break
    return first


def _second_words(parts: Sequence[Part]) -> frozenset[str] | None:
    """The words of which one must follow the first; None where more than plain words may."""
    if len(parts) < 2 or parts[0][1] != "one" or parts[1][1] not in ("one", "ahead"):
        return None
    words = parts[1][0]
    return None if words is None or NUMBER in words else words


@dataclass(frozen=True)
class _Tokens:
    """A Doc as phrases see it."""

    words: list[str]
    punctuation: list[bool]
    numbers: list[bool]
    capitals: list[bool]

    def after_phrase(self, i: int) -> set[int]:
        """Where a phrase with a preposition that begins at the token can end; a comma stands in it only around a name
        ("in Ashby, Ohio, …").
        """
        ends: set[int] = set()
        if i >= len(self.words) or self.words[i] not in _PREPOSITIONS:
            return ends
        opened = -_NAME_REACH
        for at in range(i + 1, min(len(self.words), i + 1 + _PHRASE_REACH)):
            if at > i + 1:
                ends.add(at)
            comma = self.words[at] == ","
            if (self.punctuation[at] and not comma) or self.words[at] in _NOT_IN_PHRASE:
                break
            if comma and at - opened >= _NAME_REACH:
                if at + 1 == len(self.words) or not self.capitals[at + 1]:
                    break
                opened = at
        return ends

    def fits(self, i: int, allowed: frozenset[str] | None, barred: frozenset[str]) -> bool:
        """Whether the token may stand where a part allows these words."""
        if allowed is None:
            number = self.numbers[i] and NUMBER in barred
            return not self.punctuation[i] and not number and self.words[i] not in barred
        return self.words[i] in allowed or (self.numbers[i] and NUMBER in allowed)


def _longest(parts: Sequence[Part], tokens: _Tokens, i: int, barred: frozenset[str]) -> int | None:
    """The end of the longest match of `parts` from token `i` on, None without one; linear in parts and gaps."""
    settled = 0
    while settled < len(parts) and parts[settled][1] == "one":  # most phrases begin so, and most matches end here
        if i >= len(tokens.words) or not tokens.fits(i, parts[settled][0], barred):
            return None
        i, settled = i + 1, settled + 1
    ends = {i}
    for allowed, mode in parts[settled:]:
        if mode == "phrase":
            ends = ends.union(*(tokens.after_phrase(end) for end in ends))
            continue
        fitting = {end for end in ends if end < len(tokens.words) and tokens.fits(end, allowed, barred)}
        passed = fitting if mode == "ahead" else {end + 1 for end in fitting}
        ends = passed | ends if mode == "optional" else passed
        if not ends:
            return None
    return max(ends)


def _spelled(parts: tuple[Part, ...]) -> list[tuple[Part, ...]]:
    """The pattern, and one more for each word with a hyphen, which the tokenizer takes apart ("build-out")."""
    patterns = [parts]
    for at, (words, mode) in enumerate(parts):
        for word in sorted(words or ()):
            if "-" in word.strip("-"):
                pieces: list[Part] = [(frozenset({piece}), "one") for piece in re.split(r"(-)", word) if piece]
                if mode in ("one", "optional"):
                    patterns.append((*parts[:at], *pieces, *parts[at + 1 :]))
    return patterns


def _hyphen(doc: Doc, token: Token) -> bool:
    """Whether a token is the hyphen inside a word ("a 12-year contract"), which is no punctuation to a gap."""
    return token.text == "-" and token.i > 0 and not token.whitespace_ and not doc[token.i - 1].whitespace_


def _word(doc: Doc, token: Token) -> str:
    """The form that phrases are matched on: lower case, but for months and names that would read as a modal."""
    if token.text not in _CAPITAL_NAMES:
        return token.lower_
    following = doc[token.i + 1] if token.i + 1 < len(doc) else None
    opens = bool(token.is_sent_start) and not (following is not None and following.text[:1].isdigit())
    return token.lower_ if opens else token.text


@functools.lru_cache(maxsize=1)
def _tokens(doc: Doc) -> _Tokens:
    """The tokens of a Doc whose sentences are set, made once: several tables are looked for in each."""
    tokens = list(doc)
    return _Tokens(
        words=[_word(doc, token) for token in tokens],
        punctuation=[(token.is_punct and not _hyphen(doc, token)) or "\n" in token.text for token in tokens],
        numbers=[token.like_num or token.is_currency or token.text.endswith("$") for token in tokens],
        capitals=[token.text[0].isupper() for token in tokens],
    )


class PhraseTable:
    """Phrases by rule name, found in one pass over a Doc. No gap reaches over a `barred` word (`NUMBER`: a number)."""

    def __init__(
        self, rules: Iterable[tuple[str, Sequence[str]]], sets: Mapping[str, Sequence[str]], barred: Iterable[str] = ()
    ):
        self._barred = frozenset(barred)
        self._by_first: defaultdict[str, list[tuple[str, tuple[Part, ...], frozenset[str] | None]]] = defaultdict(list)
        for rule, phrases in rules:
            for phrase in phrases:
                for parts in _spelled(compile_phrase(phrase, sets)):
                    for word in _first_words(parts):
                        self._by_first[word].append((rule, parts, _second_words(parts)))

    def find(self, doc: Doc) -> list[tuple[str, int, int]]:
        """(rule, start token, end token) of every match, in order, each rule's matches longest-first and disjoint."""
        tokens = _tokens(doc)
        found: list[tuple[str, int, int]] = []
        for i, (word, after) in enumerate(itertools.pairwise([*tokens.words, ""])):
            for rule, parts, second in self._by_first.get(word, ()):
                if second is not None and after not in second:
                    continue
                end = _longest(parts, tokens, i, self._barred)
                if end is not None and end > i:
                    found.append((rule, i, end))
        found.sort(key=lambda hit: (hit[1], -hit[2], hit[0]))
        kept: list[tuple[str, int, int]] = []
        last: dict[str, int] = {}
        for rule, start, end in found:
            if start >= last.get(rule, 0):
                kept.append((rule, start, end))
                last[rule] = end
        return kept
