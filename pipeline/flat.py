"""The flat schema of a claim: one row, one column a field; the same in the ledger, in Parquet and in DuckDB.

Nested parts are joined with `_` (`quantity_value`, `document_url`); lists (`parties`, `evidence`) are JSON text. A flat
row holds everything, so that the claim comes back from it.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import types
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import to_json

from pipeline.records import Claim

_TYPES: dict[Any, str] = {
    str: "VARCHAR",
    float: "DOUBLE",
    int: "BIGINT",
    bool: "BOOLEAN",
    dt.date: "DATE",
    dt.datetime: "TIMESTAMPTZ",
}


class Column(NamedTuple):
    """One column: its name, its type in DuckDB and Parquet, and the path of the field in the record."""

    name: str
    type: str
    path: tuple[str, ...]


@functools.cache
def columns() -> tuple[Column, ...]:
    """All columns, in the order of the fields of the record."""
    return tuple(_columns(Claim, ()))


def _columns(model: type[BaseModel], path: tuple[str, ...]) -> list[Column]:
    found: list[Column] = []
    for name, field in model.model_fields.items():
        inner, here = _plain(field.annotation), (*path, name)
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found += _columns(inner, here)
        else:
            found.append(Column("_".join(here), _scalar(inner), here))
    return found


def _scalar(inner: Any) -> str:
    """Lists of a flat row are text, and so is a choice of words."""
    return "VARCHAR" if get_origin(inner) else _TYPES.get(inner, "VARCHAR")


def _plain(annotation: Any) -> Any:
    """The type without `| None`."""
    if get_origin(annotation) in (types.UnionType, Union):
        return next(arm for arm in get_args(annotation) if arm is not type(None))
    return annotation


def flat_row(claim: Claim) -> tuple[Any, ...]:
    """The values of a claim in the order of `columns()`: numbers, booleans, ISO text, JSON text, None."""
    row: list[Any] = []
    for part, of_part in _getters():
        value = claim if part is None else getattr(claim, part)
        row += [None if value is None else _value(get(value)) for get in of_part]
    return tuple(row)


@functools.cache
def _getters() -> tuple[tuple[str | None, tuple[attrgetter[Any], ...]], ...]:
    """For each run of columns of one part of the record: the part, and how to take its fields."""
    runs: list[tuple[str | None, list[attrgetter[Any]]]] = []
    for column in columns():
        *head, name = column.path
        part = head[0] if head else None
        if not runs or runs[-1][0] != part:
            runs.append((part, []))
        runs[-1][1].append(attrgetter(name))
    return tuple((part, tuple(getters)) for part, getters in runs)


def _value(value: Any) -> Any:
    if isinstance(value, tuple):
        return to_json(value).decode()
    return value.isoformat() if isinstance(value, dt.date) else value


def from_flat(row: Mapping[str, Any] | Sequence[Any]) -> Claim:
    """The claim of a flat row, by column name or in the order of `columns()`."""
    values = [row[column.name] for column in columns()] if isinstance(row, Mapping) else row
    record: dict[str, Any] = {}
    for column, value in zip(columns(), values, strict=False):
        inside = record
        for part in column.path[:-1]:
            inside = inside.setdefault(part, {})
        is_list = column.path[-1] in ("parties", "evidence")
        inside[column.path[-1]] = json.loads(value) if is_list else value
    for part in ("subject", "quantity", "date", "attribution"):
        if all(value is None for value in record[part].values()):
            record[part] = None
    return Claim.model_validate(record, strict=False)


@functools.cache
def duckdb_columns() -> str:
    """The `columns=` of DuckDB's `read_json` for claims.jsonl as it is, nested: types that do not hang on the sample.

    One JSON-like struct literal: `{'schema_version': 'VARCHAR', 'subject': 'STRUCT(id VARCHAR, ...)', ...}`.
    """
    fields = ", ".join(f"'{name}': '{_duck(field.annotation)}'" for name, field in Claim.model_fields.items())
    return "{" + fields + "}"


def _duck(annotation: Any) -> str:
    inner = _plain(annotation)
    if get_origin(inner) is dict:
        return f"MAP(VARCHAR, {_duck(get_args(inner)[1])})"
    if get_origin(inner) is tuple:
        return f"{_duck(get_args(inner)[0])}[]"
    if isinstance(inner, type) and issubclass(inner, BaseModel):
        fields = ", ".join(f'"{name}" {_duck(field.annotation)}' for name, field in inner.model_fields.items())
        return f"STRUCT({fields})"
    return _scalar(inner)
