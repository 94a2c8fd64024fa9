"""Every regular expression of the package takes time in proportion to the text, on texts made to be hard for it."""

from __future__ import annotations

import datetime as dt
import functools
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hard_texts import Unit, hard_texts
from patterns import Expression, collected, sites

from pipeline.extractor import Pipeline, build, explain_page
from pipeline.records import Page
from pipeline.screen import strip
from pipeline.settings import Settings

SAMPLES = (
    Path(__file__).parent.parent / "corpus/samples/analyst-who-owes-whom.txt",
    Path(__file__).parent / "fixtures/flattened_table.md",
)
LENGTH = 4_000
"""Characters of a text; the square of it takes a matcher some milliseconds, which can be measured."""
SHORT = (*range(12, 40, 4), *range(40, 80, 8), 120, 250, 500)
ENDLESS = 0.3
"""Lengths of short texts, and CPU seconds that only an expression needs for one which tries all ways to read it."""
FAST = 0.001
"""CPU seconds within which such a text is read in any proportion but the square."""
TEXTS = 48
GROWTH = 9.0
"""Times that four times the text may cost: 4 is linear, 16 the square."""
UNKNOWN = {
    "pipeline.ingest.config": 3,  # what the operator writes into the sources file
    "pipeline.claims.carried_sites": 1,  # one word of the text
}
"""Lines, by module, whose expression hangs on more than the package."""
CUT = {"pipeline.screen.strip": (r"[^>]*>", b"[^<]++<")}
"""Parts of expressions that are asked only up to the last mark that ends their match, where each of them succeeds."""


@functools.cache
def expressions() -> dict[str, list[Expression]]:
    found: dict[str, list[Expression]] = {}
    for each in collected([*SAMPLES]):
        found.setdefault(each.module, []).append(each)
    return found


def test_every_expression_is_known():
    unknown = [each.site for found in expressions().values() for each in found if each.source is None]
    by_module = {module: sum(site.startswith(f"{module}:") for site in unknown) for module in UNKNOWN}
    assert by_module == UNKNOWN
    assert len(unknown) == sum(UNKNOWN.values()), f"give the line an expression in tests/patterns.py: {unknown}"
    assert sum(map(len, expressions().values())) >= len(sites()) > 300


@pytest.mark.parametrize("module", sorted({site.module for site in sites()}))
def test_expressions_are_linear(module: str):
    slow: list[str] = []
    known = {(each.source, each.flags, each.anchored): each for each in expressions()[module] if each.source}
    cut = CUT.get(module, ())
    known = {key: each for key, each in known.items() if not any(type(p) is type(key[0]) and p in key[0] for p in cut)}
    for each in known.values():
        pattern = re.compile(each.source or "", each.flags)
        unit = next((u for u in hard_texts(pattern, TEXTS) if grows(pattern, u, anchored=each.anchored)), None)
        slow += [f"{each.site} {unit} {each.source!r:.300}"] if unit else []
    assert not slow, "\n".join(slow)


@pytest.mark.parametrize(
    ("source", "anchored", "linear"),
    [
        (r"\s+x", False, False),
        (r"\s+x", True, True),
        (r"\s{1,40}x", False, True),
        (r"(?:a|aa)+b", True, False),
        (r"<a[^>]*>", False, False),
        (r"<a[^<>]*>", False, True),
        (r"\bto\s(?:\w+\s)*$", False, True),
        (r"(?:\w+\s?)*:", True, False),
        (r".*?,.*?;", False, False),
    ],
)
def test_the_measure_tells_the_square_from_the_line(source: str, anchored: bool, linear: bool):
    pattern = re.compile(source)
    assert linear == (not any(grows(pattern, unit, anchored=anchored) for unit in hard_texts(pattern, TEXTS)))


