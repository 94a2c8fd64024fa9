"""From bytes to a clean article: cases as data, character sets, bad input, and properties that hold for any bytes."""

from __future__ import annotations

import datetime as dt
import hashlib
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.clean import clean
from pipeline.clean.rules import rules
from pipeline.clean.text import fold, join, key
from pipeline.lexicon import LexiconError
from pipeline.records import Article, Page, Rejected
from pipeline.settings import Settings

HERE = Path(__file__).parent
FIXTURES = HERE / "fixtures" / "clean"
CASES = tomllib.loads((HERE / "cases" / "clean.toml").read_text(encoding="utf-8"))["case"]
SETTINGS = Settings()
SENTENCE = "Northwind AI said on Monday that its campus by the river would draw 300 MW by the end of the year. "


def cleaned(content: bytes | str, settings: Settings = SETTINGS, **fields: Any) -> Article:
    result = clean(Page(source="page", content=content, **fields), settings)
    assert isinstance(result, Article), result
    return result


def refused(content: bytes | str, settings: Settings = SETTINGS, **fields: Any) -> Rejected:
    result = clean(Page(source="page", content=content, **fields), settings)
    assert isinstance(result, Rejected), result
    assert result.message.startswith("page: ")
    assert len(result.message) > 15
    return result


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case: dict[str, Any]) -> None:
    fields = {name: case[name] for name in ("media_type", "url", "title", "retrieved") if name in case}
    if "given_published" in case:
        fields["published"] = case["given_published"]
    if "reason" in case:
        assert refused(case["content"], **fields).reason == case["reason"]
        return
    article = cleaned(case["content"], **fields)
    assert article.text.split("\n\n") == case["blocks"]
    document = article.document
    assert document.text_sha256 == hashlib.sha256(article.text.encode()).hexdigest()
    for name, value in (("doc_title", document.title), ("publisher", document.publisher), ("author", document.author)):
        if name in case:
            assert value == case[name]
    if "published" in case:
        assert str(document.published or "") == case["published"]
    if "cleaner" in case:
        assert article.cleaner == case["cleaner"]


def test_article_page() -> None:
    article = cleaned((FIXTURES / "article.html").read_bytes(), url="https://www.valleypost.example/granite")
    assert article.text == (FIXTURES / "article.txt").read_text(encoding="utf-8").strip()
    assert article.cleaner == "html.trafilatura"
    assert article.document.published == dt.date(2026, 3, 5)
    assert article.document.publisher == "Valley Post"


def test_the_fallback_leaves_out_what_is_not_the_article(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.clean.html._trafilatura", lambda _tree: [])
    article = cleaned((FIXTURES / "article.html").read_bytes())
    assert article.cleaner == "html.fallback"
    wanted = (FIXTURES / "article.txt").read_text(encoding="utf-8").strip().split("\n\n")
    got = article.text.split("\n\n")
    assert set(got) <= {*wanted, "By Ada Birch | March 5, 2026"}
    # A short heading or item without a full stop may go; the sentences and the table must not.
    assert [block for block in wanted if block.endswith(".") or ";" in block] == [
        block for block in got if block.endswith(".") or ";" in block
    ]


def test_listing_page() -> None:
    rejected = refused((FIXTURES / "listing.html").read_bytes())
    assert rejected.reason == "listing"
    assert rejected.document is not None


BODY = "Zürich’s campus — 300 MW\n\n" + SENTENCE * 3


@pytest.mark.parametrize(
    ("data", "first"),
    [
        (BODY.encode("utf-8"), "Zürich's campus — 300 MW"),
        (BODY.encode("utf-8-sig"), "Zürich's campus — 300 MW"),
        (BODY.encode("utf-16"), "Zürich's campus — 300 MW"),
        (BODY.encode("utf-16-le"), "Zürich's campus — 300 MW"),
        (BODY.encode("utf-16-be"), "Zürich's campus — 300 MW"),
        (BODY.encode("utf-32"), "Zürich's campus — 300 MW"),
        (BODY.encode("cp1252"), "Zürich's campus — 300 MW"),
        ((BODY + "€").encode("utf-8")[:-1], "Zürich's campus — 300 MW"),
        (b"<html><meta charset=utf-8><p>" + BODY.encode("cp1252") + b"</p></html>", "Zürich's campus — 300 MW"),
        (b"<html><meta charset=latin-1><p>" + BODY.encode("cp1252") + b"</p></html>", "Zürich's campus — 300 MW"),
        (b"<html><meta charset=latin2><p>" + "Łódź".encode("iso-8859-2") + b" has a campus of 300 MW.</p>", "Łódź has"),
        (b"<html><meta charset=rot13><p>Caf\xe9 is where the campus is.</p></html>", "Café is"),
        ("Zürich, Genève und Köln ".encode() * 20 + b"\xff" + SENTENCE.encode() * 9, "Zürich, Genève"),
    ],
    ids=[
        "utf-8", "utf-8 with mark", "utf-16 with mark", "utf-16-le", "utf-16-be", "utf-32", "windows-1252", "cut utf-8",
        "latin-1 called utf-8", "latin-1 means windows-1252", "declared", "a codec that is none", "one bad byte",
    ],
)  # fmt: skip
def test_charset(data: bytes, first: str) -> None:
    assert cleaned(data).text.startswith(first)


@pytest.mark.parametrize(
    ("data", "told", "first"),
    [
        ("Łódź has a campus of 300 MW.".encode("iso-8859-2"), "ISO-8859-2", "Łódź has"),
        ("Łódź has a campus of 300 MW.".encode("iso-8859-2"), ' "iso-8859-2"', "Łódź has"),
        ("Москва has a campus of 300 MW.".encode("koi8-r"), "koi8-r", "Москва has"),
        (b"<html><meta charset=latin2><p>" + "Łódź has a campus.".encode("iso-8859-2") + b"</p>", "koi8-r", "Łódź has"),
        (BODY.encode("utf-8"), "iso-8859-1", "Zürich's campus — 300 MW"),
        (BODY.encode("utf-16"), "iso-8859-1", "Zürich's campus — 300 MW"),
        (BODY.encode("cp1252"), "utf-8", "Zürich's campus — 300 MW"),
        (BODY.encode("cp1252"), "rot13", "Zürich's campus — 300 MW"),
        (BODY.encode("cp1252"), "no name\0", "Zürich's campus — 300 MW"),
    ],
    ids=[
        "told alone", "in quotes", "another", "the page knows better", "latin-1 for utf-8", "a mark is surer",
        "utf-8 for windows-1252", "a codec that is none", "no name",
    ],
)  # fmt: skip
def test_the_container_names_the_charset_where_the_page_does_not(data: bytes, told: str, first: str) -> None:
    assert cleaned(data, charset=told).text.startswith(first)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\n", "empty"),
        (b"%PDF-1.7\n" + b"text " * 99, "binary"),
        (b"PK\x03\x04" + b"text " * 99, "binary"),
        (bytes(range(256)) * 40, "binary"),
        (b"<meta charset=shift_jis>" + bytes(range(0x80, 0x100)) * 9, "undecodable"),
        (b"word " * 4_000_000, "too_large"),
    ],
    ids=["no byte", "only a mark", "pdf", "zip", "bytes", "wrong charset", "20 MB"],
)
def test_bad_bytes(data: bytes, reason: str) -> None:
    assert refused(data).reason == reason


