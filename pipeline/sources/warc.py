"""Pages from WARC files, plain or gzipped, whole or a range of bytes; damage costs the records that it hit, no more.

A record belongs to the range that its first byte lies in, so that ranges that tile a file read each record once.
fastwarc does the fast pass. Where it stops early, the member that it stopped in is looked at with zlib, and reading
goes on at the next member that begins like a WARC record.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from pipeline.records import Page, Rejected
from pipeline.settings import Settings

_GZIP = b"\x1f\x8b\x08"
_PIECE = 1 << 16
_HEAD = 1 << 14
"""Longest head of a record that is looked for in a damaged file."""
_PLAIN_START = rb"WARC/1\.\d\r?\n(?:[A-Za-z-]{1,60}:[^\r\n]{0,2000}\r?\n){0,20}?WARC-Type:"
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})


class _Held(NamedTuple):
    """The last record that was begun, and what it gave; None where reading it failed."""

    offset: int
    item: Page | Rejected | None


class _Member(NamedTuple):
    """A record's stretch of the file: whether all of it is there and sound, and where it ends."""

    whole: bool
    end: int


def read_warc(
    path: Path, source: str, settings: Settings, *, start: int = 0, stop: int | None = None, base: int = 0
) -> Iterator[Page | Rejected]:
    """The response records of `path` that begin in `start`..`stop` (bytes of the file), in order.

    `source` names the file in the records, as `source@offset`; `base` is added to the offsets in these names, for a
    copy of a range. Other types of record (requests, metadata, revisits) are no inputs. Reasons of rejection:
    `http_status` (not 200), `not_html`, `truncated` (by the crawler), `too_large`, `bad_content` (its encoding is not
    what it says), `damaged_record` (the stretch is cut off, unreadable or no record).
    """
    with path.open("rb") as stream, path.open("rb") as aside:
        size = os.fstat(aside.fileno()).st_size
        reader = _Reader(stream, aside, source, settings, base, size)
        yield from reader.read(start, size if stop is None else min(stop, size))


PAGE_FIELD = "Infraclaims-Page"
"""The header of a record of our own archive that holds its page but the content, as JSON."""


@functools.cache
def _fastwarc() -> Any:
    # It ships no types: Any by way of importlib keeps strict checking for the rest of the module.
    return importlib.import_module("fastwarc.warc")


