"""Several documents of one id in a stream of results: the first counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pipeline.records import Extraction


def mark_duplicates(results: Iterable[Extraction]) -> Iterator[Extraction]:
    """The results in order; of several documents of one id the first counts, the others are dispositions only."""
    seen: dict[str, str] = {}
    for result in results:
        record = result.article
        if record.document is None or record.disposition == "rejected":
            yield result
            continue
        first = seen.get(record.document.id)
        if first is None:
            seen[record.document.id] = record.source
            yield result
        else:
            message = f"{record.source}: document id {record.document.id} was already read from {first}"
            yield Extraction(
                article=record.model_copy(update={"disposition": "duplicate", "reason": "same_id", "message": message})
            )
