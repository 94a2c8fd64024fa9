"""The explained article as one HTML page that needs no network and no other file, and does not trust the article."""

from __future__ import annotations

import base64
import hashlib
import string
from collections.abc import Sequence
from html import escape
from importlib import resources
from typing import get_args
from urllib.parse import urlsplit

from pipeline import display
from pipeline.display import Mark, Why
from pipeline.label import TABLE
from pipeline.records import Certainty, Claim, CueMention, Explanation, Realization

_LAYERS = ("entity", "quantity", "date", "cue")
_REALIZATIONS: tuple[Realization, ...] = get_args(Realization)
_CERTAINTIES: tuple[Certainty, ...] = get_args(Certainty)


def page(found: Explanation) -> str:
    """The page as text. Whatever comes from the article is escaped; its URL is a link only where it is http(s)."""
    templates = resources.files("pipeline") / "templates"
    template = string.Template((templates / "explain.html").read_text(encoding="utf-8"))
    script = (templates / "explain.js").read_text(encoding="utf-8")
    article, claims = found.extraction.article, found.extraction.claims
    document = article.document
    outcome = article.disposition + (f": {article.message or article.reason}" if article.reason else "")
    return template.substitute(
        title=_text((document.title if document else None) or article.source),
        facts=_facts(found),
        outcome=_text(outcome),
        text=_marked(found),
        count=f"{len(claims)} claim{'' if len(claims) == 1 else 's'}",
        decisions=_decisions(),
        cards="\n".join(_card(number, claim, found) for number, claim in enumerate(claims, 1)),
        extractor=_extractor(claims),
        script=script,
        script_hash="sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _text(text: str) -> str:
    return escape(display.one_line(text))


def _facts(found: Explanation) -> str:
    article = found.extraction.article
    facts = [_text(article.source)]
    if document := article.document:
        facts += [_text(fact) for fact in (document.publisher, document.author) if fact]
        facts.append(f"published {document.published}" if document.published else "no publication date")
        facts += [_link(document.url)] if document.url else []
    facts += [f"cleaned as {_text(article.cleaner)}"] if article.cleaner else []
    return " · ".join(facts)


def _link(url: str) -> str:
    try:
        safe = urlsplit(url.strip()).scheme.lower() in ("http", "https")
    except ValueError:
        safe = False
    shown = _text(url)
    return f'<a href="{shown}" rel="noopener noreferrer nofollow">{shown}</a>' if safe else shown


def _extractor(claims: Sequence[Claim]) -> str:
    if not claims:
        return ""
    made = claims[0].extractor
    return _text(f"{made.name} {made.version} · {made.model} · {made.fingerprint}")


def _decisions() -> str:
    """The decision table of the labels: a row for each realization, a column for each certainty."""
    lines = [f"<tr><th></th>{''.join(f'<th>{certainty}</th>' for certainty in _CERTAINTIES)}</tr>"]
    for realization in _REALIZATIONS:
        cells = (
            f'<td id="row-{realization}-{certainty}" class="{TABLE[realization, certainty]}">'
            f"{TABLE[realization, certainty]}</td>"
            for certainty in _CERTAINTIES
        )
        lines.append(f"<tr><th>{realization}</th>{''.join(cells)}</tr>")
    return "\n".join(lines)


def _marked(found: Explanation) -> str:
    source = found.extraction.article.text or ""
    pinned = display.anchors(found)
    parts: list[str] = []
    for start, end, covering in display.segments(len(source), display.marks(found)):
        parts.append(_segment(start, escape(display.visible(source[start:end])), covering))
        parts += [_pin(number, found.extraction.claims[number]) for number in pinned.get(end, ())]
    return "".join(parts)


def _segment(start: int, text: str, covering: Sequence[Mark]) -> str:
    layers = {"cue" if mark.kind == "cue" else mark.layer for mark in covering}
    attributes = [f'data-at="{start}"']
    if classes := " ".join(layer for layer in _LAYERS if layer in layers):
        attributes.append(f'class="{classes}"')
    for layer, name in (("evidence", "near"), ("part", "hit")):
        numbers = sorted({mark.claim + 1 for mark in covering if mark.layer == layer and mark.claim is not None})
        if numbers:
            attributes.append(f'data-{name}="{" ".join(map(str, numbers))}"')
    if notes := "; ".join(dict.fromkeys(mark.note for mark in covering if mark.note)):
        attributes.append(f'title="{escape(notes)}"')
    if scope := next((mark.scope for mark in covering if mark.scope), None):
        attributes.append(f'data-scope="{scope[0]} {scope[1]}"')
    return f"<span {' '.join(attributes)}>{text}</span>"


def _pin(number: int, claim: Claim) -> str:
    title = _text(f"claim {number + 1}: {claim.label}: {display.subject(claim)}: {display.what(claim)}")
    return f'<a class="pin {claim.label}" href="#claim-{number + 1}" title="{title}">{number + 1}</a>'


def _card(number: int, claim: Claim, found: Explanation) -> str:
    scopes = {(cue.start, cue.end, cue.rule): cue for cue in found.cues}
    rows = [("says", _text(display.source(claim)))]
    if claim.date:
        rows.insert(0, ("date", f"{_text(display.date(claim.date))} (“{_text(claim.date.text)}”)"))
    if claim.quantity:
        rows.insert(0, ("in words", f"“{_text(claim.quantity.text)}”"))
    rows += [
        (reason.facet, _reason(reason, scopes, found.extraction.article.text or "")) for reason in display.why(claim)
    ]
    rows.append(("confidence", f"{claim.confidence:.2f}"))
    listed = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows)
    row = f"row-{claim.realization}-{claim.certainty}"
    return (
        f'<article class="card" id="claim-{number}" tabindex="0" data-claim="{number}" data-row="{row}">'
        f'<header><span class="number">{number}</span><span class="label {claim.label}">{claim.label}</span>'
        f'<span class="kind">{_text(display.kind(claim))}</span></header>'
        f'<p class="what"><strong>{_text(display.subject(claim))}</strong>: {_text(display.what(claim))}</p>'
        f'<dl>{listed}</dl><span class="rule">{_text(display.decision(claim))}</span></article>'
    )


def _reason(reason: Why, scopes: dict[tuple[int, int, str], CueMention], source: str) -> str:
    if not reason.decided_by:
        return f"<strong>{_text(reason.value)}</strong>, no cue says otherwise"
    parts = [f"<strong>{_text(reason.value)}</strong>"]
    for cue in (*reason.decided_by, *reason.others):
        outvoted = cue in reason.others
        words = f'<span class="words{" outvoted" if outvoted else ""}">“{_text(cue.text)}”</span>'
        line = f"{words} <code>{_text(cue.rule)}</code>"
        if outvoted:
            line += f" ({_text(cue.value)}, outvoted)"
        if mention := scopes.get((cue.start, cue.end, cue.rule)):
            line += f" governs “{_text(source[slice(*mention.scope)])}”"
        parts.append(line)
    return "<br>".join(parts)
