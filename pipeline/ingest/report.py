"""What a run did, in Markdown. Pure. Whatever strangers wrote is shown as text and never as markup."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from pipeline import display
from pipeline.ingest.closing import RunReport
from pipeline.records import Claim

_SLOWEST = 5
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|~-])")


def markdown(report: RunReport) -> str:
    """Counts by disposition, the new claims, slow and failing sources."""
    parts = [
        *([f"**{_plain(alert)}**" for alert in report.alerts]),
        _table(("what", "count"), ((name, str(count)) for name, count in report.summary)),
        f"{report.new_pages} new pages, {report.waiting} waiting, {report.batches} batches, {report.seconds:g} s.",
        "## New claims\n\n" + _claims(report.claims, report.summary.claims) if report.claims else "No new claims.",
        "## Sources\n\n" + _sources(report),
    ]
    return "\n\n".join(parts) + "\n"


def _claims(claims: Iterable[Claim], total: int) -> str:
    rows = [
        (claim.label, display.subject(claim), f"{display.kind(claim)}: {display.what(claim)}", display.date(claim.date),
         claim.document.title or "", claim.document.url or "")
        for claim in claims
    ]  # fmt: skip
    table = _table(("label", "subject", "what", "date", "article", "address"), rows)
    return table + (f"\n\n{len(rows)} of {total}; all are in the files." if total > len(rows) else "")


def _sources(report: RunReport) -> str:
    """Those that failed, then the slowest, then the rest in a line."""
    failing = [source for source in report.sources if source.failing_since or source.alert]
    timed = sorted((s for s in report.sources if s not in failing), key=lambda s: -(s.seconds or 0.0))
    rows = [
        (source.name, source.alert or (f"failing since {source.failing_since}" if source.failing_since else "ok"),
         str(source.found), f"{source.seconds or 0.0:.1f}", source.message or "")
        for source in (*failing, *timed[:_SLOWEST])
    ]  # fmt: skip
    rest = len(timed) - _SLOWEST
    more = f"\n\nand {rest} more without trouble" if rest > 0 else ""
    return _table(("source", "state", "pages", "seconds", "note"), rows) + more


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(map(_plain, row)) + " |" for row in rows]
    return "\n".join(lines)


def _plain(text: str) -> str:
    """On one line, with nothing in it that Markdown or HTML would read."""
    return _MARKUP.sub(r"\\\1", html.escape(display.one_line(text)[:300], quote=False))
