"""The archive: readable by others, whole after a crash at any byte, and never wrong about what it holds."""

from __future__ import annotations

import datetime as dt
import errno
import gzip
import json
import os
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType
from hypothesis import given
from hypothesis import strategies as st

from pipeline.archive import PAGE_FIELD, Archive, ArchiveError, Location, cut_torn_end
from pipeline.ingest.fetcher import Exchange, Fetched
from pipeline.records import Page
from pipeline.settings import Settings
from pipeline.sources.warc import read_warc

NOW = dt.datetime(2026, 3, 5, 23, 59, 58, tzinfo=dt.UTC)
BODY = b"<html><body>Granite opens</body></html>"
LIMIT = 1_000_000


def exchange(url: str, status: int = 200, body: bytes = BODY, **headers: str) -> Exchange:
    named = {"content-type": "text/html", **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return Exchange(
        url=url, at=NOW, request=b"GET / HTTP/1.1\r\nHost: e.example\r\n\r\n", status=status,
        head=f"HTTP/1.1 {status} OK\r\n{lines}\r\n".encode(), body=body, headers=named,
    )  # fmt: skip


def fetched(number: int = 1, **headers: str) -> Fetched:
    url = f"https://e.example/{number}"
    hop = exchange(f"https://e.example/old/{number}", 301, b"", location=url)
    body = gzip.compress(BODY) if headers.get("content-encoding") else BODY
    return Fetched(url=hop.url, exchanges=(hop, exchange(url, body=body, **headers)), content=BODY)


def page(number: int = 1, title: str | None = None) -> Page:
    return Page(
        source=f"https://e.example/old/{number}", content=BODY, media_type="html", id=f"id{number}", title=title,
        url=f"https://e.example/{number}", publisher="Ex", published=dt.date(2026, 3, 4), retrieved=NOW,
    )  # fmt: skip


def read(path: Path, kinds: WarcRecordType = WarcRecordType.any_type) -> Iterator[WarcRecord]:
    with path.open("rb") as file:
        yield from ArchiveIterator(file, record_types=kinds, parse_http=False, verify_digests=True)


def test_re_extraction_reads_the_pages_that_were_stored(tmp_path: Path):
    file = page(3).model_copy(update={"media_type": "markdown", "content": b"# Granite opens"})
    with Archive(tmp_path, "test") as archive:
        location = archive.add(fetched(**{"content-encoding": "gzip"}), page())
        archive.add_file(file, NOW)
    found = [item for item in read_warc(tmp_path / location.file, "w", Settings()) if isinstance(item, Page)]
    assert [item.model_copy(update={"source": "-"}) for item in found] == [
        item.model_copy(update={"source": "-"}) for item in (page(), file)
    ]


def test_a_page_comes_back_as_it_was_given(tmp_path: Path):
    with Archive(tmp_path, "test") as archive:
        hostile = page(2, title='Cut "short"\r\nWARC-Type: response\r\n\r\n\x00 <b>ü')
        first = archive.add(fetched(1), page(1))
        second = archive.add(fetched(2, **{"content-encoding": "gzip"}), hostile)
        third = archive.add_file(page(3).model_copy(update={"url": None, "source": "folder:in/ü b.txt"}), NOW)
        assert archive.page(first, LIMIT) == page(1)
        assert archive.page(second, LIMIT) == hostile
        assert archive.page(third, LIMIT).content == BODY
    kinds = [str(record.record_type) for record in read(tmp_path / first.file)]
    group = ["request", "response", "response", "request"]
    assert kinds == ["warcinfo", *group, *group, "resource"]
    assert not list((tmp_path / ".open").iterdir())


def test_what_has_not_changed_is_a_revisit(tmp_path: Path):
    with Archive(tmp_path, "test") as archive:
        archive.add_unchanged(
            Fetched(url="u", exchanges=(exchange("https://e.example/1", 304, b""),), content=b""), NOW
        )
        archive.add_unchanged(fetched(2), NOW)
    (path,) = (tmp_path / "2026" / "03" / "05").iterdir()
    found = [
        (record.headers["WARC-Profile"].rsplit("/", 1)[1], record.headers["WARC-Refers-To-Date"], record.reader.read())
        for record in read(path, WarcRecordType.revisit)
    ]
    assert [profile for profile, _, _ in found] == ["server-not-modified", "identical-payload-digest"]
    assert all(date == "2026-03-05T23:59:58Z" and content.endswith(b"\r\n\r\n") for _, date, content in found)


def test_a_body_is_never_unpacked_beyond_the_limit(tmp_path: Path):
    with Archive(tmp_path, "test") as archive:
        place = archive.add(fetched(1, **{"content-encoding": "gzip"}), page(1))
        with pytest.raises(ValueError, match="limit"):
            archive.page(place, 10)


def test_files_rotate_by_size_and_by_day(tmp_path: Path):
    with Archive(tmp_path, "test", max_bytes=3_000) as archive:
        for number in range(8):
            archive.add(fetched(number), page(number))
        later = exchange("https://e.example/late").model_copy(update={"at": NOW + dt.timedelta(seconds=5)})
        archive.add(Fetched(url=later.url, exchanges=(later,), content=BODY), page(9))
        earlier = later.model_copy(update={"at": NOW})
        back = archive.add(Fetched(url=later.url, exchanges=(earlier,), content=BODY), page(10))
    names = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("infraclaims-*.warc.gz"))
    assert names[0] == "2026/03/05/infraclaims-20260305-0001.warc.gz"
    assert names[-1] == "2026/03/06/infraclaims-20260306-0001.warc.gz"
    assert len(names) > 3
    assert back.file.startswith("2026/03/05/"), "a clock that goes back finds its day again"
    assert all(path.stat().st_size < 8_000 for path in tmp_path.rglob("infraclaims-*.warc.gz"))


