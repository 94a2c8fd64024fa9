"""The raw archive: every fetched page as WARC records, written so that a crash costs at most a record and is seen.

Layout: `YYYY/MM/DD/infraclaims-YYYYMMDD-NNNN.warc.gz`, one gzip member a record. A page is a `response` record (a file
of a watched folder: a `resource` record) with one field of ours, `Infraclaims-Page`: a JSON object with everything of
the `Page` but its content, so that a reader gives the extractor what ingestion gave it. Unchanged content is a
`revisit` record. While a file is written to, `.open/NAME` stands beside the years and is locked; where one is found
unlocked, its writer died, and the half record at the end of its file, if there is one, is cut off.
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import gzip
import hashlib
import io
import json
import os
import uuid
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType  # pyright: ignore[reportMissingModuleSource]

from pipeline.ingest.encodings import codings, unpacked
from pipeline.ingest.fetcher import Exchange, Fetched
from pipeline.locks import locked
from pipeline.records import Page, Record
from pipeline.sources.warc import PAGE_FIELD
from pipeline.store import sync_folder

_UNCHANGED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
_IDENTICAL = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
_STEP = 1 << 20


class ArchiveError(OSError):
    """The archive could not be written (a full disk); what was written before is whole."""


class Location(Record):
    """Where a record stands: the file, relative to the archive, and the offset of its gzip member in bytes."""

    file: str
    offset: int


class Recovered(NamedTuple):
    """What was found behind a writer that died: whole page records, and how many bytes of a half one were cut."""

    pages: tuple[tuple[Page, Location], ...]
    cut: int


class Archive:
    """Appends to the newest file of the day, one writer a file. Use as a context manager."""

    def __init__(self, folder: Path, software: str, max_bytes: int = 256_000_000) -> None:
        self.folder = folder
        self._software = software
        self._max_bytes = max_bytes
        self._file: BinaryIO | None = None
        self._marker: BinaryIO | None = None
        self._name = ""

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()

    def close(self) -> None:
        """End the file that is open; it needs no look at the next start."""
        if self._file:
            self._file.close()
            self._file = None
        if self._marker:
            Path(self._marker.name).unlink(missing_ok=True)
            self._marker.close()
            self._marker = None

    def add(self, fetched: Fetched, page: Page) -> Location:
        """Store all exchanges that led to a page, and what the extractor is to be given; returns its record's place.

        On the disk when it returns. Raises ArchiveError.
        """
        records = [record for exchange in fetched.exchanges[:-1] for record in _exchange(exchange)]
        request, response = _exchange(fetched.last)
        response.headers[PAGE_FIELD] = _described(page)
        return self._append([*records, response, request], fetched.last.at, len(records))

    def add_unchanged(self, fetched: Fetched, content_from: dt.datetime) -> Location:
        """Store that a page is as it was at `content_from`: the server said so (304), or its content is the same."""
        records = [record for exchange in fetched.exchanges[:-1] for record in _exchange(exchange)]
        request, revisit = _exchange(fetched.last, revisit=True)
        revisit.headers["WARC-Profile"] = _UNCHANGED if fetched.unchanged else _IDENTICAL
        revisit.headers["WARC-Refers-To-Target-URI"] = fetched.last.url
        revisit.headers["WARC-Refers-To-Date"] = _instant(content_from)
        return self._append([*records, revisit, request], fetched.last.at, len(records))

    def add_file(self, page: Page, at: dt.datetime) -> Location:
        """Store a page that came from no server. Raises ArchiveError."""
        content = page.content if isinstance(page.content, bytes) else page.content.encode("utf-8", "surrogatepass")
        kind = {"html": "text/html", "markdown": "text/markdown"}.get(page.media_type or "", "text/plain")
        record = _record(
            WarcRecordType.resource, page.url or f"urn:infraclaims:{_quoted(page.source)}", at, content, kind
        )
        record.headers["WARC-Payload-Digest"] = _digest(content)
        record.headers[PAGE_FIELD] = _described(page)
        return self._append([record], at, 0)

    def page(self, location: Location, max_bytes: int) -> Page:
        """The page of a record as the extractor is given it; at most `max_bytes` are unpacked.

        Raises OSError or ValueError where the record is not there or not whole.
        """
        with (self.folder / location.file).open("rb") as file:
            file.seek(location.offset)
            record = next(iter(ArchiveIterator(file, parse_http=True)), None)
            if record is None:
                raise ValueError(f"{location.file}: no record at {location.offset}")
            return page_of(record, max_bytes)

    def recover(self) -> Iterator[Recovered]:
        """Mend the file of every writer that died, and give what it had stored since it opened it."""
        for marker in sorted((self.folder / ".open").glob("*.warc.gz")):
            with marker.open("rb") as held:
                if not locked(held):
                    continue
                name, offset = _path_of(marker.name), _number(held.read())
                path = self.folder / name
                if path.exists():
                    size, cut = path.stat().st_size, cut_torn_end(path, offset)
                    pages = tuple(_pages_from(path, name, offset)) if size > cut else ()
                    yield Recovered(pages, cut)
                marker.unlink(missing_ok=True)

    def _append(self, records: list[WarcRecord], at: dt.datetime, wanted: int) -> Location:
        """Write records with one write and one sync; the place of the one with the index `wanted`."""
        try:
            file = self._open_for(at)
            start = file.seek(0, os.SEEK_END)
            if start == 0:
                records, wanted = [self._warcinfo(at), *records], wanted + 1
            members = [_member(record) for record in records]
            try:
                _write_all(file, b"".join(members))
            except OSError:
                file.truncate(start)
                raise
        except OSError as error:
            raise ArchiveError(
                error.errno, f"the archive cannot be written: {error.strerror}", str(self.folder)
            ) from error
        return Location(file=self._name, offset=start + sum(map(len, members[:wanted])))

    def _open_for(self, at: dt.datetime) -> BinaryIO:
        """The file that is written to: of that day, below the size limit, locked for this writer."""
        day = f"{at:%Y/%m/%d}"
        if self._file and self._name.startswith(day) and self._file.tell() < self._max_bytes:
            return self._file
        self.close()
        (self.folder / ".open").mkdir(parents=True, exist_ok=True)
        (self.folder / day).mkdir(parents=True, exist_ok=True)
        for number in range(1, 1_000_000):
            name = _path_of(f"infraclaims-{at:%Y%m%d}-{number:04d}.warc.gz")
            path = self.folder / name
            if path.exists() and path.stat().st_size >= self._max_bytes:
                continue
            marker = (self.folder / ".open" / path.name).open("a+b", buffering=0)
            # Held by another writer, or left by one that died and not yet mended.
            if not locked(marker) or marker.seek(0, os.SEEK_END) or not os.fstat(marker.fileno()).st_nlink:
                marker.close()
                continue
            self._marker, self._name = marker, name
            self._file = file = path.open("ab", buffering=0)
            _write_all(marker, str(file.seek(0, os.SEEK_END)).encode())
            for folder in (self.folder / ".open", path.parent):
                sync_folder(folder)
            return file
        raise AssertionError("a day has fewer files")

    def _warcinfo(self, at: dt.datetime) -> WarcRecord:
        text = f"software: {self._software}\r\nformat: WARC File Format 1.1\r\n".encode()
        record = _record(WarcRecordType.warcinfo, None, at, text, "application/warc-fields")
        record.headers["WARC-Filename"] = Path(self._name).name
        return record


def page_of(record: WarcRecord, max_bytes: int) -> Page:
    """The page of a `response` or `resource` record of ours, whose HTTP head was parsed. Raises ValueError."""
    described = record.headers.get(PAGE_FIELD)
    if described is None:
        raise ValueError(f"the record {record.record_id} holds no page")
    content, charset = record.reader.read(), None
    if record.is_http_parsed:
        charset = record.http_charset or None
        headers = {name.lower(): value for name, value in record.http_headers.items()}
        content = unpacked(content, codings(headers.get("content-encoding", "")), max_bytes)
    return Page.model_validate({"charset": charset, **json.loads(described), "content": content})


def cut_torn_end(path: Path, start: int = 0) -> int:
    """Cut off what stands behind the last whole gzip member; returns the number of bytes that were cut."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        whole = start
        file.seek(start)
        stream = zlib.decompressobj(16 + zlib.MAX_WBITS)
        with contextlib.suppress(zlib.error):
            while data := file.read(_STEP):
                end = file.tell()
                while data:
                    out = b" "
                    while out and not stream.eof:
                        # A bounded step can leave output behind when all input is taken: it ends with an empty one.
                        out = stream.decompress(data, _STEP)
                        data = stream.unconsumed_tail
                    if stream.eof:
                        data = stream.unused_data
                        whole = end - len(data)
                        stream = zlib.decompressobj(16 + zlib.MAX_WBITS)
        if whole < size:
            file.truncate(whole)
            os.fsync(file.fileno())
    return size - whole


