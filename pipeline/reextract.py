"""A re-extraction: what there is to do, and whether what was done is all of it. The flow composes it."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline import manifest
from pipeline.identity import identify
from pipeline.locks import only_one
from pipeline.manifest import Comparison, Entry, Options
from pipeline.records import Record
from pipeline.settings import Settings
from pipeline.shards import ARTICLES, CLAIMS, ShardTask
from pipeline.sources.archive import Shard, plan
from pipeline.store import DispositionError


class Work(NamedTuple):
    """A run before it begins."""

    out: Path
    shards: list[Shard]
    comparison: Comparison
    tasks: list[ShardTask]
    """One for each shard to do."""


class Totals(Record):
    """What the manifest of a run adds up to."""

    shards: int
    done: int
    """Shards that this run did; the others were verified and skipped."""
    records: int
    dispositions: dict[str, int]
    reasons: dict[str, int]
    claims: int
    labels: dict[str, int]
    cpu_seconds: float
    """Of all shards, whenever they were done."""


def prepare(paths: Sequence[str], out: Path, settings: Settings, options: Options) -> Work:
    """What is to do, with the outputs that are there verified; changes nothing.

    Raises ArchiveError or ManifestError for inputs or a folder that cannot be worked with.
    """
    return _work(plan(paths), out, settings, options)


@contextlib.contextmanager
def begun(paths: Sequence[str], out: Path, settings: Settings, options: Options) -> Generator[Work]:
    """As `prepare`, with the folder held for this run until the block ends, so that what was verified stays so."""
    shards = plan(paths)  # first: a path that names nothing makes no folder
    with only_one(out):
        yield _work(shards, out, settings, options)


def _work(shards: list[Shard], out: Path, settings: Settings, options: Options) -> Work:
    fingerprint = identify(settings).fingerprint
    comparison = manifest.compare(shards, manifest.read(out), fingerprint, options, out)
    tasks = [
        ShardTask(shard=todo.shard, out=str(out), settings=settings, options=options, fingerprint=fingerprint)
        for todo in comparison.todo
    ]
    return Work(out, shards, comparison, tasks)


def tidy(work: Work) -> None:
    """Remove what a killed run left half written, and the outputs of shards that are no more."""
    manifest.begin(work.out)
    _sweep(work.out)
    for entry in work.comparison.gone:
        for output in entry.outputs:
            (work.out / output.path).unlink(missing_ok=True)
    manifest.write(work.out, _ordered(work.shards, work.comparison.kept))


def finish(work: Work, done: Sequence[Entry]) -> Totals:
    """Write the manifest in the order of the shards and add it up.

    Raises DispositionError unless every shard has its entry and the dispositions of all are as many as their records.
    """
    entries = _ordered(work.shards, [*work.comparison.kept, *done])
    manifest.write(work.out, entries)
    if len(entries) != len(work.shards):
        missing = len(work.shards) - len(entries)
        raise DispositionError(f"{missing} of {len(work.shards)} shards were not done; run the same command again")
    _sweep(work.out)  # of processes that died while others did their shards
    totals = add_up(entries, len(done))
    if totals.records != sum(totals.dispositions.values()):
        raise DispositionError(f"{totals.records} records have {sum(totals.dispositions.values())} dispositions")
    manifest.end(work.out)
    return totals


def add_up(entries: Sequence[Entry], done: int = 0) -> Totals:
    """The sums over the entries of a manifest."""
    dispositions: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    labels: Counter[str] = Counter()
    for entry in entries:
        dispositions.update(entry.dispositions)
        reasons.update(entry.reasons)
        labels.update(entry.labels)
    return Totals(
        shards=len(entries),
        done=done,
        records=sum(entry.records for entry in entries),
        dispositions=dict(sorted(dispositions.items())),
        reasons=dict(sorted(reasons.items())),
        claims=sum(entry.claims for entry in entries),
        labels=dict(sorted(labels.items())),
        cpu_seconds=round(sum(entry.cpu_seconds for entry in entries), 3),
    )


def _sweep(out: Path) -> None:
    """Remove outputs that were never finished."""
    for folder in (CLAIMS, ARTICLES):
        for path in (out / folder).glob(".*.tmp"):
            path.unlink(missing_ok=True)


def _ordered(shards: Sequence[Shard], entries: Sequence[Entry]) -> list[Entry]:
    by_id = {entry.shard.id: entry for entry in entries}
    return [by_id[shard.id] for shard in shards if shard.id in by_id]
