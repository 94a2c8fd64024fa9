"""Files, folders, globs, standard input and JSON Lines as sources of pages."""

from __future__ import annotations

import datetime as dt
import io
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest

from pipeline.records import Page, Rejected
from pipeline.settings import Settings
from pipeline.sources.files import read_paths

SETTINGS = Settings(max_bytes=10_000)


def read(*paths: str | Path, **options: Any) -> list[Page | Rejected]:
    return list(read_paths([str(path) for path in paths], SETTINGS, **options))


def outline(items: list[Page | Rejected], folder: Path) -> list[tuple[str, str]]:
    """Where each item comes from, under the folder, and what it is."""
    return [
        (item.source.removeprefix(f"{folder}/"), item.reason if isinstance(item, Rejected) else "page")
        for item in items
    ]


def row(**fields: Any) -> str:
    return json.dumps({"id": "a", "text": "Some text."} | fields)


def only(items: list[Page | Rejected]) -> Page:
    (item,) = items
    assert isinstance(item, Page)
    return item


def test_files_come_in_the_order_given_and_folders_sorted(tmp_path: Path) -> None:
    for name in ("b.html", "a.md", "sub/c.txt", ".hidden/x.txt", "sub/.y"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("text")
    items = read(tmp_path / "b.html", tmp_path, tmp_path / "*.md")
    assert outline(items, tmp_path) == [
        ("b.html", "page"), ("a.md", "page"), ("b.html", "page"), ("sub/c.txt", "page"), ("a.md", "page"),
    ]  # fmt: skip
    assert [item.media_type for item in items if isinstance(item, Page)] == [
        "html",
        "markdown",
        "html",
        None,
        "markdown",
    ]


def test_inputs_that_give_no_page_are_rejected_and_the_rest_goes_on(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "good.txt").write_text("text")
    (tmp_path / "big.txt").write_bytes(b"x" * 10_001)
    items = read(
        tmp_path / "no.txt",
        tmp_path / "empty",
        tmp_path / "*.pdf",
        "bad\0name",
        tmp_path / "big.txt",
        tmp_path / "good.txt",
    )
    assert outline(items, tmp_path) == [
        ("no.txt", "missing"), ("empty", "empty_directory"), ("*.pdf", "missing"), ("bad\0name", "missing"),
        ("big.txt", "too_large"), ("good.txt", "page"),
    ]  # fmt: skip
    assert all(item.message.startswith(f"{item.source}: ") for item in items if isinstance(item, Rejected))


def test_a_file_that_cannot_be_opened_is_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "secret.txt").write_text("text")
    monkeypatch.setattr(Path, "open", refuse)
    (item,) = read(tmp_path / "secret.txt")
    assert isinstance(item, Rejected)
    assert (item.reason, item.message) == ("unreadable", f"{tmp_path}/secret.txt: Permission denied")


def test_jsonl_with_broken_lines(tmp_path: Path) -> None:
    lines = [row(id="1"), "{broken", "", "[1]", '{"id": "5"}', '{"text": 7}', "[" * 100_000, row(id=8)]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    assert outline(read(tmp_path / "a.jsonl"), tmp_path) == [
        ("a.jsonl:1", "page"), ("a.jsonl:2", "bad_json_line"), ("a.jsonl:4", "bad_record"), ("a.jsonl:5", "bad_record"),
        ("a.jsonl:6", "bad_record"), ("a.jsonl:7", "too_large"), ("a.jsonl:8", "page"),
    ]  # fmt: skip


def test_json_lines_are_known_by_their_content(tmp_path: Path) -> None:
    (tmp_path / "articles.txt").write_text("\ufeff\n" + row(id="1") + "\n{broken\n" + row(id="2"), encoding="utf-8")
    (tmp_path / "prose.txt").write_text('{"note": 1} opens this text.\n')
    assert outline(read(tmp_path / "articles.txt", tmp_path / "prose.txt"), tmp_path) == [
        ("articles.txt:2", "page"), ("articles.txt:3", "bad_json_line"), ("articles.txt:4", "page"),
        ("prose.txt", "page"),
    ]  # fmt: skip


