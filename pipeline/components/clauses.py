"""Clauses: the stretches of a sentence that one finite verb, and so one cue, governs.

There is no parser under this: words that open a clause are data (`lexicon/cues.toml`, table `clause`). A clause knows
how it hangs on the one before it, so that a clause without a cue of its own can lean on its governor.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from spacy.tokens import Span, Token

from pipeline import lexicon

Link = Literal["main", "coordinate", "subordinate", "content", "leaning", "bracket"]


_TOLD = 6
"""Words between a word of speech and the "that" of what was said."""
_RELATIVE = frozenset({"which", "who", "whose", "where"})
_NAME = 4
"""Words of the longest name in a list."""


@dataclass(frozen=True)
class Clause:
    """Tokens `start`..`end` of the Doc, and the link to the clause before it in the sentence."""

    start: int
    end: int
    link: Link


@functools.cache
def _words() -> dict[str, frozenset[str]]:
    return {name: frozenset(words) for name, words in lexicon.toml("cues")["clause"].items()}


def _numeric(token: Token) -> bool:
    return token.is_digit or token.like_num or token.shape_.startswith("d")


def _link_at(sentence: Sequence[Token], i: int, fresh: bool) -> Link | None:
    """The link with which a clause begins at token `i` of the sentence, or None; `fresh`: right after a break."""
    words = _words()
    token = sentence[i]
    low = token.lower_
    before = sentence[i - 1].lower_ if i else ""
    after = sentence[i + 1] if i + 1 < len(sentence) else None
    if token.text == "(":
        return "bracket"
    if fresh:
        return "coordinate"
    if low in words["date_like"]:
        dated = after is None or _numeric(after) or after.text[:1].isupper() or after.lower_ in words["date_words"]
        return None if dated else "subordinate"
    if low in words["contrastive"]:
        if low == "yet" and (before not in {",", "and", '"', "”"} or (after is not None and after.lower_ == "to")):
            return None  # "not yet running", "yet to run"
        return "coordinate"
    if low == "should" and before == ",":
        return "subordinate"
    if low in words["subordinators"]:
        return None if low == "so" and after is not None and after.lower_ in words["so_many"] else "subordinate"
    if low == "that" and (before in words["speech"] or _told_that(sentence, i)):
        return "content"
    if before in {"and", "or", "but"} and (low in words["finite"] and not token.text[:1].isupper()):
        return "coordinate"
    if before == "," and low in words["leaning"]:
        return "leaning"
    if before == "," and low in words["finite"]:
        return "coordinate"
    if low == "and" and before == "," and _ends_list(sentence, i - 1):
        return None
    if low in {"and", "but", "as"} and before == "," and after is not None and _opens_finite(sentence, i + 1):
        return "coordinate" if low != "as" else "subordinate"
    return None


def _told_that(sentence: Sequence[Token], i: int) -> bool:
    """Whether "that" at `i` opens what was said to somebody or somewhere ("told investors that", "wrote on X that")."""
    words = _words()
    for back in range(2, min(i, _TOLD) + 1):
        verb, following = sentence[i - back].lower_, sentence[i - back + 1].lower_
        if verb in words["telling"] or (verb in words["speech"] and following in words["to_whom"]):
            return True
    return False


def _ends_list(sentence: Sequence[Token], comma: int) -> bool:
    """Whether the comma closes the last but one name of a list ("A, B, and C have agreed")."""
    for back in range(1, _NAME + 2):
        if comma - back <= 0:
            return False
        token = sentence[comma - back]
        if token.text == ",":
            return back > 1 and sentence[comma - back - 1].text[:1].isupper()
        if not token.text[:1].isupper():
            return False
    return False


def _opens_finite(sentence: Sequence[Token], i: int) -> bool:
    """Whether within five tokens of `i` a finite verb comes before any comma: then a full clause begins here."""
    finite = _words()["finite"]
    for token in sentence[i : i + 6]:
        if token.text in {",", ";"}:
            return False
        if token.lower_ in finite:
            return True
    return False


def _main_begins(sentence: Sequence[Token], begin: int, i: int) -> bool:
    """Whether at token `i`, behind a comma, the main clause begins after one that opened the sentence ("When it was
    founded, the firm …")."""
    words = _words()
    if begin or sentence[0].lower_ not in words["opening"] or not i or sentence[i - 1].text != ",":
        return False
    whole = sentence[0].lower_ in words["conditional"] or any(t.lower_ in words["verbs"] for t in sentence[1 : i - 1])
    return whole and _opens_finite(sentence, i)


def _goes_on(sentence: Sequence[Token], begin: int, i: int) -> bool:
    """Whether at token `i` the main clause goes on behind one set between commas ("The hall, which opened in 2024,
    draws")."""
    words = _words()
    if begin == 0 or i < begin + 2 or not sentence[begin - 1].text == sentence[i - 1].text == ",":
        return False
    told = sentence[begin].lower_ in _RELATIVE or any(t.lower_ in words["finite"] for t in sentence[begin:i])
    return told and sentence[i].lower_ in words["resuming"]


def split_clauses(sentence: Span) -> list[Clause]:
    """The clauses of a sentence, in order, covering all of its tokens but the marks between them."""
    marks = _words()["marks"]
    clauses: list[Clause] = []
    begin, fresh = 0, False
    link: Link = "main"

    def close(end: int) -> None:
        if end > begin:
            clauses.append(Clause(sentence.start + begin, sentence.start + end, link))

    tokens = list(sentence)  # spaCy makes them anew each time that it is asked for one
    for i, token in enumerate(tokens):
        spaced_dash = token.text == "–" and i > 0 and bool(tokens[i - 1].whitespace_) and bool(token.whitespace_)
        if token.text in marks or spaced_dash or token.text == ")":
            close(i + (token.text == ")"))
            begin, link, fresh = i + 1, "coordinate", token.text != ")"
            if token.text == ")":
                link = "leaning"
            continue
        found = _link_at(tokens, i, fresh) if i else None
        if found is None and _goes_on(tokens, begin, i):
            found = "coordinate"
        if found is not None and not (fresh and found == "coordinate"):
            if sentence[begin:i].text.lower() in {"and", "or", "but", "and ,"}:
                link = found
            else:
                close(i)
                begin, link = i, found
        elif not clauses and _main_begins(tokens, begin, i):
            close(i)
            begin, link = i, "main"
        fresh = False
    close(len(tokens))
    return clauses
