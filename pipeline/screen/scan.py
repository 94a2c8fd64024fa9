"""One pass of a multi-pattern matcher over what shows of a page, or over plain text: could it hold a claim?

The answer "no" must be safe: a word counts whatever stands between its parts (tags, entities, line ends), wherever a
tag splits it, and in either case. Where the bytes are not what they look like (another encoding, letters written as
numbers, characters that cleaning removes or replaces inside words), the answer is "maybe".
"""

from __future__ import annotations

import codecs
import contextlib
import functools
import html
import importlib
import pickle
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from pipeline.clean.charset import declared
from pipeline.clean.html import opens_like_html
from pipeline.clean.text import fold
from pipeline.lexicon import word_pattern
from pipeline.screen import strip
from pipeline.screen.patterns import ASIDE, Pattern, parts, patterns
from pipeline.screen.words import large_number_pattern, large_sum_pattern, number_pattern

_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_HEAD = 65_536
_ASCII = bytes(range(32, 127))
# Encodings whose second bytes look like ASCII letters, so that a word may seem to go on to the left.
_TWO_BYTES = ("gb", "big5", "shift", "sjis", "cp932", "cp936", "cp949", "cp950", "johab", "hz")
_ALNUM = bytes(code if bytes([code]).isalnum() else 32 for code in range(256))
_WORD = 80
"""Bytes of a word that is looked at."""
_SUM = 200
"""Bytes of a sum."""
_REACH = 250
"""Characters of text before a unit or a head in which its number must stand; ten words are fewer."""
_MARKUP = (Pattern(b"script", "script"), Pattern(b"<meta", "meta"), Pattern(b"<!--", "comment", once=True))
# The matcher is faster with these apart: what begins with a digit, and what begins with any letter or bracket.
_APART = (("large",), ("seam", "less"))


Line = Callable[[bytes, int], bytes]
"""How a text is written: gives the line that holds a place, or more of it."""
Hits = dict[str, list[tuple[Pattern, int]]]
"""What was found and the offset behind it, by its meaning, in the order of the offsets."""


class Found(NamedTuple):
    """What a text shows by itself: offsets (of bytes) behind the names of chips and the words of the subject."""

    chips: tuple[int, ...]
    company: bool
    """Whether a company of the field is named."""


