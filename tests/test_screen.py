"""The screen: whatever extraction makes a claim of passes all three looks, however the page writes it."""

from __future__ import annotations

import html
import json
import random
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline import lexicon
from pipeline.claims.scope import word_pattern
from pipeline.clean import clean
from pipeline.components import chips, measures, numbers
from pipeline.extractor import Pipeline, build, explain_article, extract_page
from pipeline.records import Article, Page, Rejected
from pipeline.screen import article_could_hold_claim, bytes_could_hold_claim, prepared, text_could_hold_claim
from pipeline.screen import words as screen_words
from pipeline.screen.scan import Scanner
from pipeline.settings import Settings
from pipeline.sources.files import read_paths

HERE = Path(__file__).parent
SETTINGS = Settings()
FILLER = "The council met on a wet evening and spoke for a long time about the bridge and the school. " * 6


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return build()


def page(body: str, **fields: Any) -> Page:
    text = f"<!doctype html><html><head><title>News</title></head><body><article>{body}<p>{FILLER}</p></article></body>"
    return Page(source="p", content=text.encode(), media_type="html", **fields)


def document(text: str) -> bytes:
    return f"<!doctype html><p>{text}</p>".encode()


def passes(item: Page) -> tuple[bool, bool, bool]:
    article = clean(item, SETTINGS)
    return (
        bytes_could_hold_claim(item),
        text_could_hold_claim(item),
        isinstance(article, Rejected) or article_could_hold_claim(article),
    )


def articles() -> Iterator[Page]:
    corpus = HERE.parent / "corpus"
    for item in read_paths([str(corpus / "samples"), str(corpus / "articles")], SETTINGS):
        if isinstance(item, Page):
            yield item
    for name in ("claims", "claims_blind"):
        for case in tomllib.loads((HERE / "cases" / f"{name}.toml").read_text("utf-8"))["case"]:
            if "text" in case:
                paragraphs = "".join(f"<p>{html.escape(line)}</p>" for line in case["text"].splitlines())
                yield page(paragraphs, id=case.get("id"), title=case.get("title"))
                yield Page(source="t", content=case["text"], media_type="text", title=case.get("title"))


def test_nothing_is_lost_of_the_corpus_and_the_cases(pipeline: Pipeline) -> None:
    with_claims = 0
    for item in articles():
        if extract_page(item, pipeline).claims:
            with_claims += 1
            looks = passes(item)  # of a blind article no more than its name may be told
            assert looks == (True, True, True), (item.source, item.id)
    assert with_claims > 500


def test_the_article_is_left_unread_only_where_it_is_off_topic(pipeline: Pipeline) -> None:
    unread = 0
    for item in articles():
        article = clean(item, SETTINGS)
        if isinstance(article, Article) and not article_could_hold_claim(article):
            unread += 1
            assert explain_article(article, "p", pipeline).extraction.article.reason == "off_topic", article.text
    assert unread > 10


STRAY = {
    "a script in a comment": "<!-- <script> --><p>{}</p><script></script>",
    "a script in an attribute": '<p title="<script>">{}</p><script></script>',
    "a comment that HTML ends early": "<!--> <p>{}</p> -->",
    "a comment with markup": "<!-- <p>old</p> --><p>{}</p><!-- > -->",
    "a script in capitals": "<SCRIPT>var a = '<p>'</SCRIPT><p>{}</p>",
    "a script that is never closed": "<p>{}</p><script>var a = 1",
    "a tag of a longer name": "<scripture>{}</scripture>",
    "a sign for less": "<p>It is 4 < 5, and {}</p>",
    "a bracket in an attribute": '<p title="a > b">{}</p>',
    "no tag behind": "<p>x</p>{}",
    "a style in capitals": "<STYLE>p {{ color: red }}</STYLE><p>{}</p>",
}


@pytest.mark.parametrize("case", STRAY)
def test_evidence_counts_in_odd_markup(case: str) -> None:
    item = Page(source="p", content=document(STRAY[case].format(" a data center for Ashby ")), media_type="html")
    assert passes(item)[:2] == (True, True)


