"""What a person is shown: readable, complete, and harmless whatever the article holds."""

from __future__ import annotations

import datetime as dt
import html.parser
import io
import re
from itertools import pairwise
from typing import get_args

import made
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console, RenderableType

from pipeline import display, explain_html, render
from pipeline.components.measures import rules
from pipeline.records import Claim, DateRange, Entity, Explanation, Extraction, Quantity, UnitKind
from pipeline.store import Summary

HOSTILE = (
    "\x1b]0;owned\x07\x1b[31m<script>alert(1)</script><img src=x onerror=alert(2)>\u202e\x9b2J${title} [bold]$text"
)


def printed(what: RenderableType, width: int = 100, *, colour: bool = False) -> str:
    console = Console(
        file=io.StringIO(), width=width, force_terminal=colour, color_system="truecolor" if colour else None
    )
    console.print(what)
    return console.file.getvalue()  # type: ignore[attr-defined]


def dated(start: str, end: str, relation: str = "on", grain: str = "span") -> DateRange:
    return DateRange.model_validate({"text": "then", "start": start, "end": end, "relation": relation, "grain": grain})


@pytest.mark.parametrize(
    ("item", "shown"),
    [
        (None, "–"),
        (dated("2026-05-06", "2026-05-06"), "2026-05-06"),
        (dated("2026-05-01", "2026-05-31"), "2026-05"),
        (dated("2027-01-01", "2027-12-31", "by"), "by 2027"),
        (dated("2026-07-01", "2026-09-30"), "2026 Q3"),
        (dated("2026-10-01", "2026-12-31"), "2026 Q4"),
        (dated("2026-07-01", "2026-12-31"), "2026 H2"),
        (dated("2026-01-01", "2026-06-30"), "2026 H1"),
        (dated("2028-09-01", "2028-12-31", "by"), "by 2028-09 to 2028-12"),
        (dated("2030-01-01", "2039-12-31"), "2030 to 2039"),
        (dated("2026-05-04", "2026-05-10"), "2026-05-04 to 2026-05-10"),
        (DateRange(text="next  year", grain="year"), "“next year”"),
        (DateRange(text="from 2027", start=dt.date(2027, 1, 1), grain="year", relation="from"), "from 2027-01-01 to …"),
        (dated("9999-12-01", "9999-12-31"), "9999-12-01 to 9999-12-31"),
    ],
)  # fmt: skip
def test_date(item: DateRange | None, shown: str):
    assert display.date(item) == shown


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"value": 96000, "unit": "accelerator", "chip": "chip:h200"}, "96,000 chips, H200"),
        ({"value": 220000, "unit": "accelerator", "relation": "approx"}, "≈ 220,000 chips"),
        ({"value": 1100, "unit": "MW", "incremental": True}, "+1,100 MW"),
        ({"min": 300, "max": 500, "unit": "MW", "relation": "range"}, "300–500 MW"),
        ({"min": 2000, "unit": "MW", "relation": "ge", "vague": True}, "≥ 2,000 MW"),
        ({"max": 600, "unit": "MW", "relation": "le"}, "≤ 600 MW"),
        ({"value": 38e9, "unit": "USD"}, "38 bn USD"),
        ({"value": 1.4e12, "unit": "EUR", "relation": "gt"}, "> 1.4 tn EUR"),
        ({"value": 1.5e9, "unit": "USD", "period": "year"}, "1.5 bn USD a year"),
        ({"value": 0.5, "unit": "MWh"}, "0.5 MWh"),
        ({"unit": "MW"}, "? MW"),
        *(({"value": 5e6, "unit": row.unit}, f"5,000,000 {row.unit}") for row in rules().units),
    ],
)
def test_quantity(fields: dict[str, object], shown: str):
    assert display.quantity(Quantity.model_validate({"text": "x", **fields})) == shown


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=12), st.integers(0, 25))
def test_segments_cover_the_text_and_know_every_mark(bounds: list[tuple[int, int]], length: int):
    found = [display.Mark(*sorted(pair), "part", "x", str(n), n) for n, pair in enumerate(bounds)]
    cut = list(display.segments(length, found))
    assert [start for start, _, _ in cut] + [length] == [0] + [end for _, end, _ in cut] or not cut
    for start, end, covering in cut:
        assert start < end
        assert list(covering) == [mark for mark in found if mark.start <= start and end <= mark.end]
    assert all(left[1] == right[0] for left, right in pairwise(cut))