class Scanner:
    """The compiled patterns; making one takes some seconds, using one a fraction of a millisecond a page."""

    def __init__(self, compiled: bytes | None = None) -> None:
        """`compiled`: what `dump` of the same version gave, instead of making it again."""
        hyperscan: Any = importlib.import_module("hyperscan")
        self._ended: type[Exception] = hyperscan.ScanTerminated
        asides: dict[tuple[str, str], list[Pattern]] = {}
        looked_for: dict[tuple[str, ...], list[Pattern]] = {(): [], **{group: [] for group in _APART}}
        for pattern in patterns():
            if pattern.meaning in ASIDE:
                asides.setdefault((pattern.meaning, pattern.maker), []).append(pattern)
            else:
                looked_for[next((group for group in _APART if pattern.meaning in group), ())].append(pattern)
        self._parts = list(parts())
        words = [pattern.expression.lower() for pattern in self._parts]
        # Three letters around each cut of a word; the last cut leaves but one behind it, and two letters have one each.
        self._cuts = {word[at - 1 : at + 2] for word in words for at in range(1, len(word) - 1)}
        self._cuts |= {word[-3:] for word in words}
        lists = [*looked_for.values(), self._parts, _MARKUP[:1], _MARKUP[1:], *asides.values()]
        blobs: list[bytes] = pickle.loads(compiled) if compiled else []  # noqa: S301  # our own, from another process
        databases = [_loaded(hyperscan, blob) for blob in blobs] or [_compiled(hyperscan, each) for each in lists]
        self._groups = list(zip(looked_for.values(), databases[: len(looked_for)], strict=True))
        self._split, self._scripts, self._markup, *others = databases[len(looked_for) :]
        self._asides = dict(zip(asides, others, strict=True))
        self._dumped = compiled or pickle.dumps([hyperscan.dumpb(database) for database in databases])

    def dump(self) -> bytes:
        """The compiled patterns for another process on a machine of this kind."""
        return self._dumped

    def could_hold_claim(self, raw: bytes, title: str = "", charset: str | None = None) -> bool:
        """Whether the bytes of an HTML page could: text, the title in its head, and its structured data count.

        `title` and `charset`: what its container told.
        """
        if unreadable(raw, charset) or not opens_like_html(raw):
            return True
        told = title.encode("utf-8", "replace") + b"<p>" if title else b""
        page, metas = self._stripped(raw)
        data = told + strip.outline(page, metas)
        hits = self._hits(data)
        if "less" in hits:
            data = told + strip.outline(page, metas, less=True)
            hits = self._hits(data)
        return self._judge(data, hits, strip.line)

    def lines(self, text: str) -> list[str]:
        """The lines that an HTML page shows, and those of its head."""
        return strip.lines(*self._stripped(text.encode("utf-8", "replace")))

    def text_could_hold_claim(self, text: str, *, ours: bool = False) -> bool:
        """Whether plain text could, each line a block: as `could_hold_claim`, with what must stand in one line.

        `ours`: whether it may be the text of a company of the field, which names itself "we".
        """
        data = text.encode("utf-8", "replace")
        return self._judge(data, self._hits(data), _line, ours=ours)

    def _judge(self, data: bytes, hits: Hits, line: Line, *, ours: bool = False) -> bool:
        if "proof" in hits or "odd" in hits:
            return True
        if any(_inside_word(data, end) for _, end in hits.get("invisible", ())):
            return True
        somewhere = functools.cache(functools.partial(self._anywhere, data))
        if any(_is_counted(data, end, somewhere) for _, end in hits.get("counted", ())):
            return True
        if any(self._is_chip(pattern, end, data, line, somewhere) for pattern, end in hits.get("doubtful", ())):
            return True
        if self._split_words(data, [end for _, end in hits.get("seam", ())]):
            return True
        power = "power" in hits or any(_beside_number(data, end, large=False) for _, end in hits.get("measured", ()))
        if power and (ours or self._weighs(data, line)):
            return True
        return any(self._of_the_field(line(data, end - 1)) for _, end in hits.get("sum", ())) or any(
            self._of_the_field(line(data, end - 1)) and _large_sum(data, end) for _, end in hits.get("large", ())
        )

    def found(self, text: str) -> Found:
        """Offsets (of bytes) behind chips, and whether a company of the field is named."""
        data = text.encode("utf-8", "replace")
        somewhere = functools.cache(functools.partial(self._anywhere, data))
        hits = self._hits(data)
        chips = [end for _, end in hits.get("proof", ())]
        doubtful = hits.get("doubtful", ())
        chips += [end for pattern, end in doubtful if self._is_chip(pattern, end, data, _line, somewhere)]
        return Found(tuple(sorted(chips)), self._any(("company", ""), data))

    def _stripped(self, raw: bytes) -> tuple[strip.Markup, list[int]]:
        scripts = [end for _, end in self._all(self._scripts, raw)]
        page = strip.without_scripts(raw, scripts)
        marks = self._all(self._markup, page.body)
        if any(number == 1 for number, _ in marks):
            page = strip.without_scripts(raw, scripts, commented=True)
            page = page._replace(body=strip.without_comments(page.body))
            marks = self._all(self._markup, page.body)
        return page, [end for number, end in marks if number == 0]

    def _split_words(self, data: bytes, ends: Sequence[int]) -> bool:
        """Whether one of the words with a tag inside that go on up to `ends` could be evidence."""
        for end in ends:
            opened = data.rfind(b"<", 0, end)
            cut = self._cut(data[opened - 2 : opened], data[end - 1 : end + 1])
            around = strip.around_tag(data, opened, end - 1) if cut else None
            for number, last in self._all(self._split, b"".join(around)) if around else ():
                if last - len(self._parts[number].expression) < len(around[0] if around else b"") < last:
                    return True
        return False

    @functools.lru_cache(maxsize=65_536)  # noqa: B019  # one scanner a process; there are few words
    def _cut(self, last: bytes, first: bytes) -> bool:
        """Whether the two letters at each side of a cut may be those of a word that could be evidence."""
        last, first = last.lower(), first.lower()
        cut = last[1:] + first
        return cut in self._cuts or cut[:2] in self._cuts or last + first[:1] in self._cuts or not cut.isalnum()

    def _is_chip(
        self, pattern: Pattern, end: int, data: bytes, line: Line, somewhere: Callable[[str, str], bool]
    ) -> bool:
        """Whether a name that is a word too is that of a chip, by what stands beside it."""
        word = _last_word(data, end)
        if word.isalpha() and word[:1].islower():
            return False
        if word[-1:] in b"sS" and _beside_number(data, end, large=False):
            return True
        return self._in("chips", line(data, end - 1)) or (bool(pattern.maker) and somewhere("maker", pattern.maker))

    def _anywhere(self, data: bytes, meaning: str, maker: str) -> bool:
        return self._any((meaning, maker), data)

    @functools.lru_cache(maxsize=64)  # noqa: B019  # one scanner a process; pages repeat their teasers
    def _in(self, meaning: str, line: bytes) -> bool:
        """Whether a line holds a word, with a tag between its parts or inside one."""
        return self._any((meaning, ""), line) or (b"<" in line and self._any((meaning, ""), strip.without_tags(line)))

    def _weighs(self, data: bytes, line: Line) -> bool:
        """Whether a figure could stand in a sentence with a faint word, or that of a company, which a "we" or an "it"
        may mean.
        """
        return self._any(("company", ""), data) or any(
            number_pattern().search(line(data, end - 1).decode("utf-8", "replace"))
            for _, end in self._all(self._asides["faint", ""], data)
        )

    def _of_the_field(self, line: bytes) -> bool:
        """Whether a sum in this line could be a claim of the field."""
        if not self._in("faint", line) and not self._in("company", line):
            return False
        shown = " ".join(html.unescape(strip.without_tags(line).decode("utf-8", "replace")).split())
        return bool(word_pattern("scope", "money", "infra").search(fold(shown)))

    def _hits(self, data: bytes) -> Hits:
        """What was found, with the offset behind it, by its meaning."""
        hits: Hits = {}
        for group, database in self._groups:
            for number, end in self._all(database, data):
                pattern = group[number]
                hits.setdefault(pattern.meaning, []).append((pattern, end))
        return hits

    def _all(self, database: Any, data: bytes) -> list[tuple[int, int]]:
        hits: list[tuple[int, int]] = []

        def found(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            hits.append((number, end))

        database.scan(data, match_event_handler=found)
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


def unreadable(raw: bytes, told: str | None = None) -> bool:
    """Whether the words of a page may be in its bytes under other codes than ASCII."""
    if raw.startswith(_BOMS) or raw.find(b"\0", 0, _HEAD) >= 0:
        return True
    name = declared(raw, told)
    if name is None:
        return False
    if name.replace("_", "").startswith(_TWO_BYTES):
        return True
    try:
        return _ASCII.decode(name) != _ASCII.decode("ascii")
    except (UnicodeDecodeError, LookupError):
        return True


def _line(data: bytes, at: int) -> bytes:
    """The line of a plain text that holds a place."""
    close = data.find(b"\n", at)
    return data[data.rfind(b"\n", 0, at) + 1 : len(data) if close < 0 else close]


def _is_counted(data: bytes, end: int, somewhere: Callable[[str, str], bool]) -> bool:
    """Whether a word that counts only with its number ("cards") has one that is large, or words of the field."""
    return _beside_number(data, end, large=True) or (
        _beside_number(data, end, large=False) and somewhere("context", "")
    )


def _last_word(data: bytes, end: int) -> bytes:
    """The letters and digits that a match ends in."""
    last = end if data[end - 1 : end].isalnum() else end - 1
    words = data[max(0, last - _WORD) : last].translate(_ALNUM)
    return words[words.rfind(b" ") + 1 :]


def _large_sum(data: bytes, end: int) -> bool:
    """Whether the digits that end at `end`, or a little before it, are a large sum of money."""
    around = strip.without_tags(data[max(0, end - _SUM) : end + _SUM])
    return bool(large_sum_pattern().search(fold(html.unescape(_characters(around)))))


def _characters(data: bytes) -> str:
    """Bytes as text; what is no UTF-8 is read as windows-1252, for its signs of currencies."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        shown = data.decode("utf-8", "ignore")
        return shown + " " + data.decode("cp1252", "ignore")


def _beside_number(data: bytes, end: int, *, large: bool) -> bool:
    """Whether a number, or a large one, stands in the text before `end`."""
    before = strip.without_tags(data[max(0, end - 4 * _REACH) : end]).decode("utf-8", "replace")
    shown = " ".join(before.split())[-_REACH:]
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
        start = data.rfind(b"&", 0, end)
    return data[start - 1 : start].isalnum() and data[end : end + 1].isalnum()
