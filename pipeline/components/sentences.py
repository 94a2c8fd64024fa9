"""Sentence boundaries by punctuation rules.

Lines are paragraphs, so every line break ends a sentence; inside a line a full stop, question or exclamation mark
ends one unless an abbreviation, an initial or a lower-case continuation says otherwise. What then is still longer than
any sentence that somebody writes is cut.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span

from pipeline import lexicon

_END = re.compile(r"""[.!?]['")\]]{0,3}(?=\s)|\n""")
_ODD_NAME = re.compile(r"[a-z]{1,2}[A-Z]")
"""A name that begins in lower case, such as xAI."""
_WORD_BEFORE = re.compile(r"([A-Za-z][A-Za-z.]{0,14})$")
_LONGEST = 1_500
"""Characters of a sentence: what is longer is a table or a list without stops, which is cut, since the rules compare
what stands in one sentence with each other."""
_CUTS = ("; ", ", ", " ")
"""Where it is cut, best first."""


@functools.cache
def _rules() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    data = lexicon.toml("sentences")
    return frozenset(data["abbreviations"]), frozenset(data["titles"]), frozenset(data["openers"])


def _ends_sentence(text: str, stop: int, after: int) -> bool:
    """Whether the mark at `stop`, followed by white space up to `after`, ends a sentence."""
    follow = text[after : after + 1]
    if not follow:
        return True
    if follow.islower() and not _ODD_NAME.match(text, after):
        return False
    if text[stop] != ".":
        return True
    abbreviations, titles, openers = _rules()
    match = _WORD_BEFORE.search(text, max(0, stop - 16), stop)
    if match is None:
        return True
    word = match.group(1)
    if word.lower() in titles:
        return False
    initial = len(word) == 1 and word.isupper()
    if initial or word.lower() in abbreviations or re.fullmatch(r"(?:[A-Za-z]\.)+[A-Za-z]", word):
        first = re.match(r"[\"'(]*([A-Za-z]+)", text[after : after + 20])
        return bool(first and first.group(1) in openers)
    return True


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Half-open character spans of the sentences of `text`, without surrounding white space, in order."""
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _END.finditer(text):
        end = match.end()
        if match.group() != "\n":
            after = end
            while after < len(text) and text[after] in " \t":
                after += 1
            if text[after : after + 1] != "\n" and not _ends_sentence(text, match.start(), after):
                continue
        spans += _pieces(text, start, end)
        start = end
    return [*spans, *_pieces(text, start, len(text))]


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A sentence without surrounding white space, as it is or, where it is too long, in parts; nothing of blanks."""
    while start < end:
        cut = _cut(text, start) if end - start > _LONGEST else end
        piece = text[start:cut]
        if piece.strip():
            yield start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
        start = cut


def _cut(text: str, start: int) -> int:
    """Where the first part of a sentence that is too long ends."""
    for mark in _CUTS:
        found = text.rfind(mark, start + _LONGEST // 2, start + _LONGEST)
        if found > 0:
            return found + len(mark)
    return start + _LONGEST


def sentences_of(doc: Doc) -> list[Span]:
    """The sentences of a Doc whose boundaries are set; one pass (`Doc.sents` looks through the Doc for each)."""
    starts = [token.i for token in doc if token.is_sent_start]
    if not starts or starts[0] != 0:
        starts.insert(0, 0)
    return [doc[start:end] for start, end in pairwise([*starts, len(doc)]) if start < end]


@Language.component("infraclaims_sentences", assigns=["token.is_sent_start"])
def sentences(doc: Doc) -> Doc:
    """Set `token.is_sent_start` from `sentence_spans`; a token cut by a boundary belongs to what it began in."""
    if not len(doc):
        return doc
    starts = {start for start, _ in sentence_spans(doc.text)}
    opens: list[int] = []
    pending = True
    for token in doc:
        pending = pending or token.idx in starts
        begins = pending and not token.is_space
        opens.append(1 if begins or not opens else -1)
        pending = pending and not begins
    # Token by token spaCy would ask each time whether the whole Doc is parsed; here it does once, and refuses.
    doc[0].is_sent_start = True
    values: Any = np.array(opens, dtype=np.int64).astype(np.uint64).reshape(-1, 1)
    doc.from_array(["SENT_START"], values)
    return doc
