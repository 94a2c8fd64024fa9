"""Where a run is written: three JSONL files that are complete or absent.

`claims.jsonl` holds one claim a line, `articles.jsonl` one input a line with its text and its disposition,
`rejects.jsonl` the rejected inputs with their reason. Records are written while they arrive, into temporary
neighbours that take their names only when every one of them is whole and on the disk.
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

from pipeline.locks import is_at, open_locked
from pipeline.records import ArticleRecord, Extraction, Record

CLAIMS, ARTICLES, REJECTS = "claims.jsonl", "articles.jsonl", "rejects.jsonl"
_NOT_THERE = frozenset({"missing", "empty_directory"})
"""Reasons of a rejection that say that there was no input."""


class DispositionError(RuntimeError):
    """Some inputs of a run have no disposition, or more than one. The message names them."""


class NothingThereError(ValueError):
    """All that a run was given is not there (a mistyped folder): it takes the place of no earlier run."""


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


class RunWriter:
    """Takes the results of a run one at a time, writes their lines and counts them."""

    def __init__(self, claims: BinaryIO, articles: BinaryIO, rejects: BinaryIO) -> None:
        self._claims, self._articles, self._rejects = claims, articles, rejects
        self._counts: Counter[str] = Counter()

    def write(self, result: Extraction) -> None:
        """Write the claims, the article record and, for a rejected input, the reject line."""
        self._claims.writelines(map(line, result.claims))
        self._articles.write(line(result.article))
        if result.article.disposition == "rejected":
            self._rejects.write(line(reject(result.article)))
        count(self._counts, result)

    def check(self, out: Path) -> None:
        """Raises NothingThereError where no input was there."""
        _check_there(self._counts, out)

    def summary(self) -> Summary:
        """What was written so far."""
        return summary(self._counts)


@contextlib.contextmanager
def open_run(out: Path) -> Generator[RunWriter]:
    """A writer of the three files in the folder `out`, which is made if missing.

    The files appear when the block ends well. When it raises, the error passes on and the files of an earlier
    run stay as they were. Raises BusyError while another run writes there, NothingThereError where no input was there.
    """
    out.mkdir(parents=True, exist_ok=True)
    with replacing([out / CLAIMS, out / ARTICLES, out / REJECTS]) as (claims, articles, rejects):
        run = RunWriter(claims, articles, rejects)
        yield run
        run.check(out)


class _TrialError(Exception):
    """Ends a trial."""


def try_out(out: Path) -> None:
    """Raise now what `open_run` would raise later: OSError where it cannot write, BusyError."""
    with contextlib.suppress(_TrialError), open_run(out):
        raise _TrialError


def write_run(results: Iterable[Extraction], out: Path) -> Summary:
    """Write `claims.jsonl`, `articles.jsonl` and `rejects.jsonl` of all results into the folder `out`."""
    with open_run(out) as run:
        for result in results:
            run.write(result)
    return run.summary()


def write_claims(results: Iterable[Extraction], path: Path) -> Summary:
    """Write only the claims, into the file `path`; its folder is made if missing. Raises as `open_run` does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    counts: Counter[str] = Counter()
    with replacing([path]) as (claims,):
        for result in results:
            claims.writelines(map(line, result.claims))
            count(counts, result)
        _check_there(counts, path)
    return summary(counts)


def count(counts: Counter[str], result: Extraction) -> None:
    """Add one result to the counts: input, disposition, claims and labels."""
    counts.update(["inputs", result.article.disposition])
    counts["not there"] += result.article.reason in _NOT_THERE
    counts.update(name for claim in result.claims for name in ("claims", claim.label))


def _check_there(counts: Counter[str], out: Path) -> None:
    if 0 < counts["inputs"] == counts["not there"]:
        raise NothingThereError(f"nothing is there to be read, so nothing was written to {out}")


def summary(counts: Counter[str]) -> Summary:
    """The counts as a record."""
    return Summary(**{name: counts[name] for name in Summary.model_fields})


def check_dispositions(inputs: Iterable[str], disposed: Iterable[str]) -> list[str]:
    """Compare the sources that a run was given with those that it wrote an article record for.

    A source stands once in `inputs` for each time that it was given. Returns one sentence for every source whose
    counts differ, in the order of the inputs; an empty list means that every input has exactly one disposition.
    """
    expected, actual = Counter(inputs), Counter(disposed)
    return [
        f"{source}: {actual[source]} dispositions for {expected[source]} inputs"
        for source in dict.fromkeys((*expected, *actual))
        if expected[source] != actual[source]
    ]


@contextlib.contextmanager
def replacing(paths: Sequence[Path], owner: str = "") -> Generator[Sequence[BinaryIO]]:
    """A temporary neighbour of each path, open for writing; when the block ends well they take their names, else none.

    The files are complete and on the disk then. Raises BusyError while another process writes one of them; what one
    that was killed left is taken over. With an `owner`, a word of their own, several may write the same: the last to
    end counts.
    """
    temporary = [path.with_name(f".{path.name}{owner and '.'}{owner}.tmp") for path in paths]
    files: list[BinaryIO] = []
    with contextlib.ExitStack() as stack:
        try:
            for path in temporary:
                files.append(stack.enter_context(open_locked(path)))
            yield files
            for file in files:
                file.flush()
                os.fsync(file.fileno())
            # The old set goes first: a crash between two renames leaves a gap, never files of two different runs. One
            # file is replaced in one step.
            for path in paths if len(paths) > 1 else ():
                path.unlink(missing_ok=True)
            for source, path in zip(temporary, paths, strict=True):
                source.replace(path)
            sync_folder(paths[0].parent)
        except BaseException:
            for path, file in zip(temporary, files, strict=False):
                if is_at(file, path):
                    path.unlink()
            raise


def sync_folder(folder: Path) -> None:
    """Put what was created or renamed in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
