"""The pure parts of ingestion: addresses, bodies, feeds, refused networks, the sources file, links between texts."""

from __future__ import annotations

import datetime as dt
import gzip
import random
import time
import zlib
from pathlib import Path

import brotli
import made
import pytest
import website
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pipeline.ingest import config, links
from pipeline.ingest.closing import RunReport
from pipeline.ingest.context import Event
from pipeline.ingest.encodings import EncodingError, TooLargeError, codings, unpacked
from pipeline.ingest.feeds import FeedError, read_feed
from pipeline.ingest.guard import allowed
from pipeline.ingest.health import SourceHealth
from pipeline.ingest.report import markdown
from pipeline.ingest.robots import LONGEST_DELAY, Robots
from pipeline.ingest.terminal import level, log_line, trouble
from pipeline.ingest.urls import BadUrlError, canonical, key, same_site
from pipeline.store import Summary

ROOT = Path(__file__).parent.parent
LIMIT = 1_000_000

KEYS = [
    ("HTTP://WWW.Example.com:80/a/../b/?utm_source=x&b=2&a=1#part", "http://www.example.com/b/?a=1&b=2"),
    ("https://example.com/a?fbclid=1", "https://example.com/a"),
    ("https://ex.com/%2e%2e/x", "https://ex.com/x"),
    ("https://ex.com/../../etc/passwd", "https://ex.com/etc/passwd"),
    ("https://ex.com/a b<script>\"'", "https://ex.com/a%20b%3Cscript%3E%22%27"),
    ("https://bücher.example/straße", "https://xn--bcher-kva.example/stra%C3%9Fe"),
    ("https://ex.com", "https://ex.com/"),
    ("//ex.org/y", "https://ex.org/y"),
    ("/y?id=7", "https://base.example/y?id=7"),
    ("http://[2001:db8::1]:8080/x", "http://[2001:db8::1]:8080/x"),
]


@pytest.mark.parametrize(("url", "known"), KEYS, ids=[url for url, _ in KEYS])
def test_a_page_is_known_by_one_address(url: str, known: str):
    assert key(url, "https://base.example/feed") == known
    assert key(known) == known


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "file:///etc/passwd", "ftp://ex.com/x", "data:text/html,x", "https://user:pw@ex.com/",
        "https://ex.com/\x00", "https://ex.com/a\nHost: b", "https://", "http://ex.com:99999/", "https://a b/",
        "https://ex.com/" + "x" * 3_000, "relative", "https://[::1/", "https://../a", "https://ex.com/" + "é" * 500,
    ],
)  # fmt: skip
def test_hostile_addresses_are_refused(url: str):
    with pytest.raises(BadUrlError):
        key(url)


def test_a_link_that_is_no_address_is_refused_wherever_it_stands():
    with pytest.raises(BadUrlError):
        key("http://[x/", "https://ex.com/")
    found = read_feed("sitemap", b"<urlset><a:><loc>http://[x/</loc></a:><url><loc>/good</loc></url></urlset>",
                      "https://ex.com/", 9, 1_000)  # fmt: skip
    assert [entry.url for entry in found.entries] == ["https://ex.com/good"]
    assert found.unusable == 1


@given(st.text(max_size=80))
def test_keys_are_plain_ascii_or_refused(text: str):
    try:
        found = key(text, "https://base.example/")
    except BadUrlError:
        return
    assert found.isascii()
    assert found.isprintable()
    assert found.startswith(("http://", "https://"))
    assert key(found) == found


CANONICALS = [
    (b'<link rel="canonical" href="/story">', "https://www.ex.com/story"),
    (b"<LINK href='https://ex.com/s?a=1&amp;b=2&amp;utm_medium=q' REL=canonical>", "https://ex.com/s?a=1&b=2"),
    (b'<link rel="canonical" href="https://other.org/story">', "https://www.ex.com/amp/story"),
    (b'<link rel="canonical" href="/">', "https://www.ex.com/amp/story"),
    (b'<link rel="canonical" href="javascript:x">', "https://www.ex.com/amp/story"),
    (b'<link rel="stylesheet" href="/canonical.css">', "https://www.ex.com/amp/story"),
]


