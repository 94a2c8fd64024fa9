"""Parquet files from rows, written by DuckDB (the extra `tables`)."""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.records import Record

DAYS = frozenset({"due_start", "due_end", "first_seen", "last_seen", "confirmed_since", "day"})
_TYPES = {"float": "DOUBLE", "int": "BIGINT", "bool": "BOOLEAN", "float | None": "DOUBLE", "int | None": "BIGINT"}


class MissingExtraError(RuntimeError):
    """DuckDB is not installed. The message tells how to get it."""


class Field(NamedTuple):
    """A column of a Parquet file and its type in DuckDB."""

    name: str
    type: str


def fields_of(model: type[Record]) -> tuple[Field, ...]:
    """The columns of a record of the ledger: its fields, days as DATE, lists as JSON text."""
    return tuple(
        Field(name, "DATE" if name in DAYS else _TYPES.get(_type_name(field.annotation), "VARCHAR"))
        for name, field in model.model_fields.items()
    )


def _type_name(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)


def write_parquet(path: Path, fields: Sequence[Field], rows: Iterable[Sequence[Any]]) -> Path:
    """Write rows (numbers, booleans, ISO text, lists) as one Parquet file; complete or absent.

    The rows are read as a stream and need no memory of their own. Raises `MissingExtraError` without DuckDB.
    """
    try:
        import duckdb
    except ImportError as error:
        raise MissingExtraError("Parquet needs DuckDB: pip install 'infraclaims[tables]'") from error

    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        lines, made = Path(folder) / "rows.jsonl", Path(folder) / "rows.parquet"
        with lines.open("w", encoding="utf-8") as file:
            for row in rows:
                file.write(
                    json.dumps(dict(zip((field.name for field in fields), map(_plain, row), strict=True))) + "\n"
                )
        types = ", ".join(f"'{field.name}': '{field.type}'" for field in fields)
        with duckdb.connect() as db:
            db.execute("SET preserve_insertion_order = true")
            source = f"read_json('{_quoted(lines)}', format = 'newline_delimited', columns = {{{types}}})"
            db.execute(f"COPY (SELECT * FROM {source}) TO '{_quoted(made)}' (FORMAT parquet, COMPRESSION zstd)")  # noqa: S608
        made.replace(path)
    return path


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return json.dumps(value, ensure_ascii=False)
    return value.isoformat() if isinstance(value, dt.date) else value


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