def test_fields_of_a_record(tmp_path: Path) -> None:
    fields = {
        "id": 12, "url": "https://a.example/b", "title": " T ", "published": "2026-03-05T23:00:00-07:00",
        "publisher": "P", "author": "A", "genre": "ignored", "text": "Some\ud800 text.",
        "retrieved": "2026-03-06T09:12:00+02:00",
    }  # fmt: skip
    (tmp_path / "a.jsonl").write_text(json.dumps(fields))
    page = only(read(tmp_path / "a.jsonl"))
    assert page.model_dump(exclude={"source", "content", "media_type", "charset"}, exclude_none=True) == {
        "id": "12", "url": "https://a.example/b", "title": "T", "publisher": "P", "author": "A",
        "published": dt.date(2026, 3, 5), "retrieved": dt.datetime(2026, 3, 6, 7, 12, tzinfo=dt.UTC),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2026-03-05", dt.date(2026, 3, 5)),
        ("20260305", dt.date(2026, 3, 5)),
        ("2026/3/5 10:00", dt.date(2026, 3, 5)),
        ("March 5, 2026", dt.date(2026, 3, 5)),
        ("5 Mar 2026", dt.date(2026, 3, 5)),
        ("Thu, 05 Mar 2026 10:00:00 GMT", dt.date(2026, 3, 5)),
        ("2026-02-30", None),
        ("03/05/2026", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (["2026-03-05"], None),
    ],
)
def test_dates_of_a_record(tmp_path: Path, value: object, day: dt.date | None) -> None:
    (tmp_path / "a.jsonl").write_text(row(published=value))
    assert only(read(tmp_path / "a.jsonl")).published == day


def test_text_comes_before_html_unless_it_is_blank(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("\n".join([row(html="<p>x</p>"), row(text=" ", html="<p>x</p>"), row(text="")]))
    pages = [item for item in read(tmp_path / "a.jsonl") if isinstance(item, Page)]
    assert [(page.content, page.media_type) for page in pages] == [
        ("Some text.", None),
        ("<p>x</p>", "html"),
        ("", None),
    ]


def test_options_fill_in_what_a_record_does_not_say(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(row(url="https://own.example") + "\n" + row())
    day = dt.date(2026, 1, 1)
    own, bare = read(tmp_path / "a.jsonl", url="https://given.example", published=day)
    assert isinstance(own, Page)
    assert isinstance(bare, Page)
    assert [(page.url, page.published) for page in (own, bare)] == [("https://own.example", None), (None, None)]
    assert {(page.otherwise_url, page.otherwise_published) for page in (own, bare)} == {("https://given.example", day)}


def test_standard_input() -> None:
    page = only(read("-", stdin=io.BytesIO(b"<html>one page</html>"), url="https://a.example"))
    told = page.source, page.content, page.otherwise_url
    assert told == ("<stdin>", b"<html>one page</html>", "https://a.example")
    lines = read("-", stdin=io.BytesIO((row() + "\n" + row()).encode()))
    assert [item.source for item in lines] == ["<stdin>:1", "<stdin>:2"]
    (none,) = read("-")
    assert isinstance(none, Rejected)


class Endless(io.RawIOBase):
    """A stream of JSON Lines without an end, and a count of what was taken from it."""

    def __init__(self) -> None:
        self.taken = 0
        self._rows = self._chunks()

    def readable(self) -> bool:
        return True

    def _chunks(self) -> Iterator[bytes]:
        while True:
            yield (row(text="Some text. " * 50) + "\n").encode()

    def readinto(self, buffer: Any) -> int:
        chunk = next(self._rows)
        buffer[: len(chunk)] = chunk
        self.taken += len(chunk)
        return len(chunk)


def test_json_lines_are_streamed() -> None:
    endless = Endless()
    pages = read_paths(["-"], SETTINGS, stdin=cast(BinaryIO, io.BufferedReader(endless)))
    tracemalloc.start()
    for _ in range(2_000):
        assert isinstance(next(pages), Page)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert endless.taken > 1_000_000
    assert peak < 500_000