def test_too_much_text() -> None:
    assert refused(SENTENCE * 30, Settings(max_text_chars=1_000)).reason == "too_large"


PARAGRAPHS = "".join(f"<p>{SENTENCE}This is number {number} of them.</p>" for number in range(6))


@pytest.mark.parametrize(
    "page",
    [
        "<html><body>" + "<div>" * 300 + PARAGRAPHS + "</div>" * 300,
        "<html><body>" + "<div>" * 3_000 + PARAGRAPHS + "</div>" * 3_000,
        "<html><body><p " + " ".join(f"a{number}=1" for number in range(100_000)) + ">" + PARAGRAPHS,
        "<html><head><script type='application/ld+json'>" + '{"@type":["' * 100_000 + "</script></head>" + PARAGRAPHS,
        "<html><head><script type='application/ld+json'>" + "[" * 100_000 + "</script></head>" + PARAGRAPHS,
        "<html><body>" + "<ul><li>x " * 900 + PARAGRAPHS,
    ],
    ids=["300 divs", "3,000 divs", "100,000 attributes", "broken JSON-LD", "deep JSON-LD", "nested lists"],
)
def test_hostile_page_still_gives_its_article(page: str) -> None:
    assert all(f"This is number {number} of them." in cleaned(page).text for number in range(6))


def test_megabytes_of_nested_tags() -> None:
    assert refused(b"<html><body>" + b"<div>" * 1_000_000).reason == "no_text"


def test_id_is_given_or_of_the_address_or_of_the_text() -> None:
    url = "https://news.example/a"
    assert cleaned(SENTENCE, id="a-1", url=url).document.id == "a-1"
    by_url = cleaned(SENTENCE, url=url).document.id
    assert by_url == cleaned("Changed since. " + SENTENCE, url=url).document.id
    assert cleaned(SENTENCE).document.id == cleaned("\ufeff" + SENTENCE).document.id != by_url


def normalise(text: str) -> str:
    """`text` folded, each of its lines a block."""
    return join(fold(text).split("\n"))


@given(st.text())
def test_normalisation_is_idempotent(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    once.encode()


@given(st.binary() | st.text().map(str.encode) | st.text(alphabet="<>/a=\"' !-p&;#[]()*|`\n").map(str.encode))
def test_no_bytes_raise(data: bytes) -> None:
    result = clean(Page(source="page", content=data), SETTINGS)
    assert result.text if isinstance(result, Article) else result.message.startswith("page: ")


@given(st.text(), st.text())
def test_the_title_is_the_first_line_and_offsets_can_be_trusted(title: str, body: str) -> None:
    result = clean(Page(source="page", content=body, title=title), SETTINGS)
    if isinstance(result, Article):
        lines = result.text.split("\n\n")
        assert all(line and line == normalise(line) for line in lines)
        if result.document.title:
            assert lines[0] == result.document.title
            assert len(lines) < 2 or not key(lines[0]) or key(lines[1]) != key(lines[0])


def test_an_unknown_key_in_the_rules_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = (HERE.parent / "pipeline" / "lexicon" / "pages.toml").read_text(encoding="utf-8")
    (tmp_path / "pages.toml").write_text(text.replace("[paywall]", "[paywall]\nphases = []"), encoding="utf-8")
    monkeypatch.setattr("pipeline.clean.rules.resources.files", lambda _package: tmp_path)
    with pytest.raises(LexiconError, match=r"pages\.toml(.|\n)*phases"):
        rules.__wrapped__()
