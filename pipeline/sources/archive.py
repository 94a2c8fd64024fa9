"""Archives of pages, cut into shards: WARC files, folders of HTML, JSON Lines and Parquet, here or on an object store.

`plan` lists the shards of what a person names and reads nothing but names and sizes; `open_shard` brings the bytes of
one shard to the local disk, hashes them and yields its pages. The same paths give the same shards on every machine.
"""

from __future__ import annotations

import contextlib
import glob
import gzip
import hashlib
import importlib
import io
import re
import tempfile
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple, cast

from pipeline.records import Page, Record, Rejected, content_hash
from pipeline.settings import Settings
from pipeline.sources.files import read_lines, record_page
from pipeline.sources.warc import read_warc

ShardKind = Literal["warc", "jsonl", "parquet", "html"]

RANGE_BYTES = 64 << 20
"""Stored bytes of a WARC in one shard: some thousands of pages, seconds of work."""
FOLDER_FILES = 2_000
"""HTML files of a folder in one shard."""
_PIECE = 1 << 20
_ROWS = 16
_KINDS: dict[str, ShardKind] = {
    ".warc": "warc", ".warc.gz": "warc", ".jsonl": "jsonl", ".jsonl.gz": "jsonl", ".jsonl.zst": "jsonl",
    ".ndjson": "jsonl", ".ndjson.gz": "jsonl", ".ndjson.zst": "jsonl", ".parquet": "parquet",
    ".html": "html", ".htm": "html", ".xhtml": "html",
}  # fmt: skip
_LISTS = (".paths", ".paths.gz")


class ArchiveError(ValueError):
    """A path that names no archive; the message says which, and why."""


class Shard(Record):
    """One unit of work: a file, a range of one, or some files of a folder."""

    id: str
    """Names its outputs; the same for the same path and range."""
    kind: ShardKind
    uri: str
    """The file, or the folder that `files` are in."""
    start: int = 0
    stop: int = 0
    """The range in bytes; all of the file for kinds other than WARC."""
    files: tuple[str, ...] = ()
    size: int
    """Stored bytes."""
    version: str
    """Changes when the stored bytes do, as far as the store tells without reading them: size and time, or an ETag."""


class Opened(NamedTuple):
    """A shard whose bytes are at hand: their SHA-256 and its pages in order."""

    digest: str
    pages: Iterator[Page | Rejected]


class _Entry(NamedTuple):
    uri: str
    size: int
    version: str


def plan(paths: Sequence[str], *, range_bytes: int = RANGE_BYTES) -> list[Shard]:
    """The shards of the archives that `paths` name, in a fixed order; a file named twice counts once.

    A path is a file, a folder (hidden files left out), a glob, or a list of paths (`warc.paths`), here or under a
    protocol of fsspec (`s3://`, `gs://`, `https://`). Raises ArchiveError for one that names no archive.
    """
    entries: dict[str, _Entry] = {}
    for path in paths:
        for entry in _expand(path):
            entries.setdefault(entry.uri, entry)
    shards: list[Shard] = []
    folders: dict[str, list[_Entry]] = {}
    for entry in entries.values():
        kind = _kind(entry.uri)
        if kind == "html":
            folders.setdefault(entry.uri.rpartition("/")[0], []).append(entry)
        elif kind == "warc":
            shards += [_shard(kind, entry, low, range_bytes) for low in range(0, max(entry.size, 1), range_bytes)]
        else:
            shards.append(_shard(kind, entry, 0, max(entry.size, 1)))
    for folder, members in folders.items():
        shards += [
            _folder_shard(folder, members[low : low + FOLDER_FILES]) for low in range(0, len(members), FOLDER_FILES)
        ]
    return shards


def _kind(uri: str) -> ShardKind:
    kind = _known_kind(uri)
    if kind is None:
        raise ArchiveError(f"{uri}: not a WARC, JSONL, Parquet or HTML file by its name")
    return kind


def _known_kind(uri: str) -> ShardKind | None:
    found = re.search(r"(\.[a-z]+)(\.gz|\.zst)?$", uri.lower())
    return _KINDS.get(found[0]) if found else None


def _shard(kind: ShardKind, entry: _Entry, low: int, step: int) -> Shard:
    stop = min(low + step, entry.size)
    return Shard(
        id=_name(entry.uri, low), kind=kind, uri=entry.uri, start=low, stop=stop, size=stop - low, version=entry.version
    )


