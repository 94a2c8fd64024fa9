"""Claims and articles as Parquet: the columns that people filter by, and the whole record beside them as JSON."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, Generic, TypeVar, cast

from pipeline.records import ArticleRecord, Claim, Record

_R = TypeVar("_R", bound=Record)
Column = Callable[[_R], str | float | None]
_ROWS = 500
_NUMBERS = frozenset({"value", "confidence"})


def _day(value: Any) -> str | None:
    return value.isoformat() if value is not None else None


CLAIM_COLUMNS: dict[str, Column[Claim]] = {
    "claim_id": lambda claim: claim.claim_id,
    "kind": lambda claim: claim.kind,
    "event": lambda claim: claim.event,
    "label": lambda claim: claim.label,
    "realization": lambda claim: claim.realization,
    "certainty": lambda claim: claim.certainty,
    "confidence": lambda claim: claim.confidence,
    "subject_id": lambda claim: claim.subject and claim.subject.id,
    "subject": lambda claim: claim.subject and claim.subject.name,
    "value": lambda claim: claim.quantity and claim.quantity.value,
    "unit": lambda claim: claim.quantity and claim.quantity.unit,
    "date_start": lambda claim: claim.date and _day(claim.date.start),
    "date_end": lambda claim: claim.date and _day(claim.date.end),
    "document_id": lambda claim: claim.document.id,
    "url": lambda claim: claim.document.url,
    "publisher": lambda claim: claim.document.publisher,
    "published": lambda claim: _day(claim.document.published),
}
ARTICLE_COLUMNS: dict[str, Column[ArticleRecord]] = {
    "source": lambda article: article.source,
    "disposition": lambda article: article.disposition,
    "reason": lambda article: article.reason,
    "document_id": lambda article: article.document and article.document.id,
    "url": lambda article: article.document and article.document.url,
    "title": lambda article: article.document and article.document.title,
    "publisher": lambda article: article.document and article.document.publisher,
    "published": lambda article: article.document and _day(article.document.published),
}
RECORD = "record"
"""The column that holds the record as in the JSONL."""


class Table(Generic[_R]):
    """Writes records of one type into a Parquet file, some hundred rows at a time."""

    def __init__(self, file: BinaryIO, columns: Mapping[str, Column[_R]]) -> None:
        arrow, parquet = (cast(Any, importlib.import_module(name)) for name in ("pyarrow", "pyarrow.parquet"))
        self._table, self._columns = arrow.Table, columns
        types = [(name, arrow.float64() if name in _NUMBERS else arrow.string()) for name in columns]
        self._schema = arrow.schema([*types, (RECORD, arrow.string())])
        self._writer = parquet.ParquetWriter(file, self._schema, compression="zstd")
        self._rows: list[dict[str, str | float | None]] = []

    def add(self, record: _R) -> None:
        """Add a row."""
        row = {name: column(record) for name, column in self._columns.items()}
        self._rows.append({**row, RECORD: record.to_json()})
        if len(self._rows) >= _ROWS:
            self._flush()

    def close(self) -> None:
        """Write what is left, and the end of the file."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(self._table.from_pylist(self._rows, schema=self._schema))
            self._rows = []
