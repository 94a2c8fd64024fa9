"""The small language that cues, events and deals are written in, compiled to spaCy Matcher patterns.

A phrase is a row of words separated by spaces, matched on lower case:

    plans|aims to            alternatives
    will not? be             an optional word
    {build:past} _3 plant    forms of a verb of `verbs.toml`; up to three words of any kind (no punctuation)
    $org_noun                a named list of words of the same file's [sets]

Verb forms: `base`, `s`, `ing`, `past` (past tense and participle), `all`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from spacy.matcher import Matcher
from spacy.tokens import Doc
from spacy.vocab import Vocab

from pipeline import lexicon

TokenPattern = dict[str, Any]

_PART = re.compile(r"^(?:_(?P<gap>\d)|(?P<words>[^?]+)(?P<optional>\?)?)$")
_VERB = re.compile(r"^\{(?P<verb>[a-z_-]+):(?P<form>base|s|ing|past|all)\}$")
_FORMS = ("base", "s", "ing", "past")


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


def compile_phrase(phrase: str, sets: Mapping[str, Sequence[str]]) -> list[TokenPattern]:
    """The Matcher pattern of one phrase; `LexiconError` names what cannot be read."""
    pattern: list[TokenPattern] = []
    for part in phrase.split():
        match = _PART.match(part)
        if match is None:
            raise lexicon.LexiconError(f"cannot read part {part!r} of phrase {phrase!r}")
        if match["gap"]:
            pattern += [{"IS_PUNCT": False, "OP": "?"}] * int(match["gap"])
            continue
        token: TokenPattern = {"LOWER": {"IN": _words(match["words"], sets)}}
        if match["optional"]:
            token["OP"] = "?"
        pattern.append(token)
    if not pattern or all("OP" in token for token in pattern):
        raise lexicon.LexiconError(f"phrase {phrase!r} can match nothing")
    return pattern


class PhraseTable:
    """Phrases by rule name, found in one pass over a Doc."""

    def __init__(self, vocab: Vocab, rules: Iterable[tuple[str, Sequence[str]]], sets: Mapping[str, Sequence[str]]):
        self._matcher = Matcher(vocab)
        for rule, phrases in rules:
            self._matcher.add(rule, [compile_phrase(phrase, sets) for phrase in phrases])
        self._strings = vocab.strings

    def find(self, doc: Doc) -> list[tuple[str, int, int]]:
        """(rule, start token, end token) of every match, in order, each rule's matches longest-first and disjoint."""
        found = sorted(
            ((self._strings[key], start, end) for key, start, end in self._matcher(doc)),
            key=lambda hit: (hit[1], -(hit[2] - hit[1]), hit[0]),
        )
        kept: list[tuple[str, int, int]] = []
        last: dict[str, int] = {}
        for rule, start, end in found:
            if start >= last.get(rule, 0):
                kept.append((rule, start, end))
                last[rule] = end
        return kept
