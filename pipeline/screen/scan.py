"""One pass of a multi-pattern matcher over the raw bytes of a page, or over plain text: could it hold a claim?

The answer "no" must be safe: a word counts whatever stands between its parts (tags, entities, line ends), wherever a
tag splits it, and in either case. Where the bytes are not what they look like (another encoding, letters written as
numbers, characters that cleaning removes or replaces inside words), the answer is "maybe".
"""

from __future__ import annotations

import codecs
import contextlib
import html
import importlib
import pickle
import re
from collections.abc import Callable, Sequence
from typing import Any

from pipeline.clean.charset import declared
from pipeline.clean.text import fold
from pipeline.screen.patterns import ASIDE, Pattern, patterns
from pipeline.screen.view import Markup, Plain
from pipeline.screen.words import large_number_pattern, large_sum_pattern, number_pattern

_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_HEAD = 65_536
_ASCII = bytes(range(32, 127))
# Encodings whose second bytes look like ASCII letters, so that a word may seem to go on to the left.
_TWO_BYTES = ("gb", "big5", "shift", "sjis", "cp932", "cp936", "cp949", "cp950", "johab", "hz")
_SUM = 200
"""Bytes of a sum and its tags."""
_ATTRIBUTE = 300
_REACH = 250
"""Characters of text before a unit or a head in which its number must stand; ten words are fewer."""
_RAW_REACH = 2_000
_TAG = rb"<[^>]*>"


class Scanner:
    """The compiled patterns; making one takes some seconds, using one a fraction of a millisecond a page."""

    def __init__(self, compiled: bytes | None = None) -> None:
        """`compiled`: what `dump` of the same version gave, instead of making it again."""
        hyperscan: Any = importlib.import_module("hyperscan")
        self._ended: type[Exception] = hyperscan.ScanTerminated
        asides: dict[tuple[str, str], list[Pattern]] = {}
        self._patterns: list[Pattern] = []
        for pattern in patterns():
            aside = pattern.meaning in ASIDE
            (asides.setdefault((pattern.meaning, pattern.maker), []) if aside else self._patterns).append(pattern)
        lists = [self._patterns, *asides.values()]
        blobs: list[bytes] = pickle.loads(compiled) if compiled else []  # noqa: S301  # our own, from another process
        databases = [_loaded(hyperscan, blob) for blob in blobs] or [_compiled(hyperscan, each) for each in lists]
        self._main, self._asides = databases[0], dict(zip(asides, databases[1:], strict=True))
        self._dumped = compiled or pickle.dumps([hyperscan.dumpb(database) for database in databases])

    def dump(self) -> bytes:
        """The compiled patterns for another process on a machine of this kind."""
        return self._dumped

    def could_hold_claim(self, raw: bytes) -> bool:
        """Whether the bytes of an HTML page could: text, the title in its head, and its structured data count."""
        return _unreadable(raw) or self._judge(raw, Markup(raw))

    def text_could_hold_claim(self, text: str) -> bool:
        """Whether plain text could; each line is a block."""
        return self._judge(text.encode("utf-8", "replace"), Plain())

    def _judge(self, data: bytes, view: Markup | Plain) -> bool:
        hits = self._hits(data)
        if any(pattern.meaning == "odd" for pattern, _ in hits):
            return True
        shown = [(pattern, end) for pattern, end in hits if view.shows(end)]
        if any(pattern.meaning == "proof" for pattern, _ in shown):
            return True
        asked: dict[tuple[str, str], bool] = {}

        def somewhere(meaning: str, maker: str = "") -> bool:
            key = meaning, maker
            if key not in asked:
                asked[key] = self._any(key, data)
            return asked[key]

        return any(self._counts(pattern, end, data, view, somewhere) for pattern, end in shown)

    def _counts(
        self, pattern: Pattern, end: int, data: bytes, view: Markup | Plain, somewhere: Callable[[str, str], bool]
    ) -> bool:
        """Whether a match that is no proof by itself has beside it what it needs."""
        meaning = pattern.meaning
        if meaning == "measured":
            return _beside_number(data, end, large=False)
        if meaning == "counted":
            return _beside_number(data, end, large=True) or (
                _beside_number(data, end, large=False) and somewhere("context", "")
            )
        if meaning == "invisible":
            return _inside_word(data, end)
        if meaning == "doubtful":
            word = _last_word(data, end)
            if word.isalpha() and word[:1].islower():
                return False
            if word[-1:] in b"sS" and _beside_number(data, end, large=False):
                return True
            return self._in_block("chips", end, data, view) or (
                bool(pattern.maker) and somewhere("maker", pattern.maker)
            )
        return (meaning == "sum" or _large_sum(data, end)) and self._in_block("field", end, data, view)

    def _in_block(self, meaning: str, end: int, data: bytes, view: Markup | Plain) -> bool:
        block = view.block(data, end)
        # A tag may stand between two words, or inside one.
        return block is None or self._any((meaning, ""), block) or self._any((meaning, ""), re.sub(_TAG, b"", block))

    def _hits(self, data: bytes) -> list[tuple[Pattern, int]]:
        """What was found, with the offset behind it, in the order of the offsets."""
        hits: list[tuple[Pattern, int]] = []
        expressions = self._patterns

        def found(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            pattern = expressions[number]
            if pattern.meaning != "counted" or not _in_attribute(data, end):
                hits.append((pattern, end))

        self._main.scan(data, match_event_handler=found)
        return hits

    def _any(self, key: tuple[str, str], data: bytes) -> bool:
        """Whether one of the words beside which others count stands in the data."""
        found: list[object] = []

        def end(*match: object) -> bool:
            found.extend(match[:1])
            return True  # ends the scan

        with contextlib.suppress(self._ended):
            self._asides[key].scan(data, match_event_handler=end)
        return bool(found)


def _in_attribute(data: bytes, end: int) -> bool:
    """Whether what follows ends a tag: a quick look that spares the long one, wrong for no bracket of a text."""
    closed = data.find(b">", end - 1, end + _ATTRIBUTE)
    if closed < 0 or data[closed - 1 : closed] in (b" ", b"-", b">", b"\n", b"\t"):
        return False
    return data.find(b"<", end - 1, closed) < 0


def _last_word(data: bytes, end: int) -> bytes:
    """The letters and digits that a match ends in."""
    found = re.search(rb"([A-Za-z0-9]+)[^A-Za-z0-9]?$", data[max(0, end - 60) : end])
    return found[1] if found else b""


def _large_sum(data: bytes, end: int) -> bool:
    """Whether the number whose first digit ends at `end`, behind a sign, is large by its digits or what follows."""
    plain = re.sub(_TAG, b"", data[end - 1 : end + _SUM])
    return bool(large_sum_pattern().match(fold(html.unescape(plain.decode("utf-8", "replace")))))


def _beside_number(data: bytes, end: int, *, large: bool) -> bool:
    """Whether a number, or a large one, stands in the text before `end`."""
    before = data[max(0, end - _RAW_REACH) : end]
    # A tag that is cut at the left of the window ends at the first bracket.
    text = re.sub(_TAG, b"", before if before.find(b"<") < before.find(b">") else before[before.find(b">") + 1 :])
    shown = text.decode("utf-8", "replace")[-_REACH:]
    return bool((large_number_pattern() if large else number_pattern()).search(shown))


def _loaded(hyperscan: Any, blob: bytes) -> Any:
    database = hyperscan.loadb(blob, hyperscan.HS_MODE_BLOCK)
    database.scratch = hyperscan.Scratch(database)
    return database


def _compiled(hyperscan: Any, patterns: Sequence[Pattern]) -> Any:
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
