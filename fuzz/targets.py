"""One function a surface: it takes any bytes and raises where what is promised of them does not hold.

Nothing but the declared answers may come out of them (an article or a reason, a record or a reason, an error of ours
with a message), spans slice back, what is written can be read again, and one input gives one result.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import io
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline import manifest
from pipeline.claim_files import claims_or_rejected
from pipeline.clean import clean
from pipeline.clean.text import fold, join
from pipeline.components.dates import find_dates
from pipeline.components.quantities import find_quantities
from pipeline.extractor import Pipeline, build, extract_page
from pipeline.flat import flat_row, from_flat
from pipeline.ingest import config
from pipeline.ingest.encodings import EncodingError, TooLargeError, unpacked
from pipeline.ingest.feeds import FeedError, read_feed
from pipeline.ingest.urls import key
from pipeline.ledger.overrides import OverridesError, read_overrides
from pipeline.lexicon import Company, LexiconError, Rule, parse_entries, parse_rules, parse_toml
from pipeline.records import Article, Claim, Page, Rejected
from pipeline.settings import Settings
from pipeline.sources.files import read_lines
from pipeline.sources.warc import read_warc

SETTINGS = Settings(model=None, max_bytes=1_000_000, max_text_chars=200_000)
LIMIT = 1_000_000
"""Bytes that a small input may unpack to."""
_DAY = dt.date(2026, 3, 5)


def html(data: bytes) -> None:
    """A page of HTML."""
    _cleaned(Page(source="page", content=data, media_type="html", url="https://a.example/2026/03/05/page"))


def markdown(data: bytes) -> None:
    """A Markdown text."""
    _cleaned(Page(source="page", content=_text(data), media_type="markdown"))


def _cleaned(page: Page) -> None:
    found = clean(page, SETTINGS)
    assert clean(page, SETTINGS) == found, "one page gives two results"
    if isinstance(found, Rejected):
        assert found.message.startswith("page: "), found
        return
    assert found.text == join(fold(found.text).split("\n")), "a cleaned text is clean"
    assert found.document.text_sha256 == hashlib.sha256(found.text.encode()).hexdigest()
    if found.document.title:
        assert found.text.split("\n\n")[0] == found.document.title
    again = clean(Page(source="again", content=found.text, id=found.document.id), SETTINGS)
    assert not isinstance(again, Article) or again.document.id == found.document.id


def quantities(data: bytes) -> None:
    """Numbers with meaning in a text."""
    text, end = _text(data), 0
    found = find_quantities(text)
    assert found == find_quantities(text)
    for mention in found:
        assert end <= mention.start < mention.end <= len(text), "spans in order, without overlap"
        assert text[mention.start : mention.end] == mention.quantity.text
        low, high = mention.quantity.min, mention.quantity.max
        assert low is None or high is None or low <= high, mention
        end = mention.end


def dates(data: bytes) -> None:
    """Dates in a text, with and without a day of publication."""
    text = _text(data)
    for published in (None, _DAY):
        end = 0
        for mention in find_dates(text, published):
            assert end <= mention.start < mention.end <= len(text), "spans in order, without overlap"
            assert text[mention.start : mention.end] == mention.date.text
            start, stop = mention.date.start, mention.date.end
            assert (start is None) == (stop is None)
            assert start is None or stop is None or start <= stop, mention
            end = mention.end


@functools.cache
def _pipeline() -> Pipeline:
    return build(SETTINGS)


def article(data: bytes) -> None:
    """A plain text from its characters to its claims, by the rules alone."""
    page = Page(source="page", content=_text(data)[:4_000], published=_DAY, url="https://a.example/story")
    result = extract_page(page, _pipeline())
    assert extract_page(page, _pipeline()) == result, "one page gives two results"
    text = result.article.text or ""
    assert not result.claims or result.article.disposition == "extracted"
    assert len({claim.claim_id for claim in result.claims}) == len(result.claims), "ids are unique"
    for claim in result.claims:
        _in_place(claim, text)
        assert Claim.model_validate_json(claim.to_json()) == claim
        assert from_flat(flat_row(claim)) == claim


def _in_place(claim: Claim, text: str) -> None:
    for evidence in claim.evidence:
        assert 0 <= evidence.start < evidence.end <= len(text)
        assert text[evidence.start : evidence.end].startswith((evidence.text or "").rstrip("…").rstrip())
        for cue in evidence.cues:
            assert text[cue.start : cue.end] == cue.text
        for start, end in evidence.spans.values():
            assert 0 <= start < end <= len(text)
    if claim.quantity:
        spans = [evidence.spans["quantity"] for evidence in claim.evidence if "quantity" in evidence.spans]
        assert not spans or any(text[start:end] == claim.quantity.text for start, end in spans)


def claims(data: bytes) -> None:
    """A file of claim records."""
    for item in claims_or_rejected([_file("claims.jsonl", data)]):
        if isinstance(item, Claim):
            assert Claim.model_validate_json(item.to_json()) == item
            assert from_flat(flat_row(item)) == item
        else:
            assert item.message.startswith(item.source)


def articles(data: bytes) -> None:
    """JSON Lines of articles."""
    places = [item.source for item in read_lines(io.BytesIO(data), "lines", SETTINGS)]
    assert places == list(dict.fromkeys(places)), "each line once, in order"


def entries(data: bytes) -> None:
    """The manifest of a re-extraction."""
    out = _file(manifest.MANIFEST, data).parent
    try:
        found = manifest.read(out)
    except manifest.ManifestError:
        return
    manifest.write(out, found.values())
    assert manifest.read(out) == found


def feed(data: bytes) -> None:
    """A feed, or a sitemap where the first byte is odd."""
    kind = "sitemap" if data[:1] and data[0] % 2 else "feed"
    try:
        found = read_feed(kind, data[1:], "https://a.example/feed", 50, LIMIT)
    except FeedError:
        return
    assert len(found.entries) <= 50
    for entry in found.entries:
        assert entry.url == key(entry.url), "an address is a key already"
    for address in found.sitemaps:
        assert address == key(address)


_CODINGS = ("gzip", "deflate", "br", "zstd")


def body(data: bytes) -> None:
    """A packed body; the first byte chooses how."""
    try:
        assert len(unpacked(data[1:], [_CODINGS[(data[:1] or b"\0")[0] % 4]], LIMIT)) <= LIMIT
    except (EncodingError, TooLargeError):
        return


def warc(data: bytes) -> None:
    """A WARC file, whole and in two ranges."""
    path = _file("a.warc.gz" if data[:2] == b"\x1f\x8b" else "a.warc", data)
    whole = [item.source for item in read_warc(path, "w", SETTINGS)]
    assert whole == list(dict.fromkeys(whole)), "each record once"
    middle = len(data) // 2
    for limits in ({"stop": middle}, {"start": middle}):
        assert all(item.source.startswith("w@") for item in read_warc(path, "w", SETTINGS, **limits))


def overrides(data: bytes) -> None:
    """A file of corrections."""
    try:
        found = read_overrides([_file("corrections.toml", data)])
    except OverridesError as error:
        assert "corrections.toml" in str(error)
        return
    assert type(found).model_validate_json(found.to_json()) == found


def lexicon(data: bytes) -> None:
    """A file of the lexicon: entities a line, and rules."""
    text = _text(data)
    for read in (
        lambda: parse_entries(text, "companies.jsonl", Company),
        lambda: parse_rules(parse_toml(text, "cues"), "cues", "cue", Rule),
    ):
        try:
            read()
        except LexiconError as error:
            assert str(error).startswith("lexicon/")


def sources(data: bytes) -> None:
    """A sources file of ingestion."""
    path = _file("sources.toml", data)
    try:
        assert config.load(path).sources
    except config.ConfigError as error:
        assert "sources.toml" in str(error)


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    target.__name__: target
    for target in (
        html, markdown, quantities, dates, article, claims, articles, entries, feed, body, warc, overrides, lexicon,
        sources,
    )
}  # fmt: skip


def _text(data: bytes) -> str:
    """Any bytes as characters, half surrogate pairs among them, as JSON can bring them."""
    return data.decode("utf-8", "surrogatepass" if b"\xed" in data and _is_surrogate(data) else "replace")


def _is_surrogate(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


@functools.cache
def _scratch() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="infraclaims-fuzz-")


def _file(name: str, data: bytes) -> Path:
    path = Path(_scratch().name) / name
    path.write_bytes(data)
    return path
