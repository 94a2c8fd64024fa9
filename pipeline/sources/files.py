"""Pages from files, folders, globs, standard input, and JSON Lines of articles."""

from __future__ import annotations

import datetime as dt
import glob
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

from pipeline.clean.dates import parse_date, parse_instant
from pipeline.records import Page, Rejected
from pipeline.settings import Settings

_HTML = frozenset({".html", ".htm", ".xhtml"})
_MARKDOWN = frozenset({".md", ".markdown"})
_JSON_LINES = frozenset({".jsonl", ".ndjson"})
_BLANK = b"\xef\xbb\xbf \t\r\n"
# In JSON a character may take six bytes (\u00e9), and a record has more fields than its text.
_JSON_FACTOR = 6


def read_paths(
    paths: Sequence[str],
    settings: Settings,
    *,
    stdin: BinaryIO | None = None,
    url: str | None = None,
    published: dt.date | None = None,
) -> Iterator[Page | Rejected]:
    """The pages of `paths` in the order given: files, folders (recursively, sorted, hidden ones left out), globs, `-`.

    What a file holds is told by its content: JSON Lines with a `text` or `html` in each object give one page a
    line, anything else is one page. Read as a stream: no more than one page is in memory. `url` and `published`
    are for pages whose record does not name its own. Reasons of rejection: `missing`, `empty_directory`,
    `unreadable`, `too_large`, `bad_json_line`, `bad_record`.
    """
    for path in paths:
        if path == "-":
            if stdin is None:
                yield _rejected("<stdin>", "unreadable", "no standard input to read")
            else:
                yield from _read(stdin, "<stdin>", "", settings, url, published)
            continue
        files, problem = _expand(path)
        if problem:
            yield problem
        for file in files:
            yield from _read_file(file, settings, url, published)


def _expand(path: str) -> tuple[list[Path], Rejected | None]:
    try:
        place = Path(path)
        if place.is_dir():
            files = sorted(file for file in place.rglob("*") if file.is_file() and not _hidden(file.relative_to(place)))
            return files, None if files else _rejected(path, "empty_directory", "the folder holds no files to read")
        if place.exists():
            return [place], None
        if glob.has_magic(path):
            files = [Path(found) for found in sorted(glob.glob(path, recursive=True)) if Path(found).is_file()]  # noqa: PTH207  # Path.glob takes no absolute pattern
            return files, None if files else _rejected(path, "missing", "no file matches the pattern")
    except (OSError, ValueError) as error:
        return [], _rejected(path, "unreadable", _why(error))
    return [], _rejected(path, "missing", "there is no such file or folder")


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _read_file(path: Path, settings: Settings, url: str | None, published: dt.date | None) -> Iterator[Page | Rejected]:
    try:
        with path.open("rb") as stream:
            yield from _read(stream, str(path), path.suffix.lower(), settings, url, published)
    except OSError as error:
        yield _rejected(str(path), "unreadable", _why(error))


def _read(
    stream: BinaryIO, source: str, suffix: str, settings: Settings, url: str | None, published: dt.date | None
) -> Iterator[Page | Rejected]:
    limit = settings.max_bytes
    line_limit = _JSON_FACTOR * limit
    head = stream.readline(line_limit + 1)
    number = 1
    while head and not head.strip(_BLANK) and number < 1_000:
        head, number = stream.readline(line_limit + 1), number + 1
    if (suffix in _JSON_LINES and head.strip(_BLANK)) or _is_record(head):
        yield from _json_lines(stream, head, number, source, line_limit, url, published)
        return
    data = head + stream.read(max(limit + 1 - len(head), 0))
    if len(data) > limit:
        yield _rejected(source, "too_large", f"it has more than {limit:,} bytes, the limit")
        return
    yield Page(
        source=source, content=data, media_type=_media_type(suffix), otherwise_url=url, otherwise_published=published
    )


def _media_type(suffix: str) -> Literal["html", "markdown"] | None:
    return "html" if suffix in _HTML else "markdown" if suffix in _MARKDOWN else None


def _is_record(line: bytes) -> bool:
    """Whether a first line is a JSON object that could be an article."""
    if not line.lstrip(b"\xef\xbb\xbf \t").startswith(b"{"):
        return False
    try:
        value = _parsed(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and ("text" in value or "html" in value)


def _parsed(line: bytes) -> Any:
    return json.loads(line.decode("utf-8-sig", "replace"))


def _json_lines(
    stream: BinaryIO, line: bytes, number: int, source: str, limit: int, url: str | None, published: dt.date | None
) -> Iterator[Page | Rejected]:
    while line:
        place = f"{source}:{number}"
        if len(line) > limit:
            yield _rejected(place, "too_large", f"the line has more than {limit:,} bytes")
            while line and not line.endswith(b"\n"):
                line = stream.readline(limit)
        elif line.strip():
            yield _page(line, place, url, published)
        line, number = stream.readline(limit + 1), number + 1


def read_lines(stream: BinaryIO, source: str, settings: Settings) -> Iterator[Page | Rejected]:
    """The pages of JSON Lines of articles, one a line; `source` names the stream in `source:line`.

    Reasons of rejection: `too_large`, `bad_json_line`, `bad_record`.
    """
    limit = _JSON_FACTOR * settings.max_bytes
    yield from _json_lines(stream, stream.readline(limit + 1), 1, source, limit, None, None)


def _page(line: bytes, place: str, url: str | None, published: dt.date | None) -> Page | Rejected:
    try:
        value = _parsed(line)
    except (ValueError, RecursionError) as error:
        return _rejected(place, "bad_json_line", f"the line is not JSON ({error})")
    if not isinstance(value, dict):
        return _rejected(place, "bad_record", "the line is JSON but not an object")
    return record_page(cast(dict[str, Any], value), place, url, published)


def record_page(
    record: Mapping[str, Any], place: str, url: str | None = None, published: dt.date | None = None
) -> Page | Rejected:
    """The page of a record with a `text` or an `html`, as a line of JSON or a row of a table holds it."""
    text, html = record.get("text"), record.get("html")
    if isinstance(text, str) and (text.strip() or not isinstance(html, str)):
        content, media_type = text, None
    elif isinstance(html, str):
        content, media_type = html, "html"
    else:
        return _rejected(place, "bad_record", 'the object has neither a "text" nor an "html"')
    return Page(
        source=place, content=content, media_type=media_type, id=_string(record.get("id")),
        url=_string(record.get("url")), title=_string(record.get("title")),
        publisher=_string(record.get("publisher")), author=_string(record.get("author")),
        published=parse_date(_string(record.get("published")) or ""),
        retrieved=parse_instant(_string(record.get("retrieved")) or ""),
        otherwise_url=url, otherwise_published=published,
    )  # fmt: skip


def _string(value: Any) -> str | None:
    """A field as text: numbers too (ids), null for what is no single value or empty."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    # Half a surrogate pair is valid in JSON and nowhere else.
    return str(value).encode("utf-8", "replace").decode("utf-8").strip() or None


def _why(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)


def _rejected(source: str, reason: str, why: str) -> Rejected:
    return Rejected(source=source, reason=reason, message=f"{source}: {why}")
