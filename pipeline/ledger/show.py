"""A ledger in a terminal (rich)."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from pipeline import display
from pipeline.ledger import words
from pipeline.ledger.records import ToldStep
from pipeline.ledger.store import Added, Ledger


def added_line(added: Added) -> str:
    """What one call did, as a line."""
    parts = [f"{added.new:,} claims new", f"{added.known:,} known"]
    parts += [f"{added.outdated:,} of older extractions"] if added.outdated else []
    parts += [f"{added.replaced:,} replaced"] if added.replaced else []
    parts += [f"{added.rejected:,} lines rejected"] if added.rejected else []
    return ", ".join(parts) + f" · {added.units:,} units resolved"


def overview(ledger: Ledger) -> RenderableType:
    """The counts of the ledger and its corrections."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, count in ledger.counts().items():
        table.add_row(name, f"{count:,}")
    fixes = ledger.overrides
    table.add_row("corrections", str(len(fixes.merge) + len(fixes.alias) + len(fixes.wrong)))
    table.add_row("last published", ledger.last_published() or "–")
    return table


def history_table(steps: Iterable[ToldStep], *, rules: bool = False) -> RenderableType:
    """One row a step, in order of their day: that on which its source told it."""
    table = Table(box=None, pad_edge=False)
    for heading in ("day", "source", "metric", "what", "amount", "target", *(["rule"] if rules else [])):
        table.add_column(heading, overflow="fold", no_wrap=heading in ("day", "target"))
    for step in steps:
        style = "bold green" if step.label == "confirmed" else "yellow"
        table.add_row(
            step.day or "–",
            Text(display.one_line(step.publisher or step.document_id)),
            Text(words.what(step)),
            Text(words.change(step), style=style),
            Text(words.amount(step)),
            step.due_end or "–",
            *([step.rule or ""] if rules else []),
        )
    return table