def _pages_from(path: Path, name: str, offset: int) -> Iterator[tuple[Page, Location]]:
    """The page records of a file from an offset on, without their content."""
    with path.open("rb") as file:
        file.seek(offset)
        first: int | None = None
        for record in ArchiveIterator(file, parse_http=False):
            # Whether positions count from the beginning or from where the file stood depends on the version.
            first = record.stream_pos if first is None else first
            described = record.headers.get(PAGE_FIELD)
            if described:
                page = Page.model_validate({**json.loads(described), "content": b""})
                yield page, Location(file=name, offset=offset + record.stream_pos - first)


def _exchange(exchange: Exchange, *, revisit: bool = False) -> tuple[WarcRecord, WarcRecord]:
    """Request and response; a `revisit` keeps the head of the answer only."""
    kind = WarcRecordType.revisit if revisit else WarcRecordType.response
    body = b"" if revisit else exchange.body
    answer = _record(
        kind, exchange.url, exchange.at, _unframed(exchange.head) + body, "application/http; msgtype=response"
    )
    answer.headers["WARC-Payload-Digest"] = _digest(exchange.body)
    request = _record(
        WarcRecordType.request, exchange.url, exchange.at, exchange.request, "application/http; msgtype=request"
    )
    request.headers["WARC-Concurrent-To"] = str(answer.record_id)
    return request, answer


