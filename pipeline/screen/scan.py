"""One pass of a multi-pattern matcher over the raw bytes of a page, or over plain text: could it hold a claim?

The answer "no" must be safe: a word counts whatever stands between its parts (tags, entities, line ends), wherever a
tag splits it, and in either case. Where the bytes are not what they look like (another encoding, letters written as
numbers, characters that cleaning removes or replaces inside words), the answer is "maybe".
"""

from __future__ import annotations

import codecs
import contextlib
import functools
import importlib
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from pipeline.clean.charset import declared
from pipeline.screen.words import Words, evidence, large_number_pattern, number_pattern, pieces

_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_HEAD = 65_536
_ASCII = bytes(range(32, 127))
# Encodings whose second bytes look like ASCII letters, so that a word may seem to go on to the left.
_TWO_BYTES = ("gb", "big5", "shift", "sjis", "cp932", "cp936", "cp949", "cp950", "johab", "hz")
_REACH = 250
"""Characters of text before a unit or a head in which its number must stand; ten words are fewer."""
_RAW_REACH = 2_000
_TAG = rb"<[^>]*>"
_GAP = rb"(?:" + _TAG + rb"|&[#A-Za-z0-9]{1,31};|\\[nrtbf]|\\u[0-9A-Fa-f]{4}|[^A-Za-z0-9<&])"
_JOINS = (rb" ", rb"-", rb"/", rb"  ", rb"\n", rb"\xc2\xa0", rb"&nbsp;", _TAG)
_LEFT = rb"(?:^|[^A-Za-z0-9]|\\[nrtbf]|\\u[0-9A-Fa-f]{4})"
_RIGHT = rb"(?:[^A-Za-z0-9]|$)"
# Python's case folding knows two more i, one more s and one more k.
_LETTERS = {"i": rb"(?:i|\xc4[\xb0\xb1])", "s": rb"(?:s|\xc5\xbf)", "k": rb"(?:k|\xe2\x84\xaa)"}
# What cleaning takes out of the middle of a word; a pattern each, for the matcher is fast with plain bytes in front.
_INVISIBLE = (
    rb"\xc2\xad", rb"\xe2\x80[\x8b-\x8f\xaa-\xae]", rb"\xe2\x81[\xa0-\xaf]", rb"\xef\xbb\xbf", rb"\xef\xb8[\x80-\x8f]",
    rb"\xef[\x80-\xa3][\x80-\xbf]", rb"\xef\xbf[\xb9-\xbc]", rb"\xee[\x80-\xbf]{2}", rb"\xf3\xa0[\x80-\xbf]{2}", rb"\xd8\x9c",
    rb"\xe1\xa0\x8e", rb"\xc2[\x80-\x9f]", rb"<wbr[^>]*>",
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


class _Pattern(NamedTuple):
    expression: bytes
    meaning: str
    exact: bool = False
    once: bool = False


class Scanner:
    """The compiled patterns; making one takes a second or two, using one a fraction of a millisecond a page."""

    def __init__(self) -> None:
        hyperscan: Any = importlib.import_module("hyperscan")
        self._stopped: type[Exception] = hyperscan.ScanTerminated
        patterns = list(_patterns())
        main = [pattern for pattern in patterns if pattern.meaning != "context"]
        self._meanings = [pattern.meaning for pattern in main]
        self._database = _compiled(hyperscan, main)
        self._contexts = _compiled(hyperscan, [pattern for pattern in patterns if pattern.meaning == "context"])

    def could_hold_claim(self, raw: bytes) -> bool:
        """Whether the bytes of an HTML page could: text, the title in its head, and its structured data count."""
        return _unreadable(raw) or self._judge(raw, _Markup(raw))

    def text_could_hold_claim(self, text: str) -> bool:
        """Whether plain text could, as it stands."""
        return self._judge(text.encode("utf-8", "replace"), None)

    def _judge(self, data: bytes, markup: _Markup | None) -> bool:
        hits = self._hits(data)
        if any(meaning == "odd" for meaning, _ in hits):
            return True
        shown = [(meaning, end) for meaning, end in hits if not markup or markup.shows(end)]
        if any(meaning == "proof" or (meaning == "invisible" and _inside_word(data, end)) for meaning, end in shown):
            return True
        in_context = {meaning for meaning, _ in shown} & {"doubtful", "counted"} and self._in_context(data)
        return any(
            in_context
            if meaning == "doubtful"
            else self._beside_number(data, end, large=not in_context)
            if meaning == "counted"
            else self._beside_number(data, end, large=False)
            for meaning, end in shown
        )

    def _hits(self, data: bytes) -> list[tuple[str, int]]:
        """What was found, with the offset behind it, in the order of the offsets."""
        hits: list[tuple[str, int]] = []
        meanings = self._meanings

        def found(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            hits.append((meanings[number], end))

        self._database.scan(data, match_event_handler=found)
        return hits

    def _in_context(self, data: bytes) -> bool:
        found: list[int] = []

        def stop(*match: object) -> bool:
            found.append(1)
            return True  # ends the scan

        with contextlib.suppress(self._stopped):
            self._contexts.scan(data, match_event_handler=stop)
        return bool(found)

    @staticmethod
    def _beside_number(data: bytes, end: int, *, large: bool) -> bool:
        before = data[max(0, end - _RAW_REACH) : end]
        # A tag that is cut at the left of the window ends at the first bracket.
        text = re.sub(_TAG, b"", before if before.find(b"<") < before.find(b">") else before[before.find(b">") + 1 :])
        shown = text.decode("utf-8", "replace")[-_REACH:]
        return bool((large_number_pattern() if large else number_pattern()).search(shown))


def _compiled(hyperscan: Any, patterns: Sequence[_Pattern]) -> Any:
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    flags = [
        hyperscan.HS_FLAG_DOTALL
        | (0 if pattern.exact else hyperscan.HS_FLAG_CASELESS)
        | (hyperscan.HS_FLAG_SINGLEMATCH if pattern.once else 0)
        for pattern in patterns
    ]
    expressions = [pattern.expression for pattern in patterns]
    database.compile(expressions=expressions, ids=list(range(len(patterns))), elements=len(patterns), flags=flags)
    return database


def _inside_word(data: bytes, end: int) -> bool:
    """Whether letters or digits stand at both sides of something invisible that ends at `end`."""
    if data[end - 1] >= 0x80:
        start = end
        while start > 0 and data[start - 1] >= 0x80:
            start -= 1
    else:
        start = max(data.rfind(mark, 0, end) for mark in (b"<wbr", b"&"))
    return data[start - 1 : start].isalnum() and data[end : end + 1].isalnum()


class _Markup:
    """Which places of a page's bytes a reader could see: not inside a tag, a script or a style."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    @functools.cached_property
    def _lower(self) -> bytes:
        return self._raw.lower()

    def shows(self, at: int) -> bool:
        # A match may take in the character behind the word.
        at -= 1
        return self._in_meta(at) if self._in_tag(at) else not self._in_code(at)

    def _in_tag(self, at: int) -> bool:
        opened = self._raw.rfind(b"<", 0, at)
        if opened < 0 or self._raw.rfind(b">", opened, at) >= 0:
            return False
        follows = self._raw[opened + 1 : opened + 2]
        return follows.isalpha() or follows in (b"/", b"?")

    def _in_meta(self, at: int) -> bool:
        opened = self._raw.rfind(b"<", 0, at)
        return self._lower.startswith(b"<meta", opened)

    def _in_code(self, at: int) -> bool:
        for name in (b"script", b"style"):
            opened = self._lower.rfind(b"<" + name, 0, at)
            while opened >= 0 and self._in_tag(opened):
                opened = self._lower.rfind(b"<" + name, 0, opened)
            if opened >= 0 and self._lower.find(b"</" + name, opened, at) < 0:
                head = self._lower[opened : self._lower.find(b">", opened) + 1]
                return b"ld+json" not in head
        return False


def _unreadable(raw: bytes) -> bool:
    """Whether the words of a page may be in its bytes under other codes than ASCII."""
    if raw.startswith(_BOMS) or b"\0" in raw[:_HEAD]:
        return True
    name = declared(raw)
    if name is None:
        return False
    if name.replace("_", "").startswith(_TWO_BYTES):
        return True
    try:
        return _ASCII.decode(name) != _ASCII.decode("ascii")
    except (UnicodeDecodeError, LookupError):
        return True


def _patterns() -> Iterator[_Pattern]:
    for words in evidence():
        for form in words.forms:
            yield from _of_form(words, form)
    whole = {
        piece
        for words in evidence()
        if words.proof in ("proof", "counted")
        for form in words.forms
        for piece in pieces(form)
    }
    for piece in sorted(whole):
        # A tag inside a word: what it is part of is not asked, a page that does so is read as text.
        if len(piece) > 2 and piece.isalpha():
            for cut in range(1, len(piece)):
                yield _Pattern(_piece(piece[:cut]) + _TAG + _piece(piece[cut:]), "odd", once=True)
    for expression in _ODD:
        yield _Pattern(expression, "odd", exact=True, once=True)
    for expression in _INVISIBLE:
        yield _Pattern(expression, "invisible", exact=True)


def _of_form(words: Words, form: str) -> Iterator[_Pattern]:
    parts = pieces(form)
    if words.proof == "measured":
        yield _Pattern(rb"[^A-Za-z]" + re.escape(form).encode() + _RIGHT, words.proof, exact=True)
        return
    # Short pieces leave the matcher nothing to look for but what may stand between: there each has its pattern.
    long = max(map(len, parts)) > 3
    gaps = ([b""] if words.glued else []) + ([_GAP + b"+"] if long or not words.glued else list(_JOINS))
    for gap in gaps if len(parts) > 1 else [b""]:
        expression = _LEFT + gap.join(map(_piece, parts)) + rb"s?" + _RIGHT
        yield _Pattern(expression, words.proof, once=words.proof == "context")


def _piece(text: str) -> bytes:
    return b"".join(_LETTERS.get(char, char.encode()) for char in text)
