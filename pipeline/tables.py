"""The rows of claims and articles in Parquet: a claim has the flat columns that it has everywhere, an article those
that people filter by, and the whole record beside them as JSON.
"""

from __future__ import annotations

import functools
from typing import Any, BinaryIO

from pipeline.flat import columns, flat_row
from pipeline.parquet import Field, Table
from pipeline.records import Extraction

_ARTICLE = tuple(
    Field(name, "DATE" if name == "published" else "VARCHAR")
    for name in ("source", "disposition", "reason", "document_id", "url", "title", "publisher", "published", "record")
)


@functools.cache
def claim_fields() -> tuple[Field, ...]:
    """The columns of a claim."""
    return tuple(Field(column.name, column.type) for column in columns())


class Tables:
    """The two files of a shard."""

    def __init__(self, claims: BinaryIO, articles: BinaryIO) -> None:
        self._claims, self._articles = Table(claims, claim_fields()), Table(articles, _ARTICLE)

    def add(self, result: Extraction) -> None:
        """Add a page."""
        for claim in result.claims:
            self._claims.add(flat_row(claim))
        article, document = result.article, result.article.document
        told: tuple[Any, ...] = (None,) * 5
        if document:
            told = document.id, document.url, document.title, document.publisher, document.published
        self._articles.add((article.source, article.disposition, article.reason, *told, article.to_json()))

    def close(self) -> None:
        """Write what is left, and the ends of the files."""
        self._claims.close()
        self._articles.close()
