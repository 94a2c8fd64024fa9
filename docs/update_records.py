"""Put the types in the tables of docs/records.md anew, as the models have them; what a field means is written by hand.

.venv/bin/python docs/update_records.py
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from pipeline import records
from pipeline.store import Reject, Summary

PAGE = Path(__file__).parent / "records.md"
WRITTEN: dict[str, type[BaseModel]] = {
    "Claim": records.Claim, "Subject": records.Subject, "Party": records.Party, "Quantity": records.Quantity,
    "Date": records.DateRange, "Attribution": records.Attribution, "Evidence": records.Evidence, "Cue": records.Cue,
    "Document": records.Document, "Extractor": records.Extractor, "Article": records.ArticleRecord,
    "Entity": records.Entity, "Reject": Reject, "Summary": Summary,
}  # fmt: skip
"""The records by the headings of their tables."""
_PLAIN = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    dt.date: "date",
    dt.datetime: "date and time",
}
_HEADINGS = {model: name for name, model in WRITTEN.items()}


def words(kind: Any) -> str:
    """A type as the page says it."""
    parts, origin = get_args(kind), get_origin(kind)
    if origin is Literal:
        return ", ".join(f"`{each}`" for each in parts)
    if origin in (Union, UnionType):
        return " or ".join("null" if each is NoneType else words(each) for each in parts)
    if origin is tuple and len(set(parts)) == 1:
        return "`[start, end]`"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"object of {words(parts[1])}"
    if isinstance(origin, type) and issubclass(origin, Iterable):
        return f"list of {words(parts[0])}"
    return _PLAIN.get(kind) or f"[{_HEADINGS[kind]}](#{_HEADINGS[kind].lower()})"


def updated(text: str) -> str:
    """The page with the types of all its fields anew, in the order of the models; a new field has no meaning yet."""
    parts = re.split(r"^(?=## )", text, flags=re.M)
    return "".join(map(_section, parts))


def _section(part: str) -> str:
    model = WRITTEN.get(part.removeprefix("## ").split("\n", 1)[0].strip())
    if model is None:
        return part
    kinds = get_type_hints(model)
    told = dict(re.findall(r"^\| `(\w+)` \|.*?\| ([^|]*) \|$", part, flags=re.M))
    rows = "".join(f"| `{name}` | {words(kinds[name])} | {told.get(name, '')} |\n" for name in model.model_fields)
    return re.sub(r"(?:^\| `\w+` \|.*\n)+", lambda _: rows, part, count=1, flags=re.M)


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