def test_visible_keeps_offsets_and_removes_controls():
    shown = display.visible(HOSTILE)
    assert len(shown) == len(HOSTILE)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown)


@given(st.text())
def test_visible_is_one_for_one(text: str):
    shown = display.visible(text)
    assert len(shown) == len(text)
    shown.encode("utf-8")


@pytest.mark.parametrize("width", [40, 80, 110, 200])
def test_table_fits_and_tells_everything(width: int):
    shown = printed(render.claims_table(made.claims(), width), width)
    assert max(map(len, shown.splitlines())) <= width
    words = re.sub(r"\s+", "", shown)
    for part in (
        "confirmed",
        "aspirational",
        "planned",
        "~hedged",
        "Granite",
        "chips",
        "+1,100MW",
        "plansto",
        "intent.plan",
    ):
        assert part in words or width == 40
    assert made.TITLE in shown


def test_table_colours_the_labels():
    shown = printed(render.claims_table(made.claims(), 120), 120, colour=True)
    assert "\x1b[1;32mconfirmed" in shown
    assert "\x1b[1;33maspirational" in shown


@pytest.mark.parametrize(
    ("summary", "shown"),
    [
        (Summary(), "0 articles: nothing read · 0 claims"),
        (Summary(inputs=1, rejected=1), "1 article: 1 rejected · 0 claims"),
        (
            Summary(inputs=3, extracted=2, irrelevant=1, claims=5, confirmed=3, aspirational=2),
            "3 articles: 2 extracted, 1 irrelevant · 5 claims: 3 confirmed, 2 aspirational",
        ),
    ],
)
def test_summary_line(summary: Summary, shown: str):
    assert render.summary_line(summary).plain == shown


def test_terminal_explanation_names_cue_scope_and_row():
    shown = printed(render.explanation(made.explanation()))
    assert "planned + asserted → aspirational" in shown
    assert "realized + hedged → aspirational" in shown
    assert "“plans to” intent.plan governs “plans to add 1.1 GW by the end of 2028”" in shown
    assert "96,000 H200s 1 " in shown
    assert "no cue says otherwise" in shown


def test_an_outvoted_cue_is_shown_as_such():
    claim = made.claims()[2].model_copy(update={"realization": "possible"})
    reason, _ = display.why(claim)
    assert [cue.text for cue in reason.others] == ["signed"]


def hostile() -> Explanation:
    """An explanation whose every string that an article can set is hostile."""
    known = made.document(HOSTILE, title=HOSTILE, url="javascript:alert(document.domain)//" + HOSTILE)
    found = made.extraction(HOSTILE)
    text = HOSTILE + found.article.text if found.article.text else HOSTILE
    article = found.article.model_copy(update={"text": text, "document": known, "message": HOSTILE, "reason": HOSTILE})
    claims: list[Claim] = []
    for claim in made.claims():
        changed: dict[str, object] = {"document": known}
        if claim.subject:
            changed["subject"] = claim.subject.model_copy(update={"name": HOSTILE})
        if claim.attribution:
            changed["attribution"] = claim.attribution.model_copy(update={"name": HOSTILE, "verb": HOSTILE})
        if claim.date:
            changed["date"] = claim.date.model_copy(update={"text": HOSTILE})
        if claim.quantity:
            changed["quantity"] = claim.quantity.model_copy(update={"text": HOSTILE})
        claims.append(claim.model_copy(update=changed))
    return made.explanation().model_copy(update={"extraction": Extraction(article=article, claims=tuple(claims))})