DISGUISES: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "capitals": str.upper,
    "line ends": lambda text: text.replace(" ", "\r\n        "),
    "no-break spaces": lambda text: text.replace(" ", "&nbsp;"),
    "no-break characters": lambda text: text.replace(" ", "\u00a0"),
    "tags between words": lambda text: text.replace(" ", '</span> <span class="w">'),
    "a comment between words": lambda text: text.replace(" ", " <!-- x --> "),
    "a tag in each word": lambda text: " ".join(
        f"{word[: len(word) // 2]}<b>{word[len(word) // 2 :]}</b>" if word.isalpha() and len(word) > 2 else word
        for word in text.split(" ")
    ),
    "a big initial": lambda text: f"<span class=cap>{text[0]}</span>{text[1:]}" if text[:3].isalpha() else text,
    "soft hyphens": lambda text: text[:3] + "&shy;" + text[3:] if text[:4].isalpha() else text,
    "a zero-width space": lambda text: text[:2] + "\u200b" + text[2:] if text[:3].isalpha() else text,
    "a place to break": lambda text: text[:3] + "<wbr>" + text[3:] if text[:4].isalpha() else text,
    "letters as numbers": lambda text: "".join(f"&#{ord(char)};" if char.isalnum() else char for char in text),
    "letters as hexadecimal": lambda text: "".join(f"&#x{ord(char):x};" if char.isalpha() else char for char in text),
    "wide letters": lambda text: "".join(chr(ord(char) + 0xFEE0) if "!" < char <= "~" else char for char in text),
}  # fmt: skip
EVIDENCE = {
    "a strong word": "data center",
    "a chip": "GB200 NVL72",
    "a chip that is a word": "Nvidia's Hopper",
    "chips by number": "12,000 AI accelerators",
    "power": "400 megawatts for its cloud",
    "power by a symbol": "1.4 GW for its cloud",
    "a sum and a faint word": "$40 million spent on its cloud",
    "a sum in words": "two billion dollars spent on artificial intelligence",
    "a sum with a letter": "$600m raised from Microsoft",
    "a sum in digits": "€12,000,000 spent on language models",
}


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("evidence", EVIDENCE)
def test_evidence_counts_however_it_is_written(evidence: str, disguise: str) -> None:
    plain = EVIDENCE[evidence]
    if disguise == "capitals" and evidence == "power by a symbol":
        pytest.skip("a unit's symbol has its own capitals")
    item = page(f"<p>It was about {DISGUISES[disguise](plain)} in the end.</p>")
    assert passes(item)[:2] == (True, True)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig", "cp1252"])
def test_evidence_counts_in_any_encoding(encoding: str) -> None:
    raw = f"<html><body><p>£40 million spent on its cloud — and more.</p><p>{FILLER}</p>".encode(encoding)
    assert passes(Page(source="p", content=raw, media_type="html"))[:2] == (True, True)


def test_evidence_counts_in_titles_that_the_text_does_not_repeat() -> None:
    heads = (
        '<meta property="og:title" content="A data center for Ashby">',
        '<script type="application/ld+json">{"@type":"NewsArticle","headline":"A data\\ncenter for Ashby"}</script>',
        "<title>A data center for Ashby</title>",
    )
    for head in heads:
        raw = f"<html><head>{head}</head><body><p>{FILLER}</p></body></html>".encode()
        assert passes(Page(source="p", content=raw, media_type="html"))[:2] == (True, True), head
    told = Page(source="p", content=f"<html><body><p>{FILLER}</p>".encode(), title="A data center", media_type="html")
    assert passes(told)[:2] == (True, True)


NOTHING = {
    "other news": "<p>The team won its third match in a row, watched by 4,000 people.</p>",
    "a script": "<script>var gpu = navigator.gpu; compute(gpu); s.replace(/a/, '$1 million')</script>",
    "an attribute": '<p data-topic="data center" class="gpu compute">The bridge is open.</p>',
    "a style": "<style>.gpu { width: 400px } /* data center */</style>",
    "a sum for something else": "<p>The county set $14 million aside for roads.</p><p>Google was not asked.</p>",
    "a person of that name": "<p>Grace was there in 2019, and so was Vera.</p><p>The AI exam comes later.</p>",
    "fish and chips": "<p>He ate 12 portions of chips that week.</p>",
    "a card machine": "<p>The card machine broke 3 times.</p>",
    "a middle initial": "<p>William W. Ashby spoke.</p>",
}


