"""The report in real Chromium: opens from disk, filters, shows evidence, asks nobody for anything, runs nothing alien.

Chromium comes from the system (`chromium` on Debian) or from INFRACLAIMS_CHROMIUM; without it these tests are skipped.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_cases import claim as claim_of
from ledger_cases import scenario, script
from playwright.sync_api import Browser, Page, expect, sync_playwright

from pipeline.ledger.store import Ledger
from pipeline.records import Claim
from pipeline.report.page import page as html
from pipeline.report.page import write_report
from pipeline.report.payload import payload

CHROMIUM = os.environ.get("INFRACLAIMS_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium")
SYNTHETIC = Path(__file__).parent.parent / "benchmarks" / "synthetic_claims.py"
PATIENCE = 60_000
HOSTILE = [
    "<script>window.injected = 1</script>",
    "</script><script>window.injected = 1</script>",
    "<img src=x onerror='window.injected = 1'>",
    "\"'><svg onload=window.injected=1>",
    "${window.injected = 1}",
]
ADDRESS = "javascript:window.injected=1"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def report(claims: list[Claim], out: Path) -> Path:
    with Ledger(Path(":memory:"), create=True) as ledger:
        ledger.add(claims, scenario().overrides)
        return write_report(ledger, out)


@pytest.fixture(scope="module")
def scenario_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report(list(scenario().claims), tmp_path_factory.mktemp("report"))


class Opened:
    """A page with everything that it complained of or asked for."""

    def __init__(self, browser: Browser, path: Path, **context: object) -> None:
        self.page: Page = browser.new_page(**context)  # type: ignore[arg-type]
        self.page.set_default_timeout(PATIENCE)
        self.noise: list[str] = []
        self.page.on("console", lambda message: self.noise.append(f"console: {message.text}"))
        self.page.on("pageerror", lambda error: self.noise.append(f"error: {error}"))
        self.page.on("dialog", lambda dialog: self.noise.append(f"dialog: {dialog.message}"))
        self.page.on("request", lambda request: self.asked(request.url))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("html[data-ready=yes]")

    def asked(self, url: str) -> None:
        if not url.startswith(("file:", "data:", "blob:")):
            self.noise.append(f"request: {url}")


@pytest.fixture
def opened(browser: Browser, scenario_report: Path) -> Iterator[Opened]:
    opened = Opened(browser, scenario_report)
    yield opened
    assert opened.noise == []
    opened.page.close()


def rows(page: Page, place: str) -> int:
    return int(page.locator(f"{place} [role=grid]").get_attribute("aria-rowcount") or 0) - 1


def test_it_opens_and_tells_what_there_is(opened: Opened):
    page = opened.page
    claims = scenario().claims
    expect(page.locator("#facts")).to_contain_text(f"{len(claims)} claims of 60 articles, as of 2026-06-16")
    confirmed = sum(claim.label == "confirmed" for claim in claims)
    expect(page.locator(".tile", has_text="confirmed").locator("button")).to_have_text(str(confirmed))
    assert page.locator("#timeline svg, #largest svg, #graph svg").count() >= 3


def test_it_filters_searches_and_sorts(opened: Opened):
    page = opened.page
    assert rows(page, "#table") == len(scenario().claims)
    page.locator("#search").fill("moorhen INSTALLED")
    expect(page.locator("#found")).to_have_text(re.compile(r"^2 of "))
    page.locator("#search").fill("")
    page.locator("#label").select_option("confirmed")
    page.locator("#kind").select_option("agreement")
    signed = [claim for claim in scenario().claims if claim.kind == "agreement" and claim.label == "confirmed"]
    expect(page.locator("#found")).to_have_text(re.compile(f"^{len(signed)} of "))
    page.locator("#label").select_option("")
    page.locator("#kind").select_option("power, load")
    heading = page.locator("#table [role=columnheader]", has_text="What")
    heading.locator("button").click()
    heading.locator("button").click()
    assert heading.get_attribute("aria-sort") == "descending"
    assert "1,500 MW" in (page.locator("#table .row").first.text_content() or "")


def test_a_row_shows_its_sentence_with_marks_and_a_link(opened: Opened):
    page = opened.page
    page.locator("#search").fill("denied")
    expect(page.locator("#found")).to_have_text(re.compile(r"^1 of "))
    page.locator("#table .row").first.click()
    dialog = page.locator("#evidence")
    expect(dialog.locator("blockquote")).to_have_text("Umbra Models denied that Ferncliff will open in 2029.")
    expect(dialog.locator("mark.cue")).to_have_text("denied")
    assert "negation.denied" in (dialog.locator("mark.cue").get_attribute("title") or "")
    assert dialog.locator("a").get_attribute("href") == "https://valleysentinel.example/s40"
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()


def test_corrections_are_shown_where_they_were_applied(opened: Opened):
    page = opened.page
    page.locator("#search").fill("Larch Cloud, now part of Brightwater")
    expect(page.locator("#found")).to_have_text(re.compile(r"^1 of "))
    page.locator("#table .row").first.click()
    expect(page.locator("#evidence .fix").first).to_contain_text("larch-merged: bought in October 2025")


def test_the_keyboard_is_enough(opened: Opened):
    page = opened.page
    grid = page.get_by_role("grid", name="Claims")
    grid.focus()
    for key in ("ArrowDown", "ArrowDown", "PageDown", "Home", "ArrowDown"):
        page.keyboard.press(key)
    current = page.locator(f"#{grid.get_attribute('aria-activedescendant')}")
    assert current.get_attribute("aria-rowindex") == "3"
    page.keyboard.press("Enter")
    expect(page.locator("#evidence")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("End")
    assert str(len(scenario().claims) + 1) == page.locator("#table .row.current").get_attribute("aria-rowindex")


def test_every_number_of_the_overview_leads_to_sentences(opened: Opened):
    page = opened.page
    for tile in page.locator(".tile button").all():
        tile.click()
        assert page.locator("#passages blockquote").count() > 0
        page.keyboard.press("Escape")
    page.locator("#values .row", has_text="Moorhen").first.click()
    assert page.locator("#passages blockquote").count() > 0


def test_the_timeline_draws_slips_and_tells_them(opened: Opened):
    page = opened.page
    page.locator("#subject").fill("Saltgrass")
    page.keyboard.press("Enter")
    page.locator("#subject").blur()
    assert page.locator("#timeline svg [aria-label=arrow] path").count() >= 2
    assert "slipped by 243 days" in (page.locator("#history").text_content() or "")
    page.locator("#history .row", has_text="slipped by 243 days").click()
    expect(page.locator("#passages blockquote").first).to_contain_text("now expects Saltgrass to reach 1.2 GW")


def test_amounts_keep_their_bounds_and_promises_their_dates(browser: Browser, tmp_path: Path):
    article = {"id": "b", "day": "2026-01-10", "publisher": "One", "title": "T", "text": "Up to 6 GW, more than 1 GW."}
    load = claim_of("x | power.load | Heron | <=6000 | by 2027 | planned | | Up to 6 GW", article)[1]
    chips = claim_of("x | accelerators | Heron | >=1000000 | | realized | | more than 1 GW", article)[1]
    assert chips.quantity
    words = chips.quantity.model_copy(update={"value": None, "vague": True})
    opened = Opened(browser, report([load, chips.model_copy(update={"quantity": words})], tmp_path))
    page = opened.page
    expect(page.locator("#timeline")).to_contain_text("≤ 6,000 MW by 2027-12-31")
    expect(page.locator("#timeline")).to_contain_text("≥ 1,000,000 chips (vague)")
    expect(page.locator("#history")).to_contain_text("≤ 6,000 MW")
    expect(page.locator("#changes")).to_contain_text("≥ 1,000,000 chips (vague)")
    expect(page.locator("#largest svg")).to_contain_text("≤ 6,000 MW")
    expect(page.locator("#values .row", has_text="announced load")).to_contain_text("≤ 6,000 MW")
    assert opened.noise == []
    page.close()


def test_the_page_explains_its_words(opened: Opened):
    terms = " ".join(opened.page.locator("#words dt").all_text_contents())
    assert all(term in terms for term in ("assertion", "checkpoint", "open-ended", "dated share", "kept share", "HHI"))


@pytest.mark.parametrize("width", [390, 820, 1280])
def test_words_are_not_broken_inside(browser: Browser, scenario_report: Path, width: int):
    opened = Opened(browser, scenario_report, viewport={"width": width, "height": 900})
    broken = opened.page.evaluate(
        """() => [...document.querySelectorAll(".grid .row > *, .grid .head button, .tile")].filter((cell) => {
             cell.style.overflowWrap = "normal";
             return cell.scrollWidth > cell.clientWidth + 1 && cell.clientWidth > 0;
           }).map((cell) => cell.textContent)"""
    )
    assert broken == []
    assert opened.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    opened.page.close()


def test_controls_have_names_and_headings_are_in_order(opened: Opened):
    page = opened.page
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll("input, select, [role=grid], svg[role=img]")]
             .filter((item) => !item.getAttribute("aria-label") && !(item.labels && item.labels.length)).length"""
    )
    assert unnamed == 0
    levels = page.evaluate("() => [...document.querySelectorAll('main :is(h2, h3)')].map((item) => item.tagName)")
    assert levels[0] == "H2"
    assert page.locator("h1").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark(browser: Browser, scenario_report: Path, scheme: str):
    page = Opened(browser, scenario_report, color_scheme=scheme).page
    brightness = "() => Number(getComputedStyle(document.body).backgroundColor.match(/[0-9]+/)[0])"
    before = page.evaluate(brightness)
    assert (before > 128) == (scheme == "light")
    page.locator("#theme").click()
    assert (page.evaluate(brightness) > 128) == (scheme == "dark")
    page.close()


