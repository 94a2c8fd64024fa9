"""WARC files, whole and hurt: each record once, and damage costs no other record."""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_archive import record

from pipeline.clean import clean
from pipeline.records import Article, Page
from pipeline.settings import Settings
from pipeline.sources.warc import read_warc

BODIES = [f"<html><p>{'word ' * (40 * number + 5)}{number}</p></html>".encode() for number in range(6)]
PLAIN = [record(f"https://a.example/{number}", body) for number, body in enumerate(BODIES)]
PACKED = [gzip.compress(part, mtime=0) for part in PLAIN]
STARTS = [sum(map(len, PACKED[:number])) for number in range(7)]
WHOLE = b"".join(PACKED)


def read(path: Path, data: bytes, **limits: int) -> list[tuple[int, str]]:
    """Offset and reason (`ok` for a page) of each record."""
    path.write_bytes(data)
    found: list[tuple[int, str]] = []
    for item in read_warc(path, "w", Settings(), **limits):
        place = item.source.removeprefix("w@")
        found.append((int(place.split(".")[-1]), "ok" if isinstance(item, Page) else item.reason))
    return found


def changed(at: int, count: int) -> bytes:
    return WHOLE[:at] + bytes(byte ^ 0x55 for byte in WHOLE[at : at + count]) + WHOLE[at + count :]


def good(*numbers: int) -> list[tuple[int, str]]:
    return [(STARTS[number], "ok") for number in numbers]


DAMAGED = {
    "nothing": (WHOLE, good(0, 1, 2, 3, 4, 5)),
    "bytes of a body": (
        changed(STARTS[2] + 80, 20),
        [*good(0, 1), (STARTS[2], "damaged_record"), *good(3, 4, 5)],
    ),
    "the checksum": (
        changed(STARTS[3] - 6, 1),
        [*good(0, 1), (STARTS[2], "damaged_record"), *good(3, 4, 5)],
    ),
    "the head of a member": (
        changed(STARTS[2], 3),
        [*good(0, 1), (STARTS[2], "damaged_record"), *good(3, 4, 5)],
    ),
    "the end is missing": (WHOLE[:-9], [*good(0, 1, 2, 3, 4), (STARTS[5], "damaged_record")]),
    "a part of the middle is missing": (
        WHOLE[: STARTS[2] + 60] + WHOLE[STARTS[3] :],
        [*good(0, 1), (STARTS[2], "damaged_record")]
        + [(STARTS[number] - (STARTS[3] - STARTS[2] - 60), "ok") for number in (3, 4, 5)],
    ),
    "zeros at the end": (WHOLE + b"\0" * 700, good(0, 1, 2, 3, 4, 5)),
    "something else at the end": (WHOLE + b"not a record", [*good(0, 1, 2, 3, 4, 5), (STARTS[6], "damaged_record")]),
    "a member that is no record": (
        PACKED[0] + gzip.compress(b"hello", mtime=0) + PACKED[1],
        [(0, "ok"), (STARTS[1], "damaged_record"), (STARTS[1] + len(gzip.compress(b"hello", mtime=0)), "ok")],
    ),
    "an empty file": (b"", []),
}  # fmt: skip


@pytest.mark.parametrize("case", DAMAGED)
def test_damage_costs_no_other_record(case: str, tmp_path: Path) -> None:
    data, expected = DAMAGED[case]
    assert read(tmp_path / "a.warc.gz", data) == expected


def test_a_plain_file_goes_on_behind_a_record_that_was_cut(tmp_path: Path) -> None:
    data = PLAIN[0] + PLAIN[1][:200] + PLAIN[2] + PLAIN[3]
    second = len(PLAIN[0])
    third = second + 200
    expected = [(0, "ok"), (second, "damaged_record"), (third, "ok"), (third + len(PLAIN[2]), "ok")]
    assert read(tmp_path / "a.warc", data) == expected


