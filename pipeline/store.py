"""Where a run is written: three JSONL files that are complete or absent.

`claims.jsonl` holds one claim a line, `articles.jsonl` one input a line with its text and its disposition,
`rejects.jsonl` the rejected inputs with their reason. Records are written while they arrive, into temporary
neighbours that take their names only when every one of them is whole and on the disk.
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from pipeline.records import ArticleRecord, Extraction, Record

CLAIMS, ARTICLES, REJECTS = "claims.jsonl", "articles.jsonl", "rejects.jsonl"


class Reject(Record):
    """One line of `rejects.jsonl`: an input that gave no article, and why."""

    source: str
    id: str | None = None
    url: str | None = None
    reason: str
    message: str


class Summary(Record):
    """What a run did, in counts. `inputs` is the sum of the four dispositions."""

    inputs: int = 0
    extracted: int = 0
    irrelevant: int = 0
    duplicate: int = 0
    rejected: int = 0
    claims: int = 0
    confirmed: int = 0
    aspirational: int = 0


def line(record: Record) -> bytes:
    """The record as one line of JSONL. A lone surrogate (from an undecodable file name) becomes its JSON escape."""
    return record.to_json().encode("utf-8", "backslashreplace") + b"\n"


def reject(article: ArticleRecord) -> Reject:
    """The reject line of a rejected article record."""
    document = article.document
    return Reject(
        source=article.source,
        id=document.id if document else None,
        url=document.url if document else None,
        reason=article.reason or "unknown",
        message=article.message or "",
    )


def write_run(results: Iterable[Extraction], out: Path) -> Summary:
    """Write `claims.jsonl`, `articles.jsonl` and `rejects.jsonl` into the folder `out`, which is made if missing.

    When `results` raises, the error passes on and the files of an earlier run stay as they were.
    """
    out.mkdir(parents=True, exist_ok=True)
    counts: Counter[str] = Counter()
    with _replacing([out / CLAIMS, out / ARTICLES, out / REJECTS]) as (claims, articles, rejects):
        for result in counted(results, counts):
            claims.writelines(map(line, result.claims))
            articles.write(line(result.article))
            if result.article.disposition == "rejected":
                rejects.write(line(reject(result.article)))
    return summary(counts)


def write_claims(results: Iterable[Extraction], path: Path) -> Summary:
    """Write only the claims, into the file `path`; its folder is made if missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    counts: Counter[str] = Counter()
    with _replacing([path]) as (claims,):
        for result in counted(results, counts):
            claims.writelines(map(line, result.claims))
    return summary(counts)


def counted(results: Iterable[Extraction], counts: Counter[str]) -> Iterator[Extraction]:
    """Pass the results through and count inputs, dispositions, claims and labels into `counts`."""
    for result in results:
        counts.update(["inputs", result.article.disposition])
        counts.update(name for claim in result.claims for name in ("claims", claim.label))
        yield result


def summary(counts: Counter[str]) -> Summary:
    """The counts as a record."""
    return Summary(**{name: counts[name] for name in Summary.model_fields})


@contextlib.contextmanager
def _replacing(paths: Sequence[Path]) -> Generator[Sequence[BinaryIO]]:
    """Open a temporary neighbour of each path; when the block ends well they all take their names, else none does."""
    temporary = [path.with_name(f".{path.name}.{os.getpid()}.tmp") for path in paths]
    try:
        with contextlib.ExitStack() as stack:
            files = [stack.enter_context(path.open("wb")) for path in temporary]
            yield files
            for file in files:
                file.flush()
                os.fsync(file.fileno())
        # The old set goes first: a crash between two renames leaves a gap, never files of two different runs.
        for path in paths:
            path.unlink(missing_ok=True)
        for source, path in zip(temporary, paths, strict=True):
            source.replace(path)
        _sync_folder(paths[0].parent)
    finally:
        for path in temporary:
            path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