def test_two_writers_have_two_files(tmp_path: Path):
    with Archive(tmp_path, "test") as one, Archive(tmp_path, "test") as other:
        first, second = one.add(fetched(1), page(1)), other.add(fetched(2), page(2))
        assert first.file != second.file
        assert list(one.recover()) == [], "a file that is written to is left alone"


CRASH = """
import os, sys
from pathlib import Path
sys.path[:0] = [{tests!r}]
import test_archive as t
folder = Path({folder!r})
with t.Archive(folder, "test") as archive:
    archive.add(t.fetched(10), t.page(10))
archive = t.Archive(folder, "test")
for number in range(3):
    archive.add(t.fetched(number), t.page(number))
os._exit(9)
"""


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a writer leaves that died behind its third page, in a file that another had ended well."""
    folder = tmp_path_factory.mktemp("crashed")
    code = CRASH.format(tests=str(Path(__file__).parent), folder=str(folder))
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    return folder


def copied(crashed: Path, folder: Path) -> tuple[Path, bytes]:
    for path in crashed.rglob("*"):
        target = folder / path.relative_to(crashed)
        if path.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    (path,) = folder.glob("2026/**/*.warc.gz")
    return path, path.read_bytes()


def test_a_crash_at_any_byte_costs_at_most_the_record_that_was_written(crashed: Path, tmp_path: Path):
    path, whole = copied(crashed, tmp_path)
    marker = next((tmp_path / ".open").iterdir())
    mark = marker.read_bytes()
    bounds = [0]
    for _ in range(17):
        rest = whole[bounds[-1] :]
        bounds.append(bounds[-1] + next(n for n in range(20, len(rest) + 1) if _is_member(rest[:n])))
        if bounds[-1] == len(whole):
            break
    begun = int(mark)
    for size in {*range(begun, len(whole), 97), *bounds[5:], *(bound - 1 for bound in bounds[6:])}:
        path.write_bytes(whole[:size])
        marker.write_bytes(mark)
        (found,) = Archive(tmp_path, "test").recover()
        assert path.stat().st_size == max(bound for bound in bounds if bound <= size)
        assert found.cut == size - path.stat().st_size
        with Archive(tmp_path, "test") as archive:
            assert [archive.page(place, LIMIT).id for _, place in found.pages] == [
                f"id{number}" for number in range(len(found.pages))
            ]
        assert not marker.exists()
    assert len(found.pages) <= 3


def _is_member(data: bytes) -> bool:
    stream = zlib.decompressobj(31)
    try:
        stream.decompress(data)
    except zlib.error:
        return False
    return stream.eof


def test_a_writer_after_a_crash_goes_on_behind_the_last_whole_record(crashed: Path, tmp_path: Path):
    path, whole = copied(crashed, tmp_path)
    path.write_bytes(whole[:-5])
    with Archive(tmp_path, "test") as archive:
        assert archive.add(fetched(7), page(7)).file.endswith("-0002.warc.gz"), "a file that was not mended is left"
        (found,) = archive.recover()
        assert len(found.pages) == 3
        assert found.cut > 0
    with Archive(tmp_path, "test") as archive:
        place = archive.add(fetched(8), page(8))
        assert place.file.endswith("-0001.warc.gz")
        assert archive.page(place, LIMIT) == page(8)


@given(data=st.lists(st.binary(max_size=300), max_size=6), tail=st.binary(max_size=60))
def test_what_stands_behind_the_last_whole_member_is_cut(tmp_path_factory: pytest.TempPathFactory, data, tail):
    path = tmp_path_factory.mktemp("cut") / "f.gz"
    whole = b"".join(gzip.compress(part, mtime=0) for part in data)
    path.write_bytes(whole + tail)
    cut_torn_end(path)
    assert path.read_bytes() == whole + (tail if tail and _is_member(tail) else b"")


def test_members_that_unpack_to_much_are_whole(tmp_path: Path):
    path = tmp_path / "big.gz"
    path.write_bytes(gzip.compress(bytes(30_000_000)) * 2)
    assert cut_torn_end(path) == 0


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The write fails in its middle; the half record goes, and the archive is used again when there is room."""
    with Archive(tmp_path, "test") as archive:
        first = archive.add(fetched(1), page(1))
        path = tmp_path / first.file
        before = path.read_bytes()
        real = os.fsync

        def full(descriptor: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(ArchiveError, match="No space left"):
            archive.add(fetched(2), page(2))
        assert path.read_bytes() == before
        monkeypatch.setattr(os, "fsync", real)
        second = archive.add(fetched(2), page(2))
        assert archive.page(second, LIMIT) == page(2)


def test_a_record_that_is_not_there_is_an_error_with_a_name(tmp_path: Path):
    with Archive(tmp_path, "test") as archive:
        place = archive.add(fetched(1), page(1))
        with pytest.raises(ValueError, match="no record"):
            archive.page(Location(file=place.file, offset=10_000_000), LIMIT)
        with pytest.raises(FileNotFoundError):
            archive.page(Location(file="2020/01/01/none.warc.gz", offset=0), LIMIT)


def test_the_field_of_ours_is_one_line_of_ascii(tmp_path: Path):
    with Archive(tmp_path, "test") as archive:
        place = archive.add(fetched(1), page(1, title="Über\u2028\r\nX: y"))
    fields = [record.headers.get(PAGE_FIELD) for record in read(tmp_path / place.file, WarcRecordType.response)]
    (field,) = filter(None, fields)
    assert field.isascii()
    assert json.loads(field)["title"] == "Über\u2028\r\nX: y"