class _Reader:
    def __init__(
        self, stream: BinaryIO, aside: BinaryIO, source: str, settings: Settings, base: int, size: int
    ) -> None:
        self._stream, self._aside = stream, aside.fileno()
        self._source, self._settings, self._base, self._size = source, settings, base, size
        # The first bytes may be the damaged ones.
        named = any(name.endswith(".gz") for name in (source, stream.name))
        self._gzipped = self._peek(0, 2) == _GZIP[:2] or (named and self._peek(0, 5) != b"WARC/")
        self._one_member = False
        self._number = 0
        self._last, self._inside = -1, 0
        """Offset of the last record, and how many of its member came before it."""

    def read(self, start: int, stop: int) -> Iterator[Page | Rejected]:
        at = start if start == 0 else self._next_member(start)
        while at < stop and not self._one_member:
            held, done = _Held(at, None), False
            begun = False
            try:
                for record in self._records(at):
                    if begun:
                        yield from self._given(held)
                    if record.stream_pos >= stop and not self._one_member:
                        return
                    begun, held = True, _Held(record.stream_pos, None)
                    held = _Held(record.stream_pos, self._item(record))
                done = True
            except OSError:  # fastwarc's word for any damage
                pass
            at, last = self._after(held, begun=begun, done=done)
            yield from last

    def _records(self, at: int) -> Iterator[Any]:
        self._stream.seek(at)
        every = _fastwarc().WarcRecordType.any_type
        records = _fastwarc().ArchiveIterator(self._stream, record_types=every, auto_decode="all")
        for self._number, record in enumerate(records):
            # A file that was compressed as a whole has one member: no offsets, and no way on behind damage.
            if self._number == 1 and self._gzipped and self._peek(record.stream_pos, 2) != _GZIP[:2]:
                self._one_member = True
            self._inside = self._inside + 1 if self._gzipped and record.stream_pos == self._last else 0
            self._last = record.stream_pos
            yield record

    def _given(self, held: _Held) -> Iterator[Page | Rejected]:
        if held.item is not None:
            yield held.item

    def _after(self, held: _Held, *, begun: bool, done: bool) -> tuple[int, list[Page | Rejected]]:
        """Where to go on after a pass that ended or broke, and what the record that it ended in gives."""
        if self._one_member:
            if done and self._member(0).whole:
                return self._size, list(self._given(held))
            return self._size, [self._damaged(held.offset, "the compressed data cannot be read any further")]
        if not begun and not self._peek(held.offset, _PIECE).strip(b"\0\r\n"):
            return self._size, []
        member = self._member(held.offset)
        if not member.whole:
            damage = self._damaged(held.offset, "the record is cut off or its bytes were changed")
            return self._next_member(held.offset + 1), [damage]
        if not begun:
            return member.end, [self._damaged(held.offset, "what stands here is no WARC record")]
        if held.item is None and not done:
            why = "its body is not encoded as its head says"
            return member.end, [self._rejected(held.offset, "bad_content", why)]
        return member.end, list(self._given(held))

    def _item(self, record: Any) -> Page | Rejected | None:
        """The page of a response record, or why it is none; None for a record of another type. Reads the body."""
        at, headers, http = record.stream_pos, record.headers, record.http_headers
        described = headers.get(PAGE_FIELD)
        kinds = _fastwarc().WarcRecordType
        if record.record_type == kinds.resource and described:
            return self._page(at, record, described)
        if record.record_type != kinds.response:
            return None
        status = http.status_code if http is not None else None
        if status != 200:
            return self._rejected(
                at, "http_status", f"its HTTP status is {status}" if status else "it is no HTTP reply"
            )
        kind = (record.http_content_type or "").strip().lower()
        if kind and kind not in _HTML_TYPES:
            return self._rejected(at, "not_html", f"it is {kind}")
        if cut := headers.get("WARC-Truncated"):
            return self._rejected(at, "truncated", f"the crawler cut it off ({cut})")
        return self._page(at, record, described)

    def _page(self, at: int, record: Any, described: str | None) -> Page | Rejected:
        """The page with what our own archive tells of it, else with what the record does."""
        limit = self._settings.max_bytes
        body = record.reader.read(limit + 1)
        if len(body) > limit:
            return self._rejected(at, "too_large", f"it has more than {limit:,} bytes, the limit")
        if described:
            # Somebody else's record may have a field of that name: then it tells nothing.
            with contextlib.suppress(ValueError):
                told = {"charset": record.http_charset or None, **json.loads(described)}
                return Page.model_validate({**told, "content": body, "source": self._place(at)})
        return Page(
            source=self._place(at), content=body, media_type="html", charset=record.http_charset or None,
            url=record.headers.get("WARC-Target-URI"), retrieved=record.record_date,
        )  # fmt: skip

    def _place(self, offset: int) -> str:
        if self._one_member and self._number:
            return f"{self._source}@0.{self._number}"
        place = f"{self._source}@{offset + self._base}"
        return f"{place}.{self._inside}" if self._inside and offset == self._last else place

    def _rejected(self, offset: int, reason: str, why: str) -> Rejected:
        place = self._place(offset)
        return Rejected(source=place, reason=reason, message=f"{place}: {why}")

    def _damaged(self, offset: int, why: str) -> Rejected:
        return self._rejected(offset, "damaged_record", why)

    def _peek(self, at: int, count: int) -> bytes:
        return os.pread(self._aside, count, at)

    def _member(self, at: int) -> _Member:
        return self._gzip_member(at) if self._gzipped else self._plain_record(at)

    def _gzip_member(self, at: int) -> _Member:
        unpack, here = zlib.decompressobj(31), at
        while piece := self._peek(here, _PIECE):
            here += len(piece)
            try:
                unpack.decompress(piece)
            except zlib.error:
                return _Member(False, at)
            if unpack.eof:
                return _Member(True, here - len(unpack.unused_data))
        return _Member(False, at)

    def _plain_record(self, at: int) -> _Member:
        head = re.match(rb"WARC/1\.\d\r?\n.{0,16000}?\r?\n\r?\n", self._peek(at, _HEAD), re.DOTALL)
        length = re.search(rb"\ncontent-length:\s{0,20}(\d{1,15})\s", head[0], re.IGNORECASE) if head else None
        if head is None or length is None:
            return _Member(False, at)
        end = at + head.end() + int(length[1])
        # The next record must begin where this one ends: a cut one has swallowed part of it.
        tail = self._peek(end, 8)
        spaces = len(tail) - len(tail.lstrip(b"\r\n"))
        follows = self._peek(end + spaces, 5)
        return _Member(end <= self._size and follows in (b"", b"WARC/"), end + spaces)

    def _next_member(self, at: int) -> int:
        """The next offset, from `at`, at which a record begins; the size of the file where none does."""
        mark = _GZIP if self._gzipped else b"WARC/1."
        overlap = len(mark) - 1
        while at < self._size:
            piece = self._peek(at, _PIECE + overlap)
            found = piece.find(mark)
            while found >= 0:
                if self._begins(at + found):
                    return at + found
                found = piece.find(mark, found + 1)
            at += _PIECE
        return self._size

    def _begins(self, at: int) -> bool:
        if not self._gzipped:
            return bool(re.match(_PLAIN_START, self._peek(at, 4_096)))
        try:
            return zlib.decompressobj(31).decompress(self._peek(at, 512), 5) == b"WARC/"
        except zlib.error:
            return False
