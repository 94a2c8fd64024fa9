"""What a reader could see of a page, without a tree: scripts, styles, comments and tags taken out of the bytes.

Where markup is broken more is kept than a parser would keep, never less.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pipeline.clean.html import BLOCKS
from pipeline.clean.text import one_line

_NAME_ENDS = b" \t\r\n\f/>"
# "a < b" is text: a tag begins with a letter, a slash, or a mark of a declaration.
_LESS = rb"(?:<(?![A-Za-z/!?])[^<]*)*"
_NAME = rb"</?[A-Za-z][A-Za-z0-9-]*"
_TEXT = re.compile(rb">([^<]++<.[A-Za-z0-9-]*+)", re.DOTALL)
_TEXT_WITH_LESS = re.compile(rb">([^<]+" + _LESS + rb"(?:" + _NAME + rb")?)")
_LEADING = re.compile(rb"[^<]*" + _LESS)
_TABLE = frozenset({"tr", "row", "td", "th", "cell", "tbody", "thead", "tfoot"})
"""Blocks that the cleaner may join into one line."""


def _tags(names: frozenset[str]) -> re.Pattern[str]:
    return re.compile(rf"</?(?i:{'|'.join(sorted(names))})(?![A-Za-z0-9-])[^>]*>")


_BLOCK, _CELL = _tags(BLOCKS - _TABLE | {"title", "option"}), _tags(_TABLE)
_TAG = re.compile(_NAME + rb">")
_ENDS_LINE = re.compile(rb"</?(?i:" + "|".join(sorted(BLOCKS)).encode() + rb")>")
_LINE_TAG = re.compile(rb"</?(?i:" + "|".join(sorted(BLOCKS - _TABLE)).encode() + rb")>")
_ANY = re.compile(r"<[A-Za-z/!?][^>]*>")
_STYLE = re.compile(rb"<(/?)(?i:style)(?=[\s/>])")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))", re.DOTALL)


class Markup(NamedTuple):
    """The markup of a page without code and comments, and its structured data (JSON-LD)."""

    body: bytes
    data: tuple[bytes, ...]


def without_scripts(raw: bytes, ends: Sequence[int], *, commented: bool = False) -> Markup:
    """The page without its scripts. `ends`: the offset behind each "script" in any case; `commented`: whether one may
    stand in a comment.
    """
    tags = [(end - 7, True) for end in ends if raw[end - 7 : end - 6] == b"<" and raw[end : end + 1] in _NAME_ENDS]
    tags += [(end - 8, False) for end in ends if raw[end - 8 : end - 6] == b"</"]
    body: list[bytes] = []
    data: list[bytes] = []
    at = 0
    for start, end in _regions(raw, sorted(tags), commented=commented):
        body.append(raw[at:start])
        if b"ld+json" in raw[start : raw.find(b">", start) + 1].lower():
            data.append(raw[start:end])
        at = end
    body.append(raw[at:])
    return Markup(b"".join(body), tuple(data))


def _regions(raw: bytes, tags: Sequence[tuple[int, bool]], *, commented: bool) -> Iterator[tuple[int, int]]:
    """The stretches of code from each opening tag to the next closing one."""
    at, opened = 0, -1
    for place, opens in tags:
        if not opens and opened >= 0:
            yield opened, place
            at, opened = place, -1
        elif opens and opened < 0 and not _in_tag(raw, at, place) and not (commented and _in_comment(raw, at, place)):
            opened = place
    if opened >= 0:
        yield opened, len(raw)


def _in_tag(raw: bytes, low: int, at: int) -> bool:
    """Whether a place is part of an attribute."""
    opened = raw.rfind(b"<", low, at)
    if opened < 0 or raw.rfind(b">", opened, at) >= 0:
        return False
    follows = raw[opened + 1 : opened + 2]
    return follows.isalpha() or follows in (b"/", b"?")


def _in_comment(raw: bytes, low: int, at: int) -> bool:
    opened = raw.rfind(b"<!--", low, at)
    return opened >= 0 and raw.find(b"-->", opened + 4, at) < 0


def without_comments(body: bytes) -> bytes:
    """The markup without comments that every parser takes for one."""
    kept: list[bytes] = []
    at, opened = 0, body.find(b"<!--")
    while opened >= 0:
        closed = body.find(b"-->", opened + 4)
        if closed < 0:
            break
        inside = body[opened + 4 : closed]
        if not inside.startswith((b">", b"->")) and b"--!>" not in inside and not _in_tag(body, at, opened):
            kept.append(body[at:opened])
            at = closed + 3
        opened = body.find(b"<!--", max(at, opened + 4))
    kept.append(body[at:])
    return b"".join(kept)


def outline(page: Markup, metas: Sequence[int], *, less: bool = False) -> bytes:
    """All that shows, with the name of the first tag behind each stretch of text ("A <b>few</b> words</p>"); then the
    `<meta>` tags (`metas`: the offset behind each "<meta") and the structured data, each a line.

    `less`: with what stands behind a "<" that is no tag, which else is lost up to the next tag.
    """
    first = _LEADING.match(page.body)
    head = (_meta(page.body, at) for at in metas)
    told = b"<p>".join((first[0] if first else b"", *head, *page.data))
    last = page.body[page.body.rfind(b">") + 1 :]
    # Behind the last tag there is no other to come, and each ">" there would be followed to the end.
    named = page.body.find(b">", max(0, page.body.rfind(b"<", 0, -1)))
    shown = page.body[: named if named >= 0 else None]
    return b">".join((told + b"<p", *(_TEXT_WITH_LESS if less else _TEXT).findall(shown), last))


def line(data: bytes, at: int) -> bytes:
    """The stretch of an outline around a place, up to the nearest tags that end a line, or more of it."""
    low, opened = data.rfind(b"<", 0, at), None
    while low >= 0 and (opened := _LINE_TAG.match(data, low)) is None:
        low = data.rfind(b"<", 0, low)
    closed = _LINE_TAG.search(data, at)
    return data[opened.end() if opened else 0 : closed.start() if closed else len(data)]


def around_tag(data: bytes, opened: int, end: int) -> tuple[bytes, bytes] | None:
    """What stands before and behind a tag of an outline, without other tags; None for one that ends a line."""
    if _ENDS_LINE.match(data, opened):
        return None
    return without_tags(data[max(0, opened - 60) : opened]), without_tags(data[end : end + 60])


def without_tags(data: bytes) -> bytes:
    """A stretch of an outline as it reads, but for what tags do to its lines."""
    return _TAG.sub(b"", data) if b"<" in data else data


def _meta(body: bytes, at: int) -> bytes:
    found = _LEADING.match(body, at)
    return found[0] if found else b""


def lines(page: Markup, metas: Sequence[int]) -> list[str]:
    """The same as plain text, a line for each block that a cleaner could make, or for more of them."""
    marks = [(found.start(), not found[1]) for found in _STYLE.finditer(page.body)]
    at, kept = 0, list[bytes]()
    for start, end in _regions(page.body, marks, commented=False):
        kept.append(page.body[at:start])
        at = end
    kept.append(page.body[at:])
    body = re.sub(r"[\n\r]", " ", b"".join(kept).decode("utf-8", "replace"))
    body = _in_place_of(_ANY, "", _in_place_of(_CELL, " ", _in_place_of(_BLOCK, "\n", body)))
    told = [part for at in metas for part in _meta(page.body, at).decode("utf-8", "replace").split('"')]
    told += [part for data in page.data for part in _unescaped(data.decode("utf-8", "replace")).split('"')]
    found = (one_line(html.unescape(line) if "&" in line else line) for line in (*body.split("\n"), *told))
    return [line for line in found if line]


def _in_place_of(tags: re.Pattern[str], sign: str, body: str) -> str:
    """A text with a sign for each of the tags; what is no tag since it is never closed is not looked through for each
    "<" in it."""
    end = body.rfind(">") + 1
    return tags.sub(sign, body[:end]) + body[end:]


def _unescaped(data: str) -> str:
    """The strings of a JSON text as they read; a quotation mark in one becomes an apostrophe."""
    return _ESCAPE.sub(
        lambda m: chr(int(m[1], 16)) if m[1] else "'" if m[2] == '"' else m[2] if m[2] == "/" else " ", data
    )