@pytest.mark.parametrize(("head", "address"), CANONICALS)
def test_a_page_names_its_own_address_only_on_its_own_site(head: bytes, address: str):
    assert canonical("https://www.ex.com/amp/story", head) == address


def test_a_canonical_link_is_looked_for_in_linear_time():
    begun = time.monotonic()
    for hostile in (b"<link " * 50_000, b"<link rel=" * 30_000, b'<link rel="' + b"a " * 150_000):
        canonical("https://ex.com/a", hostile)
    assert time.monotonic() - begun < 2


def test_sites_are_registered_domains_or_bare_hosts():
    assert same_site("https://amp.ex.co.uk/", "https://www.ex.co.uk/")
    assert not same_site("https://a.co.uk/", "https://b.co.uk/")
    assert not same_site("http://127.0.0.1:1/", "http://127.0.0.1:2/")


PACKERS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": lambda data: brotli.compress(data, quality=4),
    "zstd": zstandard.compress,
}


@pytest.mark.parametrize("coding", PACKERS)
@given(data=st.binary(max_size=2_000))
def test_bodies_are_unpacked(coding: str, data: bytes):
    assert unpacked(PACKERS[coding](data), [coding], LIMIT) == data


@pytest.mark.parametrize("coding", PACKERS)
def test_a_bomb_is_stopped_while_it_is_unpacked(coding: str):
    packed = PACKERS[coding](bytes(50_000_000))
    begun = time.monotonic()
    with pytest.raises(TooLargeError):
        unpacked(packed, [coding], LIMIT)
    assert time.monotonic() - begun < 1