def grows(pattern: re.Pattern[Any], unit: Unit, *, anchored: bool) -> bool:
    """Whether the time for a text grows faster than its length; short texts first, for those that would not end."""
    if any(_seconds(pattern, unit, length, anchored, tries=1) > ENDLESS for length in SHORT):
        return True
    return _seconds(pattern, unit, LENGTH, anchored, tries=1) > FAST and all(
        _seconds(pattern, unit, 4 * length, anchored, tries=3) > GROWTH * _seconds(pattern, unit, length, anchored, 3)
        for length in (LENGTH // 4, LENGTH // 2)
    )


def _seconds(pattern: re.Pattern[Any], unit: Unit, length: int, anchored: bool, tries: int) -> float:
    """CPU seconds for one pass over a text, the least of some tries: other work on the machine only adds."""
    text = unit.of_length(length)
    given: Any = text.encode("latin-1", "replace") if isinstance(pattern.pattern, bytes) else text
    best = float("inf")
    for _ in range(tries):
        began = time.process_time()
        if anchored:
            pattern.match(given)
        else:
            for _ in pattern.finditer(given):
                pass
        best = min(best, time.process_time() - began)
    return best


TOPIC = (
    "Tarn AI is building a 300 MW data center with 20,000 H100 GPUs in Reno for AI training. "
    "The hyperscale data center campus will use GPUs from NVIDIA.\n\n"
)
CLAIMS = (
    "Meta plans a 300 MW data center in Ohio", "Oracle will lease 200 MW to OpenAI in Texas by 2027",
    "CoreWeave has 20,000 H100 GPUs online at its campus", "the company agreed to buy 40,000 GPUs from it",
)  # fmt: skip


def cycled(between: str, *parts: str) -> Callable[[int], str]:
    """Texts of so many parts, the same few again and again; `#` is the number of the part."""
    return lambda n: between.join(parts[i % len(parts)].replace("#", str(i * 7919 % 9973)) for i in range(n))


LONG: dict[str, tuple[int, Callable[[int], str]]] = {
    "one sentence": (60, cycled(", and ", *CLAIMS)),
    "a table": (
        60,
        cycled("", *(f"<tr><td>Site #</td><td>{name}</td><td>#3 MW</td></tr>" for name in ("Meta", "Oracle"))),
    ),
    "numbers": (200, cycled(" ", "# MW", "# GPUs", "#,", "# billion", "#%")),
    "one number": (120, cycled(" ", "The site has 300 MW.")),
    "names": (400, cycled(", ", "Meta", "Oracle", "Grenholm Systems", "Tarn AI", "CoreWeave")),
    "unknown names": (300, cycled(", ", "Barun Systems", "Dalen", "Kerin Inc.", "Motal AI", "Parsil Compute", "Torum")),
    "short lines": (100, cycled("\n", "Meta said it will build a data center.")),
    "brackets": (3_000, lambda n: "(" * n + "300 MW" + ")" * n + "[{" * n),
    "line ends": (50_000, lambda n: "\n" * n + "Tarn AI has 300 MW."),
    "commas": (3_000, cycled(" ", ",")),
    "one word": (20_000, cycled("", "a")),
    "hyphens": (1_000, cycled("-", "data", "center")),
    "dates": (200, cycled(" ", "in 2027,", "by March 2026", "in Q3", "next year", "the same month", "a year earlier")),
    "deals": (60, cycled(" and ", "Meta signed a deal with Oracle", "OpenAI buys from CoreWeave")),
    "cues": (700, cycled(" ", "will", "plans to", "expected", "has", "not", "said")),
    "quotations": (200, cycled(" ", '"We will," he said,')),
    "steps": (100, cycled(" ", "Meta broke ground on the data center in Reno in 2024.")),
    "has": (400, lambda n: "It " + "has " * n + "built."),
}
"""Articles of any length: how many of its parts take some tenths of a second, and the text of so many."""


@functools.cache
def built() -> Pipeline:
    return build(Settings(model=None))


@pytest.mark.parametrize("name", LONG)
def test_long_articles_are_read_in_linear_time(name: str):
    count, text = LONG[name]
    extracted(name, 1, text)  # what is made once is made
    small, large = (min(extracted(name, size, text) for _ in range(2)) for size in (count, 4 * count))
    assert large < 1.0 or large < 9 * small, (small, large)


def extracted(name: str, count: int, text: Callable[[int], str]) -> float:
    """CPU seconds for an article with so many parts."""
    body = f"<table>{text(count)}</table>" if name == "a table" else text(count)
    content = (
        f"<html><body><article><p>{TOPIC}</p>{body}</article></body></html>" if name == "a table" else TOPIC + body
    )
    page = Page(source=name, content=content, published=dt.date(2026, 3, 5), url="https://a.example/story")
    began = time.process_time()
    found = explain_page(page, built()).extraction
    assert found.claims, found.article.reason
    return time.process_time() - began


@pytest.mark.parametrize("body", [b"<td", b"<!A", b"<section ", b"> ", b"<p> > ", b"a> ", b"<"])
@pytest.mark.parametrize("last", [b"", b">", b"<p>", b"<"])
def test_the_screen_reads_markup_in_linear_time(body: bytes, last: bytes):
    def seconds(count: int) -> float:
        page = strip.Markup(body=b"<p>Tarn</p>" + body * count + last, data=())
        began = time.process_time()
        strip.outline(page, ())
        strip.lines(page, ())
        return time.process_time() - began

    small, large = (min(seconds(count) for _ in range(3)) for count in (4_000, 16_000))
    assert large < 0.05 or large < 9 * small, (small, large)
