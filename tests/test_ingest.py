"""Ingestion from a site with every fault to claims that people read, without Prefect."""

from __future__ import annotations

import datetime as dt
import errno
import gzip
import itertools
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import website
from operation import Operation, source
from website import Site, answering, article, in_turn, redirect, rss, validated

from pipeline.archive import ArchiveError
from pipeline.ingest import queue, tables
from pipeline.ingest.run import Extract
from pipeline.ingest.tables import opened, pages
from pipeline.locks import BusyError


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


def feed(site: Site, path: str, *paths: str, **fields: object) -> str:
    """A feed at `path` that announces `paths`, and its entry in a sources file."""
    site.routes[path] = answering(200, rss(*(site.url(each) for each in paths)), "application/rss+xml")
    return source(path.strip("/"), "feed", url=site.url(path), **fields)


def short(site: Site, found: dict[str, object]) -> dict[str, object]:
    return {name.removeprefix(site.base): value for name, value in found.items()}


def test_a_page_becomes_claims_that_the_archive_gives_again(site: Site, extract: Extract, tmp_path: Path):
    site.page("/a", article(1))
    operation = Operation(tmp_path, feed(site, "/feed", "/a?utm_source=rss", "/a#top", publisher="The Wire"))
    report = operation.run(extract)
    assert (report.new_pages, report.summary.extracted, report.summary.claims) == (1, 1, 2)
    claims = operation.lines("claims")
    assert {claim["document"]["publisher"] for claim in claims} == {"The Wire"}
    assert claims[0]["document"]["url"] == site.url("/a")
    assert claims[0]["document"]["retrieved"] == "2026-03-05T08:00:00Z"
    with operation.opened() as context, context.engine.begin() as db:
        row = db.execute(sa.select(pages.c.archive_file, pages.c.archive_offset)).one()
        page = context.archive.page(queue.Location(file=row[0], offset=row[1]), 10**6)
    (again,) = extract([page])
    assert [json.loads(claim.to_json()) for claim in again.claims] == claims
    assert json.loads(again.article.to_json()) == operation.lines("articles")[0]


def test_the_header_of_the_reply_names_the_encoding_of_a_page_that_does_not(
    site: Site, extract: Extract, tmp_path: Path
):
    text = "<p>Harbour Cloud said its Łódź data center runs 12,000 H200s. The hall was opened on Monday.</p>" * 3
    latin2 = f"<html><head><title>Łódź opens</title></head><body>{text}</body></html>".encode("iso-8859-2")
    site.page("/a", latin2, kind='text/html; charset="ISO-8859-2"')
    operation = Operation(tmp_path, feed(site, "/feed", "/a"))
    operation.run(extract)
    (record,) = operation.lines("articles")
    assert record["document"]["title"] == "Łódź opens"
    assert "its Łódź data center" in record["text"]


def test_the_second_run_asks_for_nothing_and_adds_nothing(site: Site, extract: Extract, tmp_path: Path):
    site.page("/a", article(1))
    operation = Operation(tmp_path, feed(site, "/feed", "/a"))
    operation.run(extract)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.jsonl")}
    hits = dict(site.hits)
    report = operation.run(extract)
    assert report.summary.inputs == 0
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.jsonl")} == before
    assert site.hits["/a"] == hits["/a"] == 1
    assert site.hits["/robots.txt"] == 1, "robots.txt is kept"
    assert operation.outcomes("discover") == {"feed": "unchanged"}