@pytest.mark.parametrize("coding", PACKERS)
@pytest.mark.parametrize("broken", [lambda b: b[: len(b) // 2], lambda b: b"junk" + b], ids=["cut", "junk"])
def test_broken_bodies_are_named(coding: str, broken: object):
    packed = PACKERS[coding](random.Random(1).randbytes(5_000))
    with pytest.raises(EncodingError):
        unpacked(broken(packed), [coding], LIMIT)  # type: ignore[operator]


def test_layers_raw_deflate_members_and_unknown_codings():
    data = b"granite " * 100
    assert unpacked(gzip.compress(brotli.compress(data)), ["br", "gzip"], LIMIT) == data
    assert unpacked(gzip.compress(data) + gzip.compress(data), ["gzip"], LIMIT) == data * 2
    raw = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    assert unpacked(raw.compress(data) + raw.flush(), ["deflate"], LIMIT) == data
    assert codings(" GZIP , identity,br") == ("gzip", "br")
    for wrong in (["compress"], ["gzip", "gzip", "gzip"]):
        with pytest.raises(EncodingError):
            unpacked(data, wrong, LIMIT)


RSS = b"""<rss version="2.0"><channel>
<item><title>A &amp; B\x07 &lt;script&gt;</title><link>/1?utm_source=q</link>
  <pubDate>Thu, 05 Mar 2026 23:00:00 -0800</pubDate></item>
<item><title>again</title><link>/1</link></item><item><link>javascript:x</link></item>
<item><title>no link</title></item><item><link>/2</link></item><item><link>/3</link></item>
<item><title>cut o"""
ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>x</title><link href="/1"/>
<updated>2026-03-06T01:00:00Z</updated><published>2026-03-04T01:00:00Z</published></entry></feed>"""
NEWS = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:n="http://www.google.com/schemas/sitemap-news/0.9">
<url><loc>https://e.example/a</loc><lastmod>2026-03-06</lastmod><n:news><n:publication><n:name>N</n:name></n:publication>
<n:publication_date>2026-03-05</n:publication_date><n:title>T &e;</n:title></n:news></url></urlset>"""
INDEX = b"""<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<sitemap><loc>/old.xml</loc><lastmod>2025-01-01</lastmod></sitemap>
<sitemap><loc>/new.xml</loc><lastmod>2026-01-01</lastmod></sitemap></sitemapindex>"""
BASE = "https://e.example/feed"


def test_a_feed_that_is_broken_still_gives_its_entries():
    found = read_feed("feed", RSS, BASE, 10, LIMIT)
    assert [entry.url[-2:] for entry in found.entries] == ["/1", "/2", "/3"]
    assert found.entries[0].title == "A & B <script>"
    assert found.entries[0].published == dt.date(2026, 3, 5)
    assert found.unusable == 2
    assert found.broken


def test_an_element_named_as_the_parser_names_its_lists_is_no_list():
    item = b"<item><title>A hall</title><link>/1</link><links>many</links></item>"
    (entry,) = read_feed("feed", b"<rss version='2.0'><channel>" + item + b"</channel></rss>", BASE, 10, LIMIT).entries
    assert (entry.url, entry.title) == ("https://e.example/1", "A hall")
    torn = read_feed("feed", b"<rss version='2.0'><channel>" + item[:-7] + b"A</title><link>h</item>", BASE, 10, LIMIT)
    assert (torn.entries, torn.unusable) == ((), 1)


def test_atom_tells_what_changed():
    (entry,) = read_feed("feed", ATOM, BASE, 10, LIMIT).entries
    assert (entry.published, entry.version) == (dt.date(2026, 3, 4), "2026-03-06T01:00:00Z")


@pytest.mark.parametrize("content", [NEWS, gzip.compress(NEWS)], ids=["plain", "gzipped"])
def test_a_news_sitemap_gives_title_and_dates_and_reads_no_file(content: bytes):
    (entry,) = read_feed("sitemap", content, BASE, 10, LIMIT).entries
    assert (entry.url, entry.published, entry.version) == ("https://e.example/a", dt.date(2026, 3, 5), "2026-03-06")
    assert entry.title in ("T", "T &e;")


def test_an_index_lists_its_parts_newest_first():
    assert read_feed("sitemap", INDEX, BASE, 10, LIMIT).sitemaps == (
        "https://e.example/new.xml", "https://e.example/old.xml",
    )  # fmt: skip


def entity_bomb(root: bytes) -> bytes:
    steps = b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12))
    return b'<!DOCTYPE x [<!ENTITY a0 "aaaaaaaaaa">%s]><%s><url><loc>&a11;</loc></url></%s>' % (steps, root, root)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("feed", b""), ("feed", b"<html><body>a page"), ("feed", b"\x00\x01\x02"), ("sitemap", b""),
        ("sitemap", b"<html><body>a page</body></html>"), ("sitemap", b"\x1f\x8bjunk"),
        ("sitemap", gzip.compress(bytes(5_000_000))),
    ],
)  # fmt: skip
def test_what_is_no_feed_is_named(kind: str, content: bytes):
    with pytest.raises(FeedError):
        read_feed(kind, content, BASE, 10, LIMIT)  # type: ignore[arg-type]


@pytest.mark.parametrize(("kind", "root"), [("feed", b"rss"), ("sitemap", b"urlset")])
def test_entity_bombs_stay_small(kind: str, root: bytes):
    begun = time.monotonic()
    try:
        found = read_feed(kind, entity_bomb(root), BASE, 10, LIMIT)  # type: ignore[arg-type]
        assert len(found.to_json()) < 10_000
    except FeedError:
        pass
    assert time.monotonic() - begun < 5


def test_entries_beyond_the_limit_are_counted():
    many = website.rss(*(f"https://e.example/{n}" for n in range(500)))
    found = read_feed("feed", many, BASE, 20, LIMIT)
    assert (len(found.entries), found.beyond) == (20, 480)


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1:248:1893:25c8:1946", True), ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("192.168.0.1", False), ("172.16.0.1", False), ("169.254.169.254", False), ("100.64.0.1", False),
        ("0.0.0.0", False), ("224.0.0.1", False), ("::1", False), ("fe80::1%eth0", False), ("fd00::1", False),
        ("::ffff:127.0.0.1", False), ("::ffff:8.8.8.8", True), ("64:ff9b::7f00:1", False), ("64:ff9b::808:808", True),
        ("2002:7f00:1::", False), ("255.255.255.255", False),
    ],
)  # fmt: skip
def test_only_public_addresses_are_spoken_to(address: str, may: bool):
    assert allowed(address) is may