def test_a_file_that_was_packed_as_one_is_read(tmp_path: Path) -> None:
    data = gzip.compress(b"".join(PLAIN), mtime=0)
    assert read(tmp_path / "a.warc.gz", data) == [(number, "ok") for number in range(6)]
    assert read(tmp_path / "a.warc.gz", data[:-30])[-1][1] == "damaged_record"
    assert read(tmp_path / "a.warc.gz", data, start=len(data) // 2) == []


REFUSED = {
    "http_status": record("https://a.example", b"x", status="404 Not Found"),
    "not_html": record("https://a.example", b"x", kind="application/pdf"),
    "truncated": record("https://a.example", b"x", extra="WARC-Truncated: time\r\n"),
    "bad_content": record("https://a.example", b"<html>no gzip at all</html>", coding="no gzip"),
    "too_large": record("https://a.example", b"x" * 2_000),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_is_no_page_has_its_reason_and_hurts_nobody(reason: str, tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(PACKED[0] + gzip.compress(REFUSED[reason]) + PACKED[1])
    found = list(read_warc(path, "w", Settings(max_bytes=1_500)))
    assert [getattr(item, "reason", "ok") for item in found] == ["ok", reason, "ok"]
    assert f"w@{STARTS[1]}" in getattr(found[1], "message", "")


def test_a_page_has_address_and_day_and_its_encodings_are_undone(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(gzip.compress(record("https://a.example/page", BODIES[2], coding="gzip")))
    [page] = read_warc(path, "w", Settings())
    assert isinstance(page, Page)
    assert (page.content, page.url, page.source) == (BODIES[2], "https://a.example/page", "w@0")
    assert page.retrieved is not None
    assert page.retrieved.isoformat() == "2026-03-06T01:02:03+00:00"


def test_the_header_of_the_reply_names_the_encoding_of_a_page_that_does_not(tmp_path: Path) -> None:
    body = f"<html><p>The Łódź campus draws 300 MW. {'It is open. ' * 20}</p></html>".encode("iso-8859-2")
    named = [record("https://a.example/", body, kind=f"text/html; charset={name}") for name in ('"ISO-8859-2"', "?")]
    path = tmp_path / "a.warc.gz"
    path.write_bytes(b"".join(map(gzip.compress, named)))
    pages = [page for page in read_warc(path, "w", Settings()) if isinstance(page, Page)]
    told, untold = (clean(page, Settings()) for page in pages)
    assert isinstance(told, Article)
    assert isinstance(untold, Article)
    assert told.text.startswith("The Łódź campus draws 300 MW.")
    assert "Łódź" not in untold.text


@pytest.mark.parametrize(("name", "data"), [("a.warc.gz", WHOLE), ("a.warc", b"".join(PLAIN))])
@given(cuts=st.lists(st.integers(0, 8_000), max_size=5))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_ranges_that_tile_a_file_read_each_record_once(name: str, data: bytes, cuts: list[int], tmp_path: Path) -> None:
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    path = tmp_path / name
    whole = read(path, data)
    parts = [read(path, data, start=low, stop=high) for low, high in itertools.pairwise(edges)]
    assert [found for part in parts for found in part] == whole
    assert len(whole) == 6


def flips() -> st.SearchStrategy[Callable[[bytes], bytes]]:
    def change(at: int, value: int) -> Callable[[bytes], bytes]:
        return lambda data: data[:at] + bytes([data[at] ^ value]) + data[at + 1 :]

    return st.builds(change, st.integers(0, len(WHOLE) - 1), st.integers(1, 255))


@given(flip=flips())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_changed_byte_costs_one_record_at_most(flip: Callable[[bytes], bytes], tmp_path: Path) -> None:
    found = read(tmp_path / "a.warc.gz", flip(WHOLE))
    assert len({place for place in found if place[1] == "ok"} & set(good(0, 1, 2, 3, 4, 5))) >= 5