FAULTS = {
    "/missing": (answering(404), "not_found", 1),
    "/error": (answering(500), "server_error", 3),
    "/reset": (website.reset, "broken_answer", 3),
    "/slow": (website.dribble, "timeout", 3),
    "/endless": (website.endless, "too_large", 1),
    "/bomb": (website.bomb, "too_large", 1),
    "/loop": (redirect("/loop"), "redirect_loop", 1),
    "/file": (redirect("file:///etc/passwd"), "bad_redirect", 1),
    "/inside": (redirect("http://169.254.169.254/"), "private_address", 1),
    "/notgzip": (answering(200, b"plain", Content_Encoding="gzip"), "broken_encoding", 3),
    "/garbage": (website.garbage, "broken_answer", 3),
    "/pdf": (answering(200, b"%PDF-1.7 " + bytes(500), "application/pdf"), "binary", 1),
    "/empty": (answering(200, b""), "empty", 1),
    "/markup": (answering(200, b"<html><body></body></html>"), "no_text", 1),
}


def test_every_fault_has_one_disposition_and_costs_nobody_else(site: Site, extract: Extract, tmp_path: Path):
    for path, (route, _, _) in FAULTS.items():
        site.routes[path] = route
    site.page("/good", article(1))
    site.routes["/flaky"] = in_turn(answering(503, Retry_After="0"), website.reset, answering(200, article(2)))
    politeness = "max_bytes = 300_000\ntimeout = 2.0\n"
    operation = Operation(tmp_path, feed(site, "/feed", *FAULTS, "/good", "/flaky"), politeness=politeness)
    operation.run(extract)
    found = short(site, operation.dispositions())
    assert found == {
        **{path: ("rejected", reason) for path, (_, reason, _) in FAULTS.items()},
        "/good": ("extracted", None), "/flaky": ("extracted", None),
    }  # fmt: skip
    assert {path: site.hits[path] for path in FAULTS if path != "/loop"} == {
        path: tries for path, (_, _, tries) in FAULTS.items() if path != "/loop"
    }
    named = {event.subject.removeprefix(site.base): event.message or "" for event in operation.events}
    assert all(reason in named[path] or path in named[path] for path, (_, reason, _) in FAULTS.items())
    assert {reject["reason"] for reject in operation.lines("rejects")} == {reason for _, reason, _ in FAULTS.values()}


def test_one_article_under_many_addresses_is_one(site: Site, extract: Extract, tmp_path: Path):
    story = article(1, canonical="/story")
    site.page("/story", story)
    site.page("/amp/story", story)
    site.routes["/short"] = redirect("/story")
    site.page("/stolen", article(2, canonical="https://elsewhere.example/theirs"))
    paths = "/amp/story", "/short", "/story?utm_campaign=x&fbclid=1", "/story", "/stolen"
    operation = Operation(tmp_path, feed(site, "/feed", *paths))
    operation.run(extract)
    found = short(site, operation.dispositions())
    assert sorted(found) == ["/amp/story", "/short", "/stolen", "/story"]
    assert sorted(value for path, value in found.items() if path != "/stolen") == [
        ("duplicate", "same_article"), ("duplicate", "same_article"), ("extracted", None),
    ]  # fmt: skip
    assert {claim["document"]["url"] for claim in operation.lines("claims")} == {
        site.url("/story"), site.url("/stolen"),
    }  # fmt: skip


def test_a_later_version_supersedes_and_both_are_kept(site: Site, extract: Extract, tmp_path: Path):
    site.routes["/a"] = validated(article(1), '"1"')
    operation = Operation(tmp_path, feed(site, "/feed", "/a", recheck_hours=1.0))
    operation.run(extract)
    operation.run(extract, minutes=120)
    site.routes["/a"] = validated(article(1), '"1"')
    operation.run(extract)
    assert operation.outcomes("fetch") == {site.url("/a"): "unchanged"}
    assert len(operation.lines("claims")) == 2
    site.page("/a", article(1) + b"<!-- another advertisement -->")
    operation.now += dt.timedelta(hours=2)
    operation.run(extract)
    assert operation.outcomes("fetch") == {site.url("/a"): "fetched"}
    assert len(operation.lines("articles")) == 1, "the text is the same: there is no news"
    site.page("/a", article(1, chips=777_000))
    operation.now += dt.timedelta(hours=2)
    operation.run(extract)
    first, second = operation.lines("articles")
    assert first["document"]["id"] != second["document"]["id"]
    assert first["document"]["url"] == second["document"]["url"]
    (link,) = operation.lines("links")
    assert (link["relation"], link["document"], link["other"]) == (
        "supersedes", second["document"]["id"], first["document"]["id"],
    )  # fmt: skip
    assert sorted(each["relation"] for each in link["claims"]) == ["changed", "same"]
    assert len(operation.lines("claims")) == 4
    latest = [json.loads(line) for line in (operation.config.data / "latest/claims.jsonl").read_text().splitlines()]
    assert {claim["document"]["id"] for claim in latest} == {second["document"]["id"]}
    kinds = website.archived(operation.config.data)
    assert kinds["revisit"] >= 1
    assert kinds["response"] >= 3


