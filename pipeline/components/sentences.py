"""Sentence boundaries by punctuation rules.

Lines are paragraphs, so every line break ends a sentence; inside a line a full stop, question or exclamation mark
ends one unless an abbreviation, an initial or a lower-case continuation says otherwise.
"""

from __future__ import annotations

import functools
import re
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
        piece = text[start:end]
        if piece.strip():
            lead = len(piece) - len(piece.lstrip())
            spans.append((start + lead, start + len(piece.rstrip())))
        start = end
    if text[start:].strip():
        piece = text[start:]
        spans.append((start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())))
    return spans


def sentences_of(doc: Doc) -> list[Span]:
    """The sentences of a Doc whose boundaries are set; one pass (`Doc.sents` looks through the Doc for each)."""
    starts = [token.i for token in doc if token.is_sent_start]
    if not starts or starts[0] != 0:
        starts.insert(0, 0)
    return [doc[start:end] for start, end in pairwise([*starts, len(doc)]) if start < end]


@Language.component("infraclaims_sentences", assigns=["token.is_sent_start"])
def sentences(doc: Doc) -> Doc:
    """Set `token.is_sent_start` from `sentence_spans`; a token cut by a boundary belongs to what it began in."""
    starts = {start for start, _ in sentence_spans(doc.text)}
    pending = True
    begins: list[int] = []
    for token in doc:
        if token.idx in starts:
            pending = True
        begins.append(1 if pending and not token.is_space else -1)
        pending = pending and begins[-1] < 0
    if begins:
        begins[0] = 1
        # All at once: spaCy looks through the Doc for a parse before it sets one.
        column: Any = np.array(begins, dtype=np.int64).astype(np.uint64).reshape(-1, 1)
        doc.from_array(["SENT_START"], column)
    return doc
