"""The claims of all shards in one sorted file."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

from pipeline import manifest
from pipeline.claim_files import unknown_layout
from pipeline.manifest import Entry, ManifestError
from pipeline.store import replacing
from pipeline.verify import opened, strangers


class Merged(NamedTuple):
    """What a merge wrote, and the claims of documents that an earlier shard has too."""

    claims: int
    duplicates: int


class _Line(NamedTuple):
    """Where a claim stands, in the order in which it is written."""

    document: str
    shard: int
    number: int
    start: int
    length: int


def merge(out: Path, path: Path) -> Merged:
    """Write the claims of the folder `out` into the file `path`, by document id and then as the article has them.

    Of a document that several shards hold, the first shard's claims count, as in one run over all of them. What is kept
    in memory is a few numbers a claim. Raises ManifestError for a folder without a manifest, with a damaged output, or
    whose last run did not finish.
    """
    entries = list(manifest.read(out).values())
    if not entries:
        raise ManifestError(f"{out / manifest.MANIFEST}: there is no manifest with entries")
    if manifest.is_unfinished(out):
        raise ManifestError(f"{out}: {manifest.NOT_FINISHED}")
    if others := strangers(out):
        raise ManifestError(f"{others[0]}: no entry of the manifest names it; run reextract again")
    with tempfile.TemporaryDirectory(prefix="infraclaims-merge-") as scratch:
        files = [_plain(entry, out, Path(scratch)) for entry in entries]
        found = [line for shard, file in enumerate(files) for line in _index(file, shard)]
        found.sort()
        first: dict[str, int] = {}
        kept = [line for line in found if first.setdefault(line.document, line.shard) == line.shard]
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing([path]) as (merged,):
            for line in kept:
                with files[line.shard].open("rb") as stream:
                    stream.seek(line.start)
                    merged.write(stream.read(line.length))
    return Merged(len(kept), len(found) - len(kept))


def _plain(entry: Entry, out: Path, scratch: Path) -> Path:
    """The claims of a shard as a file of plain lines."""
    if problem := manifest.outputs_problem(entry, out):
        raise ManifestError(f"{out / entry.outputs[0].path}: {manifest.WHY[problem]}; run reextract again")
    path = out / entry.outputs[0].path
    if path.suffix != ".zst":
        return path
    unpacked = scratch / path.stem
    with opened(path) as packed, unpacked.open("wb") as plain:
        shutil.copyfileobj(packed, plain)
    return unpacked


def _index(path: Path, shard: int) -> list[_Line]:
    lines: list[_Line] = []
    start = 0
    with path.open("rb") as stream:
        for number, line in enumerate(stream):
            record = json.loads(line)
            if why := unknown_layout(record["schema_version"]):
                raise ManifestError(f"{path}:{number + 1}: {why}")
            lines.append(_Line(record["document"]["id"], shard, number, start, len(line)))
            start += len(line)
    return lines
