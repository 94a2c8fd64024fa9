"""What an evaluation found, as data, as text and as one HTML page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from html import escape
from typing import Any

from pipeline.evaluation.errors import Error, errors
from pipeline.evaluation.scoring import (
    FIELDS,
    HEADLINES,
    Match,
    Result,
    confirmed,
    false_per_1000_words,
    field_accuracy,
    interval,
    level,
)

_LEVELS: dict[str, Callable[[Match], bool]] = {
    "detect": lambda match: match.gold.kind == match.claim.kind,
    "core": lambda match: match.core,
    "strict": lambda match: match.strict,
}
_SHOWN = 400
"""Characters of a quote."""


def figures(results: Sequence[Result]) -> dict[str, Any]:
    """All figures as plain data: rates 0..1 rounded to three places, intervals at 95 %."""
    kinds = sorted({m.gold.kind for r in results for m in r.matches} | {g.kind for r in results for g in r.missed})
    pairs = Counter((m.gold.label, m.claim.label) for r in results for m in r.matches)
    facets = Counter((m.gold.realization, m.claim.realization) for r in results for m in r.matches)
    return {
        "articles": len(results),
        "off_topic_articles": sum(not r.relevant for r in results),
        "gold": sum(len(r.matches) + len(r.missed) for r in results),
        "predicted": sum(len(r.matches) + len(r.false) for r in results),
        **{name: _rounded(asdict(level(results, right))) for name, right in _LEVELS.items()},
        "confirmed": _rounded(asdict(confirmed(results))),
        "fields_given_match": {name: round(field_accuracy(results, name), 3) for name in FIELDS},
        "intervals": {
            name: [round(end, 3) for end in interval(results, measure)] for name, measure in HEADLINES.items()
        },
        "false_on_off_topic": sum(len(r.false) for r in results if not r.relevant),
        "false_per_1000_off_topic_words": round(false_per_1000_words(results), 3),
        "per_kind": {
            kind: {
                "gold": sum(m.gold.kind == kind for r in results for m in r.matches)
                + sum(g.kind == kind for r in results for g in r.missed),
                **{name: _rounded(asdict(level(results, right, kind))) for name, right in _LEVELS.items()},
            }
            for kind in kinds
        },
        "label_confusion": {f"{gold} as {got}": count for (gold, got), count in sorted(pairs.items())},
        "realization_confusion": {f"{gold} as {got}": count for (gold, got), count in sorted(facets.items())},
        "errors_by_cause": {cause: len(found) for cause, found in errors(results).items()},
    }


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in values.items()}


def text(results: Sequence[Result], listed: int = 0) -> str:
    """The figures for a terminal, and up to `listed` errors of each cause."""
    return "\n".join(_lines(figures(results), errors(results), listed)) + "\n"


def _lines(found: dict[str, Any], grouped: dict[str, list[Error]], listed: int) -> Iterator[str]:
    yield f"{found['articles']} articles ({found['off_topic_articles']} off topic), {found['gold']} gold claims"
    yield f"{'':22}{'P':>7}{'R':>7}{'F1':>7}   95 % of F1"
    for name in _LEVELS:
        row, (low, high) = found[name], found["intervals"][f"{name}_f1"]
        yield f"{name:22}{row['precision']:7.3f}{row['recall']:7.3f}{row['f1']:7.3f}   {low:.3f} to {high:.3f}"
    row, (low, high) = found["confirmed"], found["intervals"]["confirmed_precision"]
    yield f"{'label confirmed':22}{row['precision']:7.3f}{row['recall']:7.3f}{'':7}   {low:.3f} to {high:.3f} (P)"
    yield "given a match: " + ", ".join(f"{name} {value:.3f}" for name, value in found["fields_given_match"].items())
    yield (
        f"off topic: {found['false_on_off_topic']} false claims, "
        f"{found['false_per_1000_off_topic_words']} in 1,000 words"
    )
    for kind, rows in found["per_kind"].items():
        row = rows["detect"]
        yield (
            f"  {kind:20}{row['precision']:7.3f}{row['recall']:7.3f}{row['f1']:7.3f}"
            f"   core {rows['core']['f1']:.3f}  strict {rows['strict']['f1']:.3f}  n {rows['gold']}"
        )
    yield "label: " + ", ".join(f"{pair} {count}" for pair, count in found["label_confusion"].items())
    yield "errors by cause: " + ", ".join(f"{cause} {len(group)}" for cause, group in grouped.items())
    for cause, group in grouped.items() if listed else ():
        yield f"\n{cause} ({len(group)})"
        for error in group[:listed]:
            yield f"  {error.article}: {error.what}\n      «{_one_line(error.quote)[:160]}»"


def html(results: Sequence[Result], title: str) -> str:
    """The figures and every error by cause as one page; whatever comes from an article is escaped."""
    found, grouped = figures(results), errors(results)
    summary = escape("\n".join(_lines(found, grouped, 0)))
    sections = "\n".join(
        f"<details open><summary>{escape(cause)} ({len(group)})</summary><table>"
        + "".join(
            f"<tr><td>{escape(e.article)}</td><td>{escape(e.what)}</td>"
            f"<td><q>{escape(_one_line(e.quote)[:_SHOWN])}</q></td></tr>"
            for e in group
        )
        + "</table></details>"
        for cause, group in grouped.items()
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{escape(title)}</h1><pre>{summary}</pre>{sections}</body></html>\n"
    )


_STYLE = """
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem }
pre { overflow-x: auto }
table { border-collapse: collapse; width: 100% }
td { border-top: 1px solid #8885; padding: .3rem .6rem; vertical-align: top; overflow-wrap: anywhere }
summary { font-weight: 600; margin-top: 1rem; cursor: pointer }
"""


def _one_line(quote: str) -> str:
    return " ".join(quote.split())
