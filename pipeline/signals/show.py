"""The signals in a terminal (rich), and how their numbers are written."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from pipeline import display
from pipeline.signals.records import Value


def number(value: Value) -> str:
    """The number with its unit: `67 %`, `243 days`, `≤ 300 MW`, `0.25`, `yes`; `unknown` where there is none."""
    if value.value is None:
        first = (value.unknown or "").partition(":")[0]
        return first if first in ("thin", "withheld") else "unknown"
    if value.unit == "share":
        return f"{value.value:.0%}"
    if value.unit == "yes_no":
        return "yes" if value.value else "no"
    plain = f"{value.value:,.2f}".rstrip("0").rstrip(".")
    unit = "" if value.unit in ("count", "ratio", "HHI") else f" {value.unit}"
    return f"{display.sign(value.relation)}{plain}{unit}{' (vague)' if value.vague else ''}"


def remarks(value: Value) -> str:
    """Who it is about, why there is no number, what the number leaves out."""
    return "; ".join(display.one_line(part) for part in (value.detail, value.unknown, value.note) if part)


def values_table(values: Iterable[Value]) -> RenderableType:
    """One row a value."""
    table = Table(box=None, pad_edge=False)
    for heading in ("signal", "about", "measure", "value", "from", "note"):
        table.add_column(heading, overflow="fold")
    for value in values:
        table.add_row(
            value.signal,
            Text(f"{display.one_line(value.name)} ({value.scope})"),
            value.measure.replace("_", " "),
            Text(number(value), style="bold" if value.value is not None else "dim"),
            f"{value.basis} assertions",
            Text(remarks(value), style="dim"),
        )
    return table