def _unframed(head: bytes) -> bytes:
    """The head without the word that the body comes in chunks: it is kept without them."""
    lines = head.split(b"\r\n")
    kept = [b"X-Crawler-" + line if line.lower().startswith(b"transfer-encoding:") else line for line in lines]
    return b"\r\n".join(kept)


def _record(kind: WarcRecordType, url: str | None, at: dt.datetime, content: bytes, media_type: str) -> WarcRecord:
    record = WarcRecord()
    cast(Any, record).init_headers(record_type=kind, record_urn=f"uuid:{uuid.uuid4()}".encode())
    record.headers["WARC-Date"] = _instant(at)
    record.headers["Content-Type"] = media_type
    if url:
        record.headers["WARC-Target-URI"] = url
    cast(Any, record).set_bytes_content(content)
    return record


def _member(record: WarcRecord) -> bytes:
    buffer = io.BytesIO()
    record.write(buffer, checksum_data=True)
    return gzip.compress(buffer.getvalue(), 6, mtime=0)


def _described(page: Page) -> str:
    """The page but its content, as ASCII on one line: nothing in it can begin another field."""
    fields: dict[str, Any] = page.model_dump(mode="json", exclude={"content"}, exclude_none=True)
    return json.dumps(fields, ensure_ascii=True, separators=(",", ":"))


def _instant(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _digest(body: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode()


def _path_of(name: str) -> str:
    """Where a file stands, by the day in its name."""
    day = name.split("-")[1]
    return f"{day[:4]}/{day[4:6]}/{day[6:]}/{name}"


def _number(text: bytes) -> int:
    """The offset in a marker; 0 where its writer died before it was written."""
    return int(text) if text.isdigit() else 0


def _quoted(text: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "-._~/:") else "_" for c in text)


def _write_all(file: BinaryIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]
    os.fsync(file.fileno())