def test_a_feed_that_says_so_has_its_page_read_again(site: Site, extract: Extract, tmp_path: Path):
    def announce(version: str) -> None:
        entry = f'<entry><link href="{site.url("/a")}"/><updated>{version}</updated></entry>'
        site.page("/atom", f'<feed xmlns="http://www.w3.org/2005/Atom">{entry}</feed>'.encode(), "application/atom+xml")

    site.page("/a", article(1))
    announce("2026-03-05T07:00:00Z")
    operation = Operation(tmp_path, source("atom", "feed", url=site.url("/atom")))
    operation.run(extract)
    operation.run(extract)
    assert site.hits["/a"] == 1
    announce("2026-03-05T09:30:00Z")
    site.page("/a", article(1, chips=888_000))
    operation.run(extract)
    assert site.hits["/a"] == 2
    assert len(operation.lines("articles")) == 2


def test_copies_of_one_text_are_linked_and_not_dropped(site: Site, extract: Extract, tmp_path: Path):
    site.page("/original", article(1))
    copied = article(1).replace(b"</article>", b"<p>First printed by another paper.</p></article>")
    with Site() as other:
        other.page("/copy", copied)
        site.page("/feed", rss(site.url("/original"), other.url("/copy")), "application/rss+xml")
        operation = Operation(tmp_path, source("feed", "feed", url=site.url("/feed")))
        operation.run(extract)
        (link,) = operation.lines("links")
        assert (link["relation"], link["url"], link["other_url"]) == (
            "copy_of",
            other.url("/copy"),
            site.url("/original"),
        )
        assert link["similarity"] > 0.6
        assert [each["relation"] for each in link["claims"]] == ["same", "same"]
    assert len(operation.lines("claims")) == 4
    items = json.loads((operation.config.data / "feed.json").read_text())["items"]
    assert {item["url"] for item in items} == {site.url("/original")}, "subscribers read it once"