@pytest.mark.parametrize("case", NOTHING)
def test_what_shows_nothing_is_not_read_on(case: str) -> None:
    item = page(NOTHING[case])
    assert not (bytes_could_hold_claim(item) and text_could_hold_claim(item))


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Lets a test add words to the files of the lexicon, for whoever reads them next."""
    caches = (
        lexicon.toml, lexicon.load, lexicon.by_id, screen_words.evidence, screen_words.money, word_pattern,
        chips.chip_words, measures.rules, numbers.number_words,
    )  # fmt: skip
    plain = lexicon.toml

    def add(changes: dict[str, Any]) -> None:
        monkeypatch.setattr(lexicon, "toml", lambda name: changes.get(name) or plain(name))
        for cache in caches:
            cache.cache_clear()

    yield add
    monkeypatch.undo()
    for cache in caches:
        cache.cache_clear()


def test_a_word_that_is_added_to_the_lexicon_is_looked_for(added: Callable[[dict[str, Any]], None]) -> None:
    before = Scanner(prepared())
    scope, units = json.loads(json.dumps(lexicon.toml("scope"))), json.loads(json.dumps(lexicon.toml("units")))
    scope["topic"]["strong"].append("thinking mill")
    scope["topic"]["faint"].append("loom hall")
    units["units"][0]["words"].append("zapp")
    units["accelerators"]["plain"].append("wafflet")
    units["numbers"]["scales"]["zillion"] = 1e15
    added({"scope": scope, "units": units})
    after = Scanner()
    news = (
        "A thinking mill for Ashby",
        "Its cloud draws 40 zapps",
        "They bought 20,000 wafflets",
        "2 zillion dollars spent on a loom hall",
    )
    for text in news:
        assert not before.could_hold_claim(document(text)), text
        assert after.could_hold_claim(document(text)), text
        assert after.text_could_hold_claim(text), text


def test_every_word_of_the_lexicon_that_is_evidence_is_found() -> None:
    """The forms of each kind in the sentences that extraction would count them in, one by one."""
    scanner = Scanner(prepared())
    frames = {
        "proof": "It is about {} now.", "power": "Its cloud draws 40 {} now.", "measured": "Its cloud draws 40 {} now.",
        "counted": "They bought 20,000 {}s now.", "doubtful": "The chip is called {} now.",
        "faint": "It spent $400 million on {} now.", "company": "It spent $400 million on {} now.",
    }  # fmt: skip
    for words in screen_words.evidence():
        for form in words.forms:
            if words.proof in frames:
                text = frames[words.proof].format(form)
                assert scanner.could_hold_claim(document(text)), text
                assert scanner.text_could_hold_claim(text), text
    for chip in lexicon.load().accelerators:
        for form in (chip.name, *chip.aliases):
            assert scanner.text_could_hold_claim(f"They run 5,000 Nvidia {form} chips there."), form
    for strong in lexicon.toml("scope")["topic"]["strong"]:
        assert scanner.text_could_hold_claim(f"That {strong} again."), strong


def test_the_looks_agree_on_pages_made_at_random(pipeline: Pipeline) -> None:
    """Sentences with and without evidence, mixed: no page with claims is lost."""
    sentences = [
        "Northwind AI said its Granite data center campus in Ohio runs 96,000 H200s.", "The bridge is open again.",
        "Harbour Cloud plans to add 700 MW by 2028.", "It raised $40 million from Stonegate Capital.",
        "Google will spend $3 billion on AI in Texas.", "The cluster holds 20,000 chips of its own make.",
        "They signed a lease with CoreWeave.", "Grace said the hall was full.", "The plant makes 900 GWh a year.",
    ]  # fmt: skip
    rnd = random.Random(7)
    lost, claims = [], 0
    for _ in range(60):
        chosen = rnd.sample(sentences, rnd.randint(1, 4))
        item = page("".join(f"<p>{sentence}</p>" for sentence in chosen))
        result = extract_page(item, pipeline)
        claims += bool(result.claims)
        if result.claims and passes(item) != (True, True, True):
            lost.append(chosen)
    assert lost == []
    assert claims > 20


def test_a_matcher_goes_to_another_process_compiled() -> None:
    scanner, copy = Scanner(), Scanner(prepared())
    for text in ("about data centers", "about bridges", "$15 million spent on the cloud"):
        assert copy.text_could_hold_claim(text) == scanner.text_could_hold_claim(text)


def test_an_article_is_looked_at_as_it_is_stored() -> None:
    article = clean(page("<p>The data center is open.</p>"), SETTINGS)
    assert isinstance(article, Article)
    assert article_could_hold_claim(article)
    assert not article_could_hold_claim(article.model_copy(update={"text": "The bridge is open."}))