def _folder_shard(folder: str, members: Sequence[_Entry]) -> Shard:
    names = tuple(entry.uri.rpartition("/")[2] for entry in members)
    version = content_hash([[entry.size, entry.version] for entry in members])
    size = sum(entry.size for entry in members)
    return Shard(id=_name(folder, names[0]), kind="html", uri=folder, files=names, size=size, version=version)


def _name(uri: str, part: int | str) -> str:
    """A file name that a person recognises and that two different shards never share."""
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", uri.rstrip("/").rpartition("/")[2]).strip("-")[:60]
    return f"{stem or 'shard'}-{content_hash(uri, part)[:12]}"


def is_remote(path: str) -> bool:
    """Whether a path has a protocol, so that fsspec opens it."""
    return "://" in path


def _filesystem(uri: str) -> tuple[Any, str]:
    """The fsspec file system of a URI, and the path in it."""
    return cast(tuple[Any, str], importlib.import_module("fsspec.core").url_to_fs(uri))


def _expand(path: str) -> Iterator[_Entry]:
    if re.match(r"[a-z0-9+.-]{1,20}://[^/?#]{0,2000}@", path, re.IGNORECASE):
        # The address of an archive stands in the manifest and in the source of each of its claims.
        raise ArchiveError(
            f"{path.partition('://')[0]}://…: an address with credentials in it; give them as the store reads them"
        )
    if path.lower().endswith(_LISTS):
        for line in _list_lines(path):
            yield from _expand(line)
    else:
        found = _remote(path) if is_remote(path) else _local(path)
        if not found:
            raise ArchiveError(
                f"{path}: there is no such file, or nothing in it is a WARC, JSONL, Parquet or HTML file"
            )
        yield from found


def _list_lines(path: str) -> Iterator[str]:
    """The paths of a list: relative ones to the folder of a local list, to the bucket or host of a remote one."""
    try:
        data = _fetched(path) if is_remote(path) else Path(path).read_bytes()
        text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("utf-8")
    except (OSError, EOFError, ValueError) as error:
        raise ArchiveError(f"{path}: the list cannot be read: {error}") from error
    root = re.match(r"[a-z0-9]+://[^/]+/", path)
    for line in filter(None, map(str.strip, text.splitlines())):
        if is_remote(line) or line.startswith("/"):
            yield line
        else:
            yield root[0] + line if root else str(Path(path).parent / line)


def _fetched(uri: str) -> bytes:
    system, path = _filesystem(uri)
    return cast(bytes, system.cat_file(path))


def _local(path: str) -> list[_Entry]:
    place = Path(path)
    if place.is_dir():
        files = (f for f in place.rglob("*") if not any(part.startswith(".") for part in f.relative_to(place).parts))
        names = sorted(str(f) for f in files if f.is_file() and _known_kind(f.name))
    elif place.exists():
        names = [str(place)]
    else:
        names = sorted(str(Path(name)) for name in glob.glob(path, recursive=True) if Path(name).is_file())  # noqa: PTH207
    entries: list[_Entry] = []
    for name in names:
        state = Path(name).stat()
        entries.append(_Entry(name, state.st_size, f"{state.st_size}:{state.st_mtime_ns}"))
    return entries


def _remote(uri: str) -> list[_Entry]:
    try:
        system, path = _filesystem(uri)
        if glob.has_magic(path):
            rows = cast(dict[str, Any], system.glob(path, detail=True))
        elif system.isdir(path):
            rows = cast(dict[str, Any], system.find(path, detail=True))
            rows = {name: row for name, row in rows.items() if _known_kind(name)}
        else:
            rows = {path: system.info(path)}
    except (OSError, ValueError) as error:
        raise ArchiveError(f"{uri}: {error}") from error
    entries: list[_Entry] = []
    for name, row in sorted(rows.items()):
        if row.get("type") == "file":
            tag = row.get("ETag") or row.get("etag") or row.get("mtime") or row.get("LastModified") or ""
            entries.append(_Entry(str(system.unstrip_protocol(name)), int(row["size"] or 0), f"{row['size']}:{tag}"))
    return entries


def digest(shard: Shard) -> str:
    """SHA-256 of the stored bytes of a local shard, as `open_shard` tells it."""
    if shard.kind == "html":
        return _open_folder(shard, Settings()).digest
    return _digest(Path(shard.uri), shard.start, shard.stop)