def test_it_prints_its_tables(browser: Browser, scenario_report: Path, tmp_path: Path):
    opened = Opened(browser, scenario_report)
    opened.page.emulate_media(media="print")
    opened.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(opened.page.locator("#table table.printed")).to_be_visible()
    assert opened.page.locator("#table table.printed tbody tr").count() == len(scenario().claims)
    expect(opened.page.locator("#table .grid")).not_to_be_visible()
    opened.page.pdf(path=tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").stat().st_size > 50_000
    opened.page.close()


def hostile_claims() -> list[Claim]:
    """The first claims of the scenario with hostile text in every field that an article fills."""
    found = []
    for claim, text in zip(scenario().claims, [*HOSTILE, *HOSTILE, *HOSTILE], strict=False):
        document = claim.document.model_copy(
            update={"title": text, "publisher": text, "author": text, "url": ADDRESS if claim.quantity else text}
        )
        evidence = claim.evidence[0].model_copy(update={"text": text, "start": 0, "end": len(text), "spans": {}})
        subject = claim.subject.model_copy(update={"name": text, "text": text}) if claim.subject else None
        parties = tuple(party.model_copy(update={"name": f"{text} {party.role}"}) for party in claim.parties)
        changes = {"document": document, "evidence": (evidence,), "subject": subject, "parties": parties}
        found.append(claim.model_copy(update=changes))
    return found


def test_hostile_text_stays_text(browser: Browser, tmp_path: Path):
    path = report(hostile_claims(), tmp_path)
    source = path.read_text(encoding="utf-8")
    assert "window.injected" not in source
    opened = Opened(browser, path)
    page = opened.page
    for row in page.locator("#table .row").all():
        row.click()
        assert page.locator("#evidence a").count() == 0
        assert page.locator("#evidence blockquote").first.text_content() in HOSTILE
        page.keyboard.press("Escape")
    assert page.evaluate("window.injected") is None
    assert page.locator("img, iframe, main script").count() == 0
    # Even a script that found its way into the page would not run.
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'injected = 1'}))"
    )
    assert page.evaluate("window.injected") is None
    assert opened.noise
    assert all("Content Security Policy" in line for line in opened.noise)
    page.close()