def test_an_allowed_network_is_the_only_exception():
    assert allowed("10.1.2.3", ["10.1.0.0/16"])
    assert not allowed("10.2.2.3", ["10.1.0.0/16"])


def test_robots_are_obeyed_for_our_name():
    text = "User-agent: *\nDisallow: /\n\nUser-agent: infraclaims\nDisallow: /private\nCrawl-delay: 7\n"
    rules = Robots(text, "infraclaims/1 (+me@example.org)")
    assert rules.allows("https://e.example/public")
    assert not rules.allows("https://e.example/private/x")
    assert rules.delay() == 7
    assert not Robots(text, "other").allows("https://e.example/public")
    assert Robots("", "x").allows("https://e.example/")
    assert Robots("User-agent: *\nCrawl-delay: 99999999", "x").delay() == LONGEST_DELAY
    assert Robots("User-agent: *\nCrawl-delay: -5", "x").delay() == 0


def write(folder: Path, text: str) -> Path:
    path = folder / "sources.toml"
    path.write_text(text)
    return path


GOOD = (
    '[operation]\ncontact = "me@example.org"\n[[sources]]\nname = "wire"\nkind = "feed"\nurl = "https://w.example/f"\n'
)


def test_the_example_of_a_sources_file_is_valid():
    found = config.load(ROOT / "sources.example.toml")
    assert {source.kind for source in found.sources} == {"feed", "sitemap", "pages", "folder"}
    assert found.polite(found.by_name["example-daily"]).delay == 10
    assert "you@example.org" in found.user_agent


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "operation: is missing"),
        ('sources = []\n[operation]\ncontact = "a"\n', "sources: is empty"),
        ("[operation", "sources.toml"),
        (GOOD.replace("contact", "kontact"), "operation.kontact: there is no such key"),
        (GOOD + 'typo = "x"\n', "sources[1] (wire).typo: there is no such key"),
        (GOOD.replace("https://w.example/f", "ftp://w.example/f"), "'ftp://w.example/f' is no address"),
        (GOOD.replace('"wire"', '"Wire of news"'), "sources[1] (Wire of news).name"),
        (GOOD.replace('url = "https://w.example/f"', ""), "needs 'url'"),
        (GOOD + 'folder = "x"\n', "takes no 'folder'"),
        (GOOD + 'filters = { include = ["("] }\n', "'(' is no regular expression"),
        (GOOD + GOOD.partition("\n[[")[2].join(["[[", ""]), "the name 'wire' stands for more than one source"),
        (GOOD.replace("[[", 'allow_addresses = ["intranet"]\n[['), "allow_addresses"),
    ],
)
def test_a_wrong_sources_file_is_explained(tmp_path: Path, text: str, named: str):
    with pytest.raises(config.ConfigError) as error:
        config.load(write(tmp_path, text))
    assert named in str(error.value)
    assert "sources.toml" in str(error.value)


@pytest.mark.parametrize(
    ("url", "title", "published", "taken"),
    [
        ("https://e.example/tech/1", "A data center opens", None, True),
        ("https://e.example/sport/1", "A data center opens", None, False),
        ("https://e.example/tech/1", "Rain", None, False),
        ("https://e.example/data-center", None, dt.date(2026, 3, 1), True),
        ("https://e.example/data-center", None, dt.date(2026, 1, 1), False),
    ],
)
def test_filters(url: str, title: str | None, published: dt.date | None, taken: bool):
    filters = config.Filters(include=("data.cent(er|re)",), exclude=("/sport/",), max_age_days=30)
    assert filters.admits(url, title, published, dt.date(2026, 3, 10)) is taken


def text_of(number: int, words: int = 300) -> str:
    return " ".join(random.Random(number).choices(website.WORDS, k=words))