@contextlib.contextmanager
def open_shard(shard: Shard, settings: Settings) -> Generator[Opened]:
    """The pages of a shard, read while they are asked for. Raises OSError for stored bytes that cannot be had."""
    with contextlib.ExitStack() as stack:
        if shard.kind == "html":
            yield _open_folder(shard, settings)
            return
        if is_remote(shard.uri):
            path, base = stack.enter_context(_copy(shard, settings)), shard.start
        else:
            path, base = Path(shard.uri), 0
        total = _digest(path, shard.start - base, shard.stop - base)
        match shard.kind:
            case "warc":
                start, stop = shard.start - base, shard.stop - base
                pages = read_warc(path, shard.uri, settings, start=start, stop=stop, base=base)
            case "jsonl":
                pages = read_lines(stack.enter_context(_unpacked(path, shard.uri)), shard.uri, settings)
            case "parquet":
                pages = _rows(path, shard.uri)
        yield Opened(total, _guarded(pages, shard.uri))


def _guarded(pages: Iterable[Page | Rejected], uri: str) -> Iterator[Page | Rejected]:
    """The pages up to where the file cannot be read any further; that is a disposition of its own."""
    damage: list[type[Exception]] = [EOFError, OSError, ValueError, zlib.error]
    if uri.endswith(".zst"):
        damage.append(cast(Any, importlib.import_module("zstandard")).ZstdError)
    try:
        yield from pages
    except tuple(damage) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk, not the data
        yield Rejected(
            source=f"{uri}#end", reason="damaged_file", message=f"{uri}: cannot be read any further: {error}"
        )


@contextlib.contextmanager
def _copy(shard: Shard, settings: Settings) -> Generator[Path]:
    """The range of a remote file on the local disk, with room behind it for the end of its last record."""
    system, path = _filesystem(shard.uri)
    end = shard.stop + (settings.max_bytes + _PIECE if shard.kind == "warc" else 0)
    with tempfile.NamedTemporaryFile(prefix="infraclaims-", suffix=".part") as copy, system.open(path, "rb") as stored:
        stored.seek(shard.start)
        left = end - shard.start
        while left > 0 and (piece := stored.read(min(left, 8 * _PIECE))):
            copy.write(piece)
            left -= len(piece)
        copy.flush()
        yield Path(copy.name)


def _digest(path: Path, start: int, stop: int) -> str:
    total, left = hashlib.sha256(), stop - start
    with path.open("rb") as stream:
        stream.seek(start)
        while left > 0 and (piece := stream.read(min(left, _PIECE))):
            total.update(piece)
            left -= len(piece)
    return total.hexdigest()


def _open_folder(shard: Shard, settings: Settings) -> Opened:
    def read(name: str) -> bytes:
        uri = f"{shard.uri}/{name}"
        return _fetched(uri) if is_remote(uri) else Path(uri).read_bytes()

    total = hashlib.sha256()
    for name in shard.files:
        total.update(hashlib.sha256(name.encode() + b"\0" + read(name)).digest())
    return Opened(total.hexdigest(), _folder_pages(shard, settings, read))


def _folder_pages(shard: Shard, settings: Settings, read: Callable[[str], bytes]) -> Iterator[Page | Rejected]:
    for name in shard.files:
        data, place = read(name), f"{shard.uri}/{name}"
        if len(data) > settings.max_bytes:
            why = f"{place}: it has more than {settings.max_bytes:,} bytes, the limit"
            yield Rejected(source=place, reason="too_large", message=why)
        else:
            yield Page(source=place, content=data, media_type="html")


@contextlib.contextmanager
def _unpacked(path: Path, uri: str) -> Generator[BinaryIO]:
    if uri.endswith(".gz"):
        with gzip.open(path, "rb") as stream:
            yield cast(BinaryIO, stream)
    elif uri.endswith(".zst"):
        zstandard = cast(Any, importlib.import_module("zstandard"))
        with (
            path.open("rb") as packed,
            zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True) as raw,
        ):
            yield cast(BinaryIO, io.BufferedReader(raw))
    else:
        with path.open("rb") as stream:
            yield stream


def _rows(path: Path, source: str) -> Iterator[Page | Rejected]:
    """The rows of a Parquet file as pages; `source:row` counts from 1, as lines do."""
    parquet = cast(Any, importlib.import_module("pyarrow.parquet"))
    number = 0
    with parquet.ParquetFile(path) as table:
        for batch in table.iter_batches(batch_size=_ROWS):
            for row in batch.to_pylist():
                number += 1
                plain = {name: str(value) if hasattr(value, "isoformat") else value for name, value in row.items()}
                yield record_page(plain, f"{source}:{number}")