def test_fifty_thousand_claims_do_not_freeze_it(browser: Browser, tmp_path: Path):
    claims = [Claim.model_validate(record) for record in script(SYNTHETIC).claims(2_500)]
    with Ledger(Path(":memory:"), create=True) as ledger:
        ledger.add(claims)
        data = payload(ledger, "2026-06-30")
    data["claims"] = {name: column * 20 for name, column in data["claims"].items()}
    (tmp_path / "index.html").write_text(html(json.dumps(data)))
    opened = Opened(browser, tmp_path / "index.html")
    page = opened.page
    assert rows(page, "#table") == 50_000
    assert page.locator("#table .row").count() < 60
    took = page.evaluate(
        """async () => {
             const field = document.getElementById("search"), found = document.getElementById("found");
             const began = performance.now();
             field.value = "moor"; field.dispatchEvent(new Event("input"));
             while (found.textContent.startsWith("50,000")) await new Promise((next) => setTimeout(next, 5));
             return performance.now() - began;
           }"""
    )
    assert took < 5_000
    page.locator("#search").fill("")
    expect(page.locator("#found")).to_have_text("50,000 of 50,000 claims")
    page.get_by_role("grid", name="Claims").focus()
    page.keyboard.press("End")
    assert page.locator("#table .row.current").get_attribute("aria-rowindex") == "50001"
    assert page.locator("#table .row").count() < 60
    assert opened.noise == []
    page.close()