def test_sitemaps_lists_and_folders_are_sources_too(site: Site, extract: Extract, tmp_path: Path):
    for number in range(4):
        site.page(f"/{number}", article(number))
    entries = f"<url><loc>{site.url('/0')}</loc><lastmod>2026-03-01</lastmod></url>"
    site.page("/part.xml.gz", gzip.compress(f"<urlset>{entries}</urlset>".encode()), "application/gzip")
    site.page("/map.xml", b"<sitemapindex><sitemap><loc>/part.xml.gz</loc></sitemap></sitemapindex>", "text/xml")
    inbox = tmp_path / "inbox"
    (inbox / "deep").mkdir(parents=True)
    (inbox / "deep" / "ü page.html").write_bytes(article(5))
    (inbox / ".hidden.html").write_bytes(article(6))
    lines = [{"id": "own-id", "text": f"News\n\n{PLAIN}", "published": "2026-03-01", "url": "https://e.example/x"}]
    (inbox / "many.jsonl").write_text("\n".join([*map(json.dumps, lines), "{broken"]) + "\n")
    (inbox / "empty.txt").write_bytes(b"")
    for path in inbox.rglob("*"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    (inbox / "young.html").write_bytes(article(7))
    os.utime(inbox / "young.html", (START_SECONDS - 1, START_SECONDS - 1))
    operation = Operation(
        tmp_path,
        source("map", "sitemap", url=site.url("/map.xml"))
        + source("list", "pages", pages=[site.url("/1"), site.url("/2")])
        + source("inbox", "folder", folder="inbox", publisher="Post"),
    )
    operation.run(extract)
    assert short(site, operation.dispositions()) == {
        "/0": ("extracted", None), "/1": ("extracted", None), "/2": ("extracted", None),
        "folder:inbox/deep/ü page.html": ("extracted", None), "folder:inbox/many.jsonl:1": ("extracted", None),
        "folder:inbox/many.jsonl:2": ("rejected", "bad_json_line"), "folder:inbox/empty.txt": ("rejected", "empty"),
    }  # fmt: skip
    documents = {each["source"]: each["document"] for each in operation.lines("articles") if each["document"]}
    assert documents["folder:inbox/many.jsonl:1"]["id"] == "own-id"
    assert documents["folder:inbox/deep/ü page.html"]["publisher"] == "Post"
    assert website.archived(operation.config.data)["resource"] == 3
    operation.run(extract)
    assert "folder:inbox/young.html" in {each["source"] for each in operation.lines("articles")}
    (inbox / "deep" / "ü page.html").write_bytes(article(5, chips=999_000))
    operation.run(extract)
    (link,) = operation.lines("links")
    assert link["relation"] == "supersedes"


PLAIN = "Northwind AI said that its Granite data center campus in Ohio now runs 96,000 Nvidia H200s."
START_SECONDS = dt.datetime(2026, 3, 5, 8, 0, tzinfo=dt.UTC).timestamp()


def test_robots_and_pauses_are_kept(site: Site, extract: Extract, tmp_path: Path):
    site.page("/robots.txt", b"User-agent: *\nDisallow: /private\nCrawl-delay: 0.3\n", "text/plain")
    site.routes["/moved"] = redirect("/private/4")
    for path in ("/1", "/2", "/3", "/private/4"):
        site.page(path, article(int(path[-1])))
    operation = Operation(tmp_path, feed(site, "/feed", "/1", "/private/4", "/2", "/3", "/moved"))
    operation.run(extract)
    found = short(site, operation.dispositions())
    assert found["/private/4"] == found["/moved"] == ("rejected", "robots")
    assert site.hits["/private/4"] == 0
    times = [at for at, path, _ in site.seen if path != "/robots.txt"]
    assert min(later - earlier for earlier, later in itertools.pairwise(times)) > 0.28
    assert all("tests@example.org" in headers["User-Agent"] for _, _, headers in site.seen)


@pytest.mark.parametrize("route", [answering(503), website.dribble], ids=["error", "slow"])
def test_a_host_whose_robots_cannot_be_had_waits(site: Site, extract: Extract, tmp_path: Path, route: website.Route):
    site.routes["/robots.txt"] = route
    site.page("/1", article(1))
    operation = Operation(tmp_path, source("list", "pages", pages=[site.url("/1")]))
    operation.run(extract)
    assert site.hits["/1"] == 0
    assert operation.dispositions() == {}
    assert operation.status().stuck == {"robots_unreachable": 1}
    site.routes["/robots.txt"] = answering(404)
    operation.run(extract, minutes=0)
    assert short(site, operation.dispositions()) == {"/1": ("extracted", None)}


def test_a_page_inside_the_operators_network_is_never_asked_for(site: Site, extract: Extract, tmp_path: Path):
    operation = Operation(tmp_path, source("list", "pages", pages=["http://127.0.0.2/a", "http://10.0.0.1/b"]))
    operation.run(extract)
    assert set(operation.dispositions().values()) == {("rejected", "private_address")}


def test_broken_and_hostile_feeds_are_named_and_the_others_read(site: Site, extract: Extract, tmp_path: Path):
    site.page("/1", article(1))
    site.page("/html", b"<html><body>not a feed</body></html>")
    bomb = b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12))
    entity = b'<!DOCTYPE r [<!ENTITY a0 "aaaaaaaaaa">%s]><rss version="2.0"><channel><item><title>&a11;</title>'
    site.page("/bomb", entity % bomb + b"<link>%s</link></item></channel></rss>" % site.url("/1").encode())
    hostile = "<item><title>&lt;img src=x onerror=alert(1)&gt; | [x](javascript:y)</title><link>{}</link></item>"
    links = ("javascript:alert(1)", "http://a:b@127.0.0.1/", "/../../../etc/passwd", "/%2e%2e/x", "http://[::1/")
    site.page("/hostile", f"<rss><channel>{''.join(map(hostile.format, links))}</channel></rss>".encode())
    site.routes["/down"] = answering(503)
    sources = "".join(source(name, "feed", url=site.url(f"/{name}")) for name in ("html", "bomb", "hostile", "down"))
    operation = Operation(tmp_path, sources + feed(site, "/good", "/1"))
    operation.run(extract)
    outcomes = operation.outcomes("discover")
    assert (outcomes["html"], outcomes["down"], outcomes["hostile"]) == ("broken_feed", "server_error", "read")
    found = short(site, operation.dispositions())
    assert found.pop("/1") == ("extracted", None)
    assert found == {"/etc/passwd": ("rejected", "not_found"), "/x": ("rejected", "not_found")}