def test_copies_are_similar_and_others_are_not():
    original = text_of(1)
    copy = "From our wire service. " + original + " Additional reporting by the local desk."
    assert links.similarity(links.sketch(original), links.sketch(copy)) > links.SIMILAR
    assert links.similarity(links.sketch(original), links.sketch(original)) == 1
    assert links.similarity(links.sketch(original), links.sketch(text_of(2))) < 0.1
    assert links.sketch("Too short to tell.") == ()
    assert links.unpacked(links.packed(links.sketch(original))) == links.sketch(original)


@pytest.mark.parametrize("cut", [0.95, 0.8, 0.5, 0.2])
def test_similarity_is_near_the_share_of_common_runs(cut: float):
    whole = text_of(3, 2_000)
    part = whole[: int(len(whole) * cut)] + text_of(4, int(2_000 * (1 - cut)))
    exact = cut / (2 - cut)
    assert abs(links.similarity(links.sketch(whole), links.sketch(part)) - exact) < 0.13


def test_claims_of_two_versions_are_paired():
    first, second, third = (links.known(claim) for claim in made.claims())
    changed = first.model_copy(update={"id": "n1", "about": "other numbers"})
    same = second.model_copy(update={"id": "n2"})
    new = third.model_copy(update={"id": "n3", "about": "x", "topic": "y"})
    found = links.pair([first, second, third], [changed, same, new])
    assert [(link.relation, link.claim, link.other) for link in found] == [
        ("changed", "n1", first.id), ("same", "n2", second.id), ("new", "n3", None), ("gone", None, third.id),
    ]  # fmt: skip


HOSTILE = "<img src=x onerror=alert(1)> | [here](javascript:x) `code`\n# heading \x1b[31m \u202e"


def run_report() -> RunReport:
    hostile = made.document(title=HOSTILE, url="https://e.example/a|b")
    failing = SourceHealth(
        name="wire", kind="feed", found=3, waiting=0, checked=None, newest=None, message=HOSTILE, seconds=2.0,
        failing_since=dt.datetime(2026, 3, 1, tzinfo=dt.UTC), alert=f"has failed for 4 days: {HOSTILE}",
    )  # fmt: skip
    claims = tuple(claim.model_copy(update={"document": hostile}) for claim in made.claims())
    return RunReport(
        id="r", new_pages=1, batches=1, summary=Summary(inputs=1, extracted=1, claims=3, confirmed=1, aspirational=2),
        claims=claims, sources=(failing,), waiting=0, delivered=0, undelivered=0, seconds=1.0,
    )  # fmt: skip


def test_the_artifact_shows_what_strangers_wrote_as_text():
    text = markdown(run_report())
    assert "| claims | 3 |" in text
    assert "has failed for 4 days" in text.split("\n\n")[0]
    rendered = MarkdownIt().enable("table").render(text)
    assert "<img" not in rendered
    assert "href" not in rendered
    assert "<code>" not in rendered
    assert rendered.count("<h2>") == 2
    assert rendered.count("<tr>") == 1 + len(Summary.model_fields) + 1 + 3 + 1 + 1
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("stage", "outcome", "expected"),
    [
        ("fetch", "fetched", "debug"), ("fetch", "unchanged", "debug"), ("extract", "irrelevant", "debug"),
        ("fetch", "timeout", "warning"), ("extract", "rejected", "warning"), ("alert", "alert", "warning"),
        ("publish", "published", "info"), ("end", "done", "info"),
    ],
)  # fmt: skip
def test_a_page_that_went_well_is_no_line_of_the_usual_log(stage: str, outcome: str, expected: str):
    assert level(Event.model_validate({"stage": stage, "subject": "s", "outcome": outcome})) == expected


def test_a_log_line_is_one_line_of_plain_characters():
    event = Event(stage="fetch", subject=f"https://e.example/{HOSTILE}", outcome="timeout", message=HOSTILE)
    line = log_line(event, dt.datetime(2026, 3, 5, tzinfo=dt.UTC))
    assert line.isascii()
    assert line.isprintable()
    assert "\n" not in trouble(event)
    assert "\x1b" not in trouble(event)
