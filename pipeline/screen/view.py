"""Where a match stands: in what a reader could see or in code, and in which block."""

from __future__ import annotations

import functools
import re
from bisect import bisect_right

from pipeline.clean.html import BLOCKS

_CODE = (b"script", b"style")
_TABLE = frozenset({"tr", "row", "td", "th", "cell", "tbody", "thead", "tfoot"})
"""Blocks that the cleaner may join into one line."""
_BLOCK = re.compile(rb"</?(?:" + b"|".join(sorted(name.encode() for name in BLOCKS - _TABLE)) + rb")(?![a-z0-9])")
_NEAR = 4_000
_FAR = 60_000


class Plain:
    """Plain text: all of it shows, and a line is a block."""

    def shows(self, at: int) -> bool:  # noqa: ARG002  # the same question as of a page
        """Always."""
        return True

    def block(self, data: bytes, at: int) -> bytes | None:
        """The line that holds the byte before `at`."""
        end = data.find(b"\n", at - 1)
        return data[data.rfind(b"\n", 0, at - 1) + 1 : len(data) if end < 0 else end]


class Markup:
    """The bytes of a page: what stands inside a tag, a script or a style does not show."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    @functools.cached_property
    def _lower(self) -> bytes:
        return self._raw.lower()

    def shows(self, at: int) -> bool:
        """Whether the byte before `at` is text, in the head of the page (`<meta>`) or in structured data."""
        at -= 1  # a match takes in the byte behind the word
        tag = self._tag(at)
        if tag >= 0:
            return self._lower.startswith(b"<meta", tag)
        return not self._in_code(at)

    def block(self, data: bytes, at: int) -> bytes | None:
        """The stretch around a place up to the nearest tags that end a line; None where they are far away."""
        at -= 1
        opened = self._raw.rfind(b"<", 0, at)
        if self._lower.startswith(b"<title", opened):
            end = self._raw.find(b"<", at)
            return data[opened : len(data) if end < 0 else end]
        low = max(0, at - _FAR)
        left = None
        for near in (max(low, at - _NEAR), low):
            left = next((m for m in reversed(list(_BLOCK.finditer(self._lower, near, at)))), None)
            if left:
                break
        right = _BLOCK.search(self._lower, at, at + _FAR)
        if (left is None and low > 0) or (right is None and at + _FAR < len(data)) or self._tag(at) >= 0:
            return None
        return data[left.end() if left else 0 : right.start() if right else len(data)]

    def _tag(self, at: int) -> int:
        """Where the tag that holds a place begins; -1 where none does."""
        opened = self._raw.rfind(b"<", 0, at)
        if opened < 0 or self._raw.rfind(b">", opened, at) >= 0:
            return -1
        follows = self._raw[opened + 1 : opened + 2]
        return opened if follows.isalpha() or follows in (b"/", b"?") else -1

    def _in_code(self, at: int) -> bool:
        starts, ends = self._code
        number = bisect_right(starts, at) - 1
        return number >= 0 and at < ends[number]

    @functools.cached_property
    def _code(self) -> tuple[list[int], list[int]]:
        """Starts and ends of scripts and styles, but for structured data (JSON-LD), in order."""
        found: list[tuple[int, int]] = []
        for name in _CODE:
            at = self._lower.find(b"<" + name)
            while at >= 0:
                end = self._lower.find(b"</" + name, at)
                end = len(self._lower) if end < 0 else end
                head = self._lower[at : self._lower.find(b">", at) + 1]
                if self._tag(at) >= 0:  # in an attribute
                    end = at + 1
                elif b"ld+json" not in head:
                    found.append((at, end))
                at = self._lower.find(b"<" + name, end)
        found.sort()
        return [low for low, _ in found], [high for _, high in found]