def test_a_feed_of_a_hundred_thousand_entries_is_read_to_its_limit(site: Site, extract: Extract, tmp_path: Path):
    entries = b"".join(b"<url><loc>%s/%d</loc></url>" % (site.base.encode(), n) for n in range(100_000))
    site.page("/map.xml", b"<urlset>" + entries + b"</urlset>", "text/xml")
    operation = Operation(
        tmp_path,
        source("map", "sitemap", url=site.url("/map.xml"), filters="{ max_entries = 3 }"),
    )
    report = operation.run(extract)
    assert report.new_pages == 3
    assert "99997 entries beyond the limit" in str(operation.events[0].message)


def test_a_source_that_fails_or_falls_silent_is_reported(site: Site, extract: Extract, tmp_path: Path):
    site.page("/1", article(1))
    site.routes["/down"] = answering(500)
    operation = Operation(tmp_path, feed(site, "/feed", "/1") + source("down", "feed", url=site.url("/down")))
    assert operation.run(extract).alerts == ()
    for _ in range(8):
        report = operation.run(extract, minutes=24 * 60)
    assert [alert.partition(" has ")[0] for alert in report.alerts] == ["feed:", "down:"]
    assert "nothing new for 7 days" in report.alerts[0]
    assert "failed for 7 days: the server answered 500" in report.alerts[1]
    assert [event.stage for event in operation.events].count("alert") == 2


def test_a_clock_that_goes_back_stops_nothing(site: Site, extract: Extract, tmp_path: Path):
    site.page("/1", article(1))
    site.routes["/2"] = in_turn(answering(503, Retry_After="3600"), answering(200, article(2)))
    operation = Operation(tmp_path, feed(site, "/feed", "/1", "/2"))
    operation.run(extract)
    assert operation.status().stuck == {"server_error": 1}
    operation.now -= dt.timedelta(days=400)
    site.page("/feed", rss(site.url("/1"), site.url("/2"), site.url("/3")), "application/rss+xml")
    site.page("/3", article(3))
    operation.run(extract)
    assert short(site, operation.dispositions()) == {f"/{n}": ("extracted", None) for n in (1, 2, 3)}
    days = sorted(path.name for path in (operation.config.data / "claims").iterdir())
    assert days == ["date=2025-01-29", "date=2026-03-05"]


