"""What a re-extraction has done, shard by shard, and what is still to do.

`manifest.jsonl` gets a line for each shard when its outputs are complete and on the disk, and is written anew, in the
order of the shards, when a run ends. A line that a crash cut off counts as not written.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import ValidationError

from pipeline.records import Record
from pipeline.sources.archive import Shard, digest, is_remote
from pipeline.store import replacing, sync_folder

MANIFEST = "manifest.jsonl"
NOT_FINISHED = "the last run did not finish; run the same command again"
_UNFINISHED = ".unfinished"

Why = Literal["new", "changed_input", "new_fingerprint", "new_options", "missing_output", "damaged_output"]
WHY: dict[Why, str] = {
    "new": "not done yet",
    "changed_input": "the input has changed",
    "new_fingerprint": "another version of the extractor",
    "new_options": "other options",
    "missing_output": "an output is missing",
    "damaged_output": "an output is not what was written",
}


class ManifestError(ValueError):
    """A manifest that does not fit what was asked; the message says how, and what to do."""


class Options(Record):
    """The choices of a run that decide the bytes of its outputs, beside the extractor's own."""

    screen: bool = True
    zstd: bool = False
    parquet: bool = False


class Output(Record):
    """One file of a shard's outputs, by its path under the folder of the run."""

    path: str
    size: int
    sha256: str


class Entry(Record):
    """One shard that is done."""

    shard: Shard
    input_sha256: str
    outputs: tuple[Output, ...]
    records: int
    """Input records; the sum of `dispositions`."""
    dispositions: dict[str, int]
    """extracted, irrelevant, duplicate, rejected."""
    reasons: dict[str, int]
    """The reasons of those that were not extracted."""
    claims: int
    labels: dict[str, int]
    fingerprint: str
    options: Options
    wall_seconds: float
    cpu_seconds: float
    """Of the process that read and screened, and of the one that cleaned and annotated."""


class Todo(NamedTuple):
    """A shard to do, and why."""

    shard: Shard
    why: Why


class Comparison(NamedTuple):
    """What a run has to do: shards to do, entries to keep, and entries of shards that exist no more."""

    todo: list[Todo]
    kept: list[Entry]
    gone: list[Entry]


def read(out: Path) -> dict[str, Entry]:
    """The entries of a run by shard id, the last one of each; empty where there is no manifest.

    Raises ManifestError for a line, other than an unfinished last one, that is no entry.
    """
    path = out / MANIFEST
    lines = path.read_bytes().split(b"\n") if path.exists() else []
    entries: dict[str, Entry] = {}
    # What stands behind the last line end was cut off, or is nothing.
    for number, line in enumerate(lines[:-1], 1):
        try:
            entry = Entry.model_validate_json(line)
        except ValidationError as error:
            why = error.errors()[0]["msg"]
            raise ManifestError(
                f"{path}:{number}: not an entry of a manifest: {why}; without the file all shards are done anew"
            ) from error
        entries[entry.shard.id] = entry
    return entries


def append(out: Path, entry: Entry) -> None:
    """Add an entry, on the disk when this returns; a line that an earlier crash cut off is ended first."""
    with (out / MANIFEST).open("a+b") as stream:
        if size := stream.tell():
            stream.seek(size - 1)
            if stream.read(1) != b"\n":
                stream.truncate(_last_line_end(stream.name))
        stream.write(entry.to_json().encode() + b"\n")
        stream.flush()
        os.fsync(stream.fileno())


def _last_line_end(path: str) -> int:
    return Path(path).read_bytes().rfind(b"\n") + 1


def write(out: Path, entries: Iterable[Entry]) -> None:
    """Replace the manifest by these entries."""
    with replacing([out / MANIFEST]) as (stream,):
        stream.writelines(entry.to_json().encode() + b"\n" for entry in entries)


def begin(out: Path) -> None:
    """Note that what is there is not yet all of a run."""
    (out / _UNFINISHED).touch()
    sync_folder(out)


def end(out: Path) -> None:
    """Note that it is."""
    (out / _UNFINISHED).unlink(missing_ok=True)


def is_unfinished(out: Path) -> bool:
    """Whether a run began that did not end."""
    return (out / _UNFINISHED).exists()


def compare(
    shards: Sequence[Shard], entries: Mapping[str, Entry], fingerprint: str, options: Options, out: Path
) -> Comparison:
    """Which shards a run has to do. Outputs are hashed; an input is read only where its time has changed.

    Raises ManifestError where the folder holds shards of inputs that were not given.
    """
    todo: list[Todo] = []
    kept: list[Entry] = []
    for shard in shards:
        entry = entries.get(shard.id)
        why = _why(shard, entry, fingerprint, options, out)
        if why:
            todo.append(Todo(shard, why))
        elif entry:
            kept.append(entry.model_copy(update={"shard": shard}))
    known, given = {shard.id for shard in shards}, {shard.uri for shard in shards}
    gone = [entry for entry in entries.values() if entry.shard.id not in known]
    others = sorted({entry.shard.uri for entry in gone if entry.shard.uri not in given})
    if others:
        raise ManifestError(
            f"{out} holds the claims of {len(others)} inputs that are not given, such as {others[0]}: "
            "name them too, or choose another folder"
        )
    return Comparison(todo, kept, gone)


def _why(shard: Shard, entry: Entry | None, fingerprint: str, options: Options, out: Path) -> Why | None:
    if entry is None:
        return "new"
    if entry.shard != shard and not _same_bytes(entry, shard):
        return "changed_input"
    if entry.fingerprint != fingerprint:
        return "new_fingerprint"
    if entry.options != options:
        return "new_options"
    return outputs_problem(entry, out)


def _same_bytes(entry: Entry, shard: Shard) -> bool:
    """Whether a local input that was touched is still what was read; a remote one is taken by its tag."""
    touched = entry.shard.model_copy(update={"version": shard.version}) == shard
    return touched and not is_remote(shard.uri) and entry.input_sha256 == digest(shard)


def outputs_problem(entry: Entry, out: Path) -> Literal["missing_output", "damaged_output"] | None:
    """Whether the outputs of an entry are there and the same to the byte."""
    for output in entry.outputs:
        path = out / output.path
        if not path.is_file():
            return "missing_output"
        if path.stat().st_size != output.size or file_digest(path) != output.sha256:
            return "damaged_output"
    return None


def file_digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
