"""Parquet files from rows, written by pyarrow (the extra `tables`): the one way for claims, articles and ledgers.

Rows are written some hundred at a time, so that a file of any length needs no memory of its own; the same rows give the
same bytes.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from pipeline.records import Record
from pipeline.store import replacing

DAYS = frozenset({"due_start", "due_end", "first_seen", "last_seen", "confirmed_since", "day"})
_TYPES = {"float": "DOUBLE", "int": "BIGINT", "bool": "BOOLEAN", "float | None": "DOUBLE", "int | None": "BIGINT"}
_ROWS = 500


class MissingExtraError(RuntimeError):
    """pyarrow is not installed. The message tells how to get it."""


class Field(NamedTuple):
    """A column of a Parquet file and its type, as DuckDB calls it."""

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
    """Write rows as one Parquet file; complete or absent. Raises `MissingExtraError` without pyarrow."""
    with replacing([path]) as (file,), contextlib.closing(Table(file, fields)) as table:
        for row in rows:
            table.add(row)
    return path


class Table:
    """A Parquet file that rows are added to. Raises `MissingExtraError` without pyarrow."""

    def __init__(self, file: BinaryIO, fields: Sequence[Field]) -> None:
        try:
            arrow, parquet = (cast(Any, importlib.import_module(name)) for name in ("pyarrow", "pyarrow.parquet"))
        except ImportError as error:
            raise MissingExtraError("Parquet needs pyarrow: pip install 'infraclaims[tables]'") from error
        kinds = {
            "VARCHAR": arrow.string(), "DOUBLE": arrow.float64(), "BIGINT": arrow.int64(), "BOOLEAN": arrow.bool_(),
            "DATE": arrow.date32(), "TIMESTAMPTZ": arrow.timestamp("us", tz="UTC"),
        }  # fmt: skip
        self._schema = arrow.schema([(field.name, kinds[field.type]) for field in fields])
        self._from_arrays, self._array = arrow.Table.from_arrays, arrow.array
        self._values = [_VALUES.get(field.type, _as_it_is) for field in fields]
        self._writer = parquet.ParquetWriter(file, self._schema, compression="zstd")
        self._rows: list[list[Any]] = []

    def add(self, row: Sequence[Any]) -> None:
        """Add a row, its values in the order of the fields: numbers, booleans, days, ISO text, lists, None."""
        pairs = zip(self._values, row, strict=True)
        self._rows.append([None if value is None else read(value) for read, value in pairs])
        if len(self._rows) >= _ROWS:
            self._flush()

    def close(self) -> None:
        """Write what is left, and the end of the file."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._rows:
            columns = zip(self._schema, zip(*self._rows, strict=True), strict=True)
            arrays = [self._array(list(values), type=field.type) for field, values in columns]
            self._writer.write_table(self._from_arrays(arrays, schema=self._schema))
            self._rows = []


def _as_it_is(value: Any) -> Any:
    return value


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    # JSON can hold half a surrogate pair, which no encoding can write.
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _day(value: Any) -> dt.date:
    return dt.date.fromisoformat(value) if isinstance(value, str) else value


def _instant(value: Any) -> dt.datetime:
    return dt.datetime.fromisoformat(value) if isinstance(value, str) else value


_VALUES: dict[str, Callable[[Any], Any]] = {"VARCHAR": _text, "DATE": _day, "TIMESTAMPTZ": _instant}
