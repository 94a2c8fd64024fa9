"""The words of `pipeline.screen.words` as expressions for a matcher of bytes.

A word counts whatever stands between its parts (entities, line ends, escapes of JSON), in either case, and with any of
the letters that Python's case folding takes for the same. Of tags only names are left when the
matcher looks (`strip.outline`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from pipeline.screen.words import Words, evidence, money, pieces

_TAG = rb"</?[A-Za-z0-9-]+>"
_GAP = rb"(?:" + _TAG + rb"|&[#A-Za-z0-9]{1,31};|\\[nrtbf]|\\u[0-9A-Fa-f]{4}|[^A-Za-z0-9<])+"
_JOINS = (rb" ", rb"-", rb"/", rb"  ", rb"\n", rb"\xc2\xa0", rb"&nbsp;", _TAG)
_NARROW = rb"(?:\xc2\xa0|\xe2\x80[\x89\xaf]|&[A-Za-z]{2,8};)"
_SPACE = rb"(?:[\s-]|" + _NARROW + rb"|" + _TAG + rb"){0,4}"
ASIDE = ("context", "chips", "maker", "faint", "company")
"""Meanings that count only beside another match, and are looked for only then."""
_WHOLE = ("proof", "power", "counted", "doubtful")
_LEFT = rb"(?:^|[^A-Za-z0-9]|\\[nrtbf]|\\u[0-9A-Fa-f]{4})"
_RIGHT = rb"(?:[^A-Za-z0-9]|$)"
# Python's case folding knows two more i, one more s and one more k.
_LETTERS = {"i": rb"(?:i|\xc4[\xb0\xb1])", "s": rb"(?:s|\xc5\xbf)", "k": rb"(?:k|\xe2\x84\xaa)"}
# What cleaning takes out of the middle of a word; a pattern each, for the matcher is fast with plain bytes in front.
_INVISIBLE = (
    rb"\xc2\xad", rb"\xe2\x80[\x8b-\x8f\xaa-\xae]", rb"\xe2\x81[\xa0-\xaf]", rb"\xef\xbb\xbf", rb"\xef\xb8[\x80-\x8f]",
    rb"\xef[\x80-\xa3][\x80-\xbf]", rb"\xef\xbf[\xb9-\xbc]", rb"\xee[\x80-\xbf]{2}", rb"\xf3\xa0[\x80-\xbf]{2}",
    rb"\xd8\x9c",
    rb"\xe1\xa0\x8e", rb"\xc2[\x80-\x9f]",
    rb"&(?:shy|zwn?j|lrm|rlm|ZeroWidthSpace|NoBreak|af|ApplyFunction|it|InvisibleTimes|ic|InvisibleComma"
    rb"|Negative(?:Thin|Medium|Thick|VeryThin)Space);?",
)  # fmt: skip
_ODD = (
    # A letter or a digit written as a number, or something invisible written so inside a word.
    rb"&#0{0,8}(?:4[89]|5[0-7]|6[5-9]|[78][0-9]|90|9[7-9]|1[01][0-9]|12[0-2])(?:[^0-9]|$)",
    rb"&#[xX]0{0,8}(?:3[0-9]|4[1-9A-Fa-f]|5[0-9Aa]|6[1-9A-Fa-f]|7[0-9Aa])(?:[^0-9A-Fa-f]|$)",
    rb"[A-Za-z0-9]&#(?:0{0,8}173|[xX]0{0,8}[aA][dD]|0{0,8}820[3-7]|[xX]0{0,8}200[b-fB-F]|0{0,8}8288|0{0,8}65279);?[A-Za-z0-9]",
    rb"\\u00(?:3[0-9]|4[1-9A-Fa-f]|5[0-9Aa]|6[1-9A-Fa-f]|7[0-9Aa])",
    rb"[A-Za-z0-9][\x00-\x08\x0e-\x1f\x7f\xad][A-Za-z0-9]",
    # What cleaning turns into letters: wide, mathematical, squared units, ligatures.
    rb"\xef\xbc[\x90-\x99\xa1-\xba]|\xef\xbd[\x81-\x9a]",
    rb"\xf0\x9d[\x90-\x9f]",
    rb"\xe3\x8d[\xb1-\xbf]|\xe3\x8e[\x80-\xbf]|\xe3\x8f[\x80-\x9f]",
    rb"[A-Za-z]\xef\xac[\x80-\x86]|\xef\xac[\x80-\x86][A-Za-z]",
)  # fmt: skip


class Pattern(NamedTuple):
    """An expression and what a match means: a `Proof`, a large `sum`, `large` digits, `odd`, `invisible`, a `seam`
    (a tag inside a word), or `less` (a "<" that is no tag)."""

    expression: bytes
    meaning: str
    exact: bool = False
    """Whether case counts."""
    once: bool = False
    """Whether one match is enough, wherever it stands."""
    maker: str = ""


def patterns() -> Iterator[Pattern]:
    """All expressions, in a fixed order."""
    for words in evidence():
        for form in words.forms:
            yield from _of_form(words, form)
    for expression in _sums():
        yield Pattern(expression, "sum")
    for expression in _large():
        yield Pattern(expression, "large")
    for expression in _ODD:
        yield Pattern(expression, "odd", exact=True, once=True)
    yield Pattern(rb"[A-Za-z0-9]" + _TAG + rb"[A-Za-z0-9]", "seam")
    yield Pattern(rb"<[^A-Za-z/!?]", "less", once=True)
    for expression in _INVISIBLE:
        yield Pattern(expression, "invisible", exact=True)


def parts() -> Iterator[Pattern]:
    """The words and symbols that a tag may stand in, plain: what they are part of is not asked."""
    whole = [(words, form) for words in evidence() if words.proof in _WHOLE for form in words.forms]
    for piece in sorted({piece for _, form in whole for piece in pieces(form) if piece.isalpha() and len(piece) > 2}):
        yield Pattern(piece.encode(), "odd")
    for words in evidence():
        if words.proof == "measured":
            yield from (Pattern(form.encode(), "odd", exact=True) for form in words.forms if len(form) > 1)


def _of_form(words: Words, form: str) -> Iterator[Pattern]:
    if words.proof == "measured":
        yield Pattern(rb"[^A-Za-z]" + re.escape(form).encode() + _RIGHT, words.proof, exact=True)
        return
    split = pieces(form)
    # Short pieces leave the matcher nothing to look for but what may stand between: there each has its pattern.
    gaps = [_GAP] if max(map(len, split)) > 3 or not words.glued else list(_JOINS)
    *first, last = re.findall(r"[a-z0-9]+", form.lower())
    together = [_piece(word) for word in (*first, last.removesuffix("s"))]
    bodies = {gap.join(together) for gap in gaps}
    if words.glued:
        bodies |= {b"".join(together), *(gap.join(map(_piece, split)) for gap in gaps)}
    # What is counted stands behind a blank or a hyphen: "card" is the name of a class on every second page.
    counted = words.proof == "counted"
    left = rb"(?:[\s/;>\xa0-]|^)" if counted else _LEFT
    right = rb"(?:[^A-Za-z0-9_-]|-[A-Za-z]|$)" if counted else _RIGHT
    for body in sorted(bodies):
        yield Pattern(
            left + body + rb"s?" + right,
            words.proof,
            once=words.proof in ASIDE[:3] or words.proof == "company",
            maker=words.maker,
        )


def _sums() -> Iterator[bytes]:
    """A scale word, digits with an abbreviation, and many digits before a currency."""
    forms = money()
    for scale in forms.scales:
        for prefix in (b"[^A-Za-z]", *map(str.encode, forms.prefixes)):
            yield prefix + _piece(scale) + _RIGHT
    for short in forms.abbreviations:
        yield rb"[0-9\xbc-\xbe]" + _SPACE + _piece(short) + _RIGHT


def _large() -> Iterator[bytes]:
    """Digits that are a large sum beside a currency: many of them, or with a letter for a scale."""
    forms = money()
    between = rb"(?:[,.' ]|" + _NARROW + rb")?"
    yield rb"[0-9](?:" + between + rb"[0-9]){%d}" % (forms.digits - 1)
    for letter in forms.letters:
        yield rb"[0-9\xbc-\xbe]" + _SPACE + _piece(letter) + _RIGHT


def _piece(text: str) -> bytes:
    return b"".join(_LETTERS.get(char, char.encode()) for char in text)
