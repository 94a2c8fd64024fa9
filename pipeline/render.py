"""The table of claims and the explained article, for a terminal (rich)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from pipeline import display
from pipeline.compare import Difference
from pipeline.display import Mark, Why
from pipeline.records import Claim, Explanation
from pipeline.store import Summary

WIDE = 110
"""Columns from which the table gives every field a column of its own."""

_LABEL_STYLE = {"confirmed": "bold green", "aspirational": "bold yellow"}
_MARK_STYLE = {"entity": "green", "quantity": "bold cyan", "date": "blue", "cue": "bold magenta underline"}
_LEGEND = "  ".join(f"[{style}]{layer}[/]" for layer, style in _MARK_STYLE.items()) + "  [reverse] 1 [/] claim"


class Screen(Console):
    """A console that leaves it to its caller what to do when the reader of stdout went away."""

    def on_broken_pipe(self) -> None:
        """Let the `BrokenPipeError` pass; rich would end the program with 1."""
        raise


def claims_table(claims: Sequence[Claim], width: int) -> RenderableType:
    """One row a claim under the title of its article: label, kind, subject, what, date, who says so, deciding cue.

    `width` is in columns; below `WIDE` the fields are stacked in three columns.
    """
    parts: list[RenderableType] = [_columns(width, headings=True), Rule(style="dim")]
    for _, group in itertools.groupby(claims, key=lambda claim: claim.document):
        table = _columns(width, headings=False)
        listed = list(group)
        for claim in listed:
            table.add_row(*_row(claim, width))
        parts += [_document(listed[0]), table]
    return Group(*parts)


def _columns(width: int, *, headings: bool) -> Table:
    table = Table(box=None, pad_edge=False, expand=True, show_header=headings)
    table.add_column("label", width=12)
    if width >= WIDE:
        table.add_column("kind", width=12)
        for heading, share in {"subject": 3, "what": 5}.items():
            table.add_column(heading, ratio=share, overflow="fold")
        table.add_column("date", ratio=3, overflow="fold")
        for heading, share in {"says": 4, "cue and rule": 5}.items():
            table.add_column(heading, ratio=share, overflow="fold")
    else:
        table.add_column("claim", ratio=5, overflow="fold")
        table.add_column("says; cue and rule", ratio=4, overflow="fold")
    return table


def _row(claim: Claim, width: int) -> list[Text]:
    if width < WIDE:
        return [_label(claim), _stacked(claim), Text(display.source(claim)).append("\n").append(_cues(claim))]
    return [
        _label(claim), Text(display.kind(claim)), Text(display.subject(claim), style="bold"),
        Text(display.what(claim)), Text(display.date(claim.date), style="blue"),
        Text(display.source(claim)), _cues(claim),
    ]  # fmt: skip


def _document(claim: Claim) -> Text:
    document = claim.document
    facts = [document.publisher, str(document.published) if document.published else None]
    text = Text("\n").append(display.document(claim), style="bold underline")
    return text.append("".join(f"  {display.one_line(fact)}" for fact in facts if fact), style="dim")


def summary_line(summary: Summary) -> Text:
    """`20 articles: 18 extracted, 1 irrelevant, 1 rejected · 92 claims: 40 confirmed, 52 aspirational`."""
    counts = ((name, getattr(summary, name)) for name in ("extracted", "irrelevant", "duplicate", "rejected"))
    outcome = ", ".join(f"{count} {name}" for name, count in counts if count) or "nothing read"
    text = Text(f"{_plural(summary.inputs, 'article')}: {outcome} · {_plural(summary.claims, 'claim')}")
    if summary.claims:
        text.append(": ").append(f"{summary.confirmed} confirmed", "green")
        text.append(", ").append(f"{summary.aspirational} aspirational", "yellow")
    return text


def explanation(found: Explanation) -> RenderableType:
    """The article with its marks, then every claim with the cues, the scopes and the row of the table that decided."""
    article = found.extraction.article
    parts: list[RenderableType] = [_heading(found), Text()]
    if article.text:
        parts += [Text.from_markup(_LEGEND), Text(), _marked(found), Text()]
    for number, claim in enumerate(found.extraction.claims, 1):
        parts.append(_card(number, claim, found))
    if not found.extraction.claims and article.disposition != "rejected":
        parts.append(Text("no claims", style="dim"))
    return Group(*parts)


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _label(claim: Claim) -> Text:
    text = Text(claim.label, style=_LABEL_STYLE[claim.label])
    if claim.label == "aspirational":
        text.append(f"\n{claim.realization}", style="dim")
    if claim.certainty == "hedged":
        text.append("\n~ hedged", style="italic red")
    return text


def _stacked(claim: Claim) -> Text:
    text = Text(display.subject(claim), style="bold")
    text.append(f"  {display.kind(claim)}\n", style="dim not bold").append(display.what(claim), style="not bold")
    if claim.date:
        text.append(f"  {display.date(claim.date)}", style="blue not bold")
    return text


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _cues(claim: Claim) -> Text:
    text = Text()
    for cue in display.deciding_cues(claim):
        text.append("\n" if text else "").append(f"“{display.one_line(cue.text)}”", style="magenta")
        text.append(f" {display.one_line(cue.rule)}", style="dim")
    return text or Text("no cue: stated as fact", style="dim")


def _heading(found: Explanation) -> Text:
    article = found.extraction.article
    document = article.document
    title = document.title if document else None
    text = Text(display.one_line(title or article.source), style="bold")
    facts = [article.source if title else None, article.cleaner]
    if document:
        published = f"published {document.published}" if document.published else "no publication date"
        facts += [document.publisher, document.author, published, document.url]
    if any(facts):
        text.append("\n" + " · ".join(display.one_line(fact) for fact in facts if fact), style="not bold dim")
    outcome = article.disposition + (f": {article.message or article.reason}" if article.reason else "")
    return text.append(f"\n{display.one_line(outcome)}", style="not bold" if article.reason is None else "red")


def _marked(found: Explanation) -> Text:
    """The article text, styled; the number of each claim stands behind the words that it is pinned to."""
    source = found.extraction.article.text or ""
    pinned = display.anchors(found)
    text = Text()
    for start, end, covering in display.segments(len(source), display.marks(found)):
        text.append(display.visible(source[start:end]), style=_style(covering))
        for number in pinned.get(end, ()):
            text.append(f" {number + 1} ", style=f"reverse {_LABEL_STYLE[found.extraction.claims[number].label]}")
    return text


def _style(covering: Sequence[Mark]) -> str:
    """Later layers win: a cue inside an entity shows as a cue."""
    layers = {"cue" if mark.kind == "cue" else mark.layer for mark in covering}
    return next((style for layer, style in reversed(_MARK_STYLE.items()) if layer in layers), "")


def _card(number: int, claim: Claim, found: Explanation) -> RenderableType:
    head = Text(f"{number}  ", style="bold").append(claim.label, style=_LABEL_STYLE[claim.label])
    head.append(f"  {display.decision(claim)}", style="not bold")
    head.append(f"   confidence {claim.confidence:.2f}", style="not bold dim")
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", min_width=11)
    grid.add_column(overflow="fold")
    grid.add_row("claim", Text(f"{display.subject(claim)}: {display.kind(claim)}: {display.what(claim)}"))
    if claim.date:
        grid.add_row("date", Text(f"{display.date(claim.date)}  (“{display.one_line(claim.date.text)}”)"))
    grid.add_row("says", Text(display.source(claim)))
    for reason in display.why(claim):
        grid.add_row(reason.facet, _reason(reason, found))
    return Group(head, Padding(grid, (0, 0, 1, 3)))


def _reason(reason: Why, found: Explanation) -> Text:
    text = Text(reason.value, style="bold")
    if not reason.decided_by:
        return text.append("  no cue says otherwise", style="not bold dim")
    source = found.extraction.article.text or ""
    scopes = {(cue.start, cue.end, cue.rule): cue.scope for cue in found.cues}
    for cue in (*reason.decided_by, *reason.others):
        outvoted = cue in reason.others
        text.append("\noutvoted: " if outvoted else "\n", style="not bold dim")
        text.append(f"“{display.one_line(cue.text)}”", style="not bold magenta")
        text.append(f" {display.one_line(cue.rule)}", style="not bold dim")
        if outvoted:
            text.append(f" ({display.one_line(cue.value)})", style="not bold dim")
        if scope := scopes.get((cue.start, cue.end, cue.rule)):
            governed = _shortened(display.one_line(source[slice(*scope)]), 120)
            text.append(f" governs “{governed}”", style="not bold dim")
    return text


def rejection(source: str, message: str, reason: str) -> str:
    """The line that names a rejected input on stderr."""
    named = message if message.startswith(source) else f"{source}: {message}"
    return f"infraclaims: {display.one_line(named)} [{display.one_line(reason)}]"


def difference(item: Difference) -> str:
    """One line for what differs between two extractions."""
    claim = item.after or item.before
    assert claim
    told = f"{display.subject(claim)}: {display.kind(claim)}, {display.what(claim)}, {claim.label}"
    if item.before and item.after:
        changes = [f"{name} {_field(item.before, name)} → {_field(item.after, name)}" for name in item.fields]
        told = f"{display.subject(claim)}: {display.kind(claim)}: {'; '.join(changes)}"
    return f"{item.change:<8}{display.document(claim)}: {told}"


def _field(claim: Claim, name: str) -> str:
    if name == "date":
        return display.date(claim.date)
    if name in ("quantity", "parties"):
        return display.what(claim)
    if name in ("subject", "attribution"):
        return display.subject(claim) if name == "subject" else display.source(claim)
    return str(getattr(claim, name))