def test_a_full_disk_ends_the_run_and_loses_nothing(
    site: Site, extract: Extract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """First the archive cannot be written, then the claims; afterwards every page has its disposition."""
    for number in range(3):
        site.page(f"/{number}", article(number))
    operation = Operation(tmp_path, feed(site, "/feed", "/0", "/1", "/2"))
    real = os.fsync

    def full_for(suffix: str) -> None:
        def full(descriptor: int) -> None:
            if suffix in str(Path(f"/proc/self/fd/{descriptor}").readlink()):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            real(descriptor)

        monkeypatch.setattr(os, "fsync", full)

    for suffix, error in ((".warc.gz", ArchiveError), ("articles.jsonl", OSError)):
        full_for(suffix)
        with pytest.raises(error, match="No space left"):
            operation.run(extract)
        assert operation.lines("articles") == []
    monkeypatch.setattr(os, "fsync", real)
    operation.run(extract)
    assert len(operation.dispositions()) == 3
    assert list((operation.config.data / ".staging").iterdir()) == []


def test_one_run_at_a_time(site: Site, extract: Extract, tmp_path: Path):
    operation = Operation(tmp_path, feed(site, "/feed", "/1"))
    with operation.opened(), pytest.raises(BusyError, match="another run"):
        operation.run(extract)


def test_a_run_ends_when_its_time_is_up(site: Site, extract: Extract, tmp_path: Path):
    for number in range(6):
        site.page(f"/{number}", article(number))
    operation = Operation(tmp_path, feed(site, "/feed", *(f"/{n}" for n in range(6))), settings="batch = 2\n")

    def late(event: object) -> None:
        if getattr(event, "stage", "") == "publish":
            operation.now += dt.timedelta(hours=1)

    operation.after = late
    assert operation.run(extract).summary.inputs == 2
    operation.after = lambda _: None
    assert operation.run(extract).summary.inputs == 4


def test_retry_makes_pages_due_again(site: Site, extract: Extract, tmp_path: Path):
    operation = Operation(tmp_path, feed(site, "/feed", "/1", "/2"))
    operation.run(extract)
    site.page("/1", article(1))
    with opened(operation.config.state_url) as engine, engine.begin() as db:
        assert queue.again(db, source=None, reason="timeout", url=None) == 0
        assert queue.again(db, source="feed", reason="not_found", url=site.url("/1")) == 1
    operation.run(extract)
    last = {each["source"]: each["disposition"] for each in operation.lines("articles")}
    assert short(site, last) == {"/1": "extracted", "/2": "rejected"}


def test_a_state_of_an_earlier_version_is_upgraded(tmp_path: Path):
    """What version 1 held is there afterwards, and the tables of version 2 as well."""
    url = f"sqlite:///{tmp_path / 'state.db'}"
    engine = sa.create_engine(url)
    with engine.begin() as db:
        tables.upgrade(db, tables.STEPS[:1])
        db.execute(tables.hosts.insert().values(host="e.example", robots="kept"))
        assert "deliveries" not in sa.inspect(db).get_table_names()
    engine.dispose()
    with opened(url) as engine, engine.connect() as db:
        assert db.scalar(sa.select(tables.hosts.c.robots)) == "kept"
        assert db.scalar(sa.select(sa.func.count()).select_from(tables.deliveries)) == 0
        assert db.scalar(sa.select(tables.meta.c.value)) == str(len(tables.STEPS))
    with opened(url) as engine, engine.begin() as db:
        assert tables.upgrade(db) == len(tables.STEPS)


def test_a_state_of_a_later_version_or_none_is_refused(tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'state.db'}"
    with opened(url) as engine, engine.begin() as db:
        db.execute(tables.meta.update().values(value="99"))
    with pytest.raises(tables.StateError, match="install a newer infraclaims"):
        tables.open_state(url)
    (tmp_path / "junk.db").write_bytes(b"this is no database, whatever its name says" * 50)
    with pytest.raises(tables.StateError, match="not a database"):
        tables.open_state(f"sqlite:///{tmp_path / 'junk.db'}")