@pytest.mark.parametrize("width", [60, 140])
def test_terminal_shows_no_control_characters_of_the_article(width: int):
    found = hostile()
    shown = printed(render.explanation(found), width) + printed(
        render.claims_table(found.extraction.claims, width), width
    )
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", shown)
    assert "[bold]" in shown, "the article's brackets are text, not markup"
    assert "\x1b" not in render.rejection(HOSTILE, HOSTILE, "empty")


class Page(html.parser.HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_html_escapes_everything_hostile():
    page = Page(explain_html.page(hostile()))
    assert [tag for tag, _ in page.tags if tag == "script"] == ["script"], "only the page's own script"
    assert not [tag for tag, _ in page.tags if tag in ("img", "iframe", "object", "base", "form")]
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert "<script>alert(1)</script>" in page.text, "shown as text"
    assert "${title}" in page.text, "the template is filled once"
    links = [attributes.get("href") or "" for tag, attributes in page.tags if tag == "a"]
    assert all(link.startswith("#claim-") for link in links)


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://example.org/a?b=1&c='\"", True),
        ("HTTP://EXAMPLE.ORG/", True),
        ("javascript:alert(1)", False),
        (" javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("//example.org/a", False),
        ("http://[", False),
    ],
)
def test_only_http_addresses_are_links(url: str, linked: bool):
    found = made.explanation()
    article = found.extraction.article.model_copy(update={"document": made.document(url=url)})
    page = Page(explain_html.page(found.model_copy(update={"extraction": Extraction(article=article)})))
    links = [attributes["href"] for tag, attributes in page.tags if tag == "a"]
    assert links == ([url] if linked else [])


def test_html_needs_no_network():
    text = explain_html.page(made.explanation())
    page = Page(text)
    assert not [tag for tag, attributes in page.tags if tag in ("link", "img") or "src" in attributes]
    assert "url(" not in text
    assert "@import" not in text


def test_html_script_is_the_one_its_policy_allows():
    import base64
    import hashlib

    text = explain_html.page(made.explanation())
    (script,) = re.findall(r"<script>(.*?)</script>", text, flags=re.S)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in text


def test_html_marks_the_spans_of_each_claim():
    page = explain_html.page(made.explanation())
    segments = re.findall(r"<span (data-at=[^>]*)>([^<]*)</span>", page)
    assert "".join(text for _, text in segments) == made.TEXT
    of_second = [text for attributes, text in segments if 'data-hit="2"' in attributes]
    assert of_second == ["plans to", "1.1 GW", "by the end of 2028"]
    assert re.search(r'class="cue"[^>]*data-scope="\d+ \d+"', page)
    assert page.count('class="card"') == 3
    assert 'data-row="row-planned-asserted"' in page
    assert 'id="row-planned-asserted"' in page


@pytest.mark.parametrize("kind", get_args(UnitKind))
def test_an_amount_is_marked_once(kind: UnitKind):
    """It stands among the entities too, which show names alone."""
    found = made.explanation()
    start, end = made.span("1.1 GW")
    amount = Entity(type=kind, name="1.1 GW", start=start, end=end)
    article = found.extraction.article.model_copy(update={"entities": (amount,)})
    extraction = found.extraction.model_copy(update={"article": article})
    marks = display.marks(found.model_copy(update={"extraction": extraction}))
    assert [mark.layer for mark in marks if (mark.start, mark.end) == (start, end) and mark.layer != "part"] == [
        "quantity"
    ]


def test_html_of_a_rejected_page_says_why():
    found = Explanation(extraction=made.dropped("empty.txt", "rejected", "empty", "There is no text."))
    page = Page(explain_html.page(found))
    assert "rejected: There is no text." in page.text
    assert "0 claims" in page.text
    assert "There is no text." in printed(render.explanation(found))


def test_html_is_the_same_twice():
    assert explain_html.page(made.explanation()) == explain_html.page(made.explanation())
