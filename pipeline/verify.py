"""Proof that a folder of claims is whole: every file, digest, record, offset and sum."""

from __future__ import annotations

import contextlib
import importlib
import io
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from pydantic import ValidationError

from pipeline import manifest
from pipeline.claim_files import unknown_layout
from pipeline.manifest import Entry, ManifestError
from pipeline.records import ArticleRecord, Claim
from pipeline.shards import ARTICLES, CLAIMS


class _Found:
    """What the files of a shard hold."""

    def __init__(self) -> None:
        self.records = 0
        self.dispositions: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.labels: Counter[str] = Counter()


def verify(out: Path) -> Iterator[tuple[Entry, list[str]]]:
    """Each entry of the manifest with what is wrong with its shard, in sentences; an empty list is none.

    Looked at: the digests of the outputs, the schema of every record, one article record an input, every evidence and
    span inside the stored text and equal to it, one fingerprint, and the sums of the manifest. Raises ManifestError
    where there is no manifest, or none that can be read.
    """
    entries = manifest.read(out)
    if not entries:
        raise ManifestError(f"{out / manifest.MANIFEST}: there is no manifest with entries")
    for entry in entries.values():
        yield entry, list(_problems(entry, out))


def strangers(out: Path) -> list[Path]:
    """Files among the outputs that no entry of the manifest names."""
    known = {out / output.path for entry in manifest.read(out).values() for output in entry.outputs}
    files = (path for folder in (CLAIMS, ARTICLES) for path in sorted((out / folder).glob("*")))
    return [path for path in files if path not in known]


def _problems(entry: Entry, out: Path) -> Iterator[str]:
    if problem := manifest.outputs_problem(entry, out):
        yield manifest.WHY[problem]
        return
    claims_path, articles_path = (out / output.path for output in entry.outputs[:2])
    found = _Found()
    texts: dict[str, str] = {}
    yield from _articles(articles_path, found, texts)
    yield from _claims(claims_path, found, texts, entry)
    for name, counted in (
        ("records", found.records),
        ("dispositions", dict(found.dispositions)),
        ("reasons", dict(found.reasons)),
        ("labels", dict(found.labels)),
        ("claims", sum(found.labels.values())),
    ):
        if getattr(entry, name) != counted:
            yield f"the manifest counts {name} {getattr(entry, name)}, the files hold {counted}"


def _articles(path: Path, found: _Found, texts: dict[str, str]) -> Iterator[str]:
    sources: set[str] = set()
    for number, line in enumerate(lines(path), 1):
        try:
            record = ArticleRecord.model_validate_json(line)
        except ValidationError as error:
            yield f"{path.name}:{number}: no article record: {error.errors()[0]['msg']}"
            continue
        if why := unknown_layout(record.schema_version):
            yield f"{path.name}:{number}: {why}"
        found.records += 1
        found.dispositions[record.disposition] += 1
        if record.reason:
            found.reasons[record.reason] += 1
        if record.source in sources:
            yield f"{path.name}:{number}: a second disposition of {record.source}"
        sources.add(record.source)
        if record.disposition == "extracted" and record.document:
            texts[record.document.id] = record.text or ""


def _claims(path: Path, found: _Found, texts: dict[str, str], entry: Entry) -> Iterator[str]:
    for number, line in enumerate(lines(path), 1):
        try:
            claim = Claim.model_validate_json(line)
        except ValidationError as error:
            yield f"{path.name}:{number}: no claim: {error.errors()[0]['msg']}"
            continue
        if why := unknown_layout(claim.schema_version):
            yield f"{path.name}:{number}: {why}"
        found.labels[claim.label] += 1
        text = texts.get(claim.document.id)
        if text is None:
            yield f"{path.name}:{number}: its document {claim.document.id} is no extracted article of this shard"
        elif wrong := _wrong_offsets(claim, text):
            yield f"{path.name}:{number}: {wrong}"
        if claim.extractor.fingerprint != entry.fingerprint:
            yield f"{path.name}:{number}: written by another version of the extractor than the manifest names"


def _wrong_offsets(claim: Claim, text: str) -> str | None:
    """Which offsets do not give back what the record quotes."""
    for evidence in claim.evidence:
        passage = text[evidence.start : evidence.end]
        if evidence.end > len(text) or (evidence.text and not passage.startswith(evidence.text.rstrip("…"))):
            return f"the evidence at {evidence.start}..{evidence.end} is not in the stored text"
        for cue in evidence.cues:
            if text[cue.start : cue.end] != cue.text:
                return f"the cue {cue.text!r} at {cue.start}..{cue.end} is not in the stored text"
        for name, (start, end) in evidence.spans.items():
            if not 0 <= start < end <= len(text):
                return f"the span of the {name} at {start}..{end} is not in the stored text"
    return None


def lines(path: Path) -> Iterator[bytes]:
    """The lines of an output, packed or not."""
    with opened(path) as stream:
        yield from stream


@contextlib.contextmanager
def opened(path: Path) -> Generator[BinaryIO]:
    """An output as its plain bytes."""
    with path.open("rb") as stream:
        if path.suffix == ".zst":
            zstandard = cast(Any, importlib.import_module("zstandard"))
            with zstandard.ZstdDecompressor().stream_reader(stream) as raw:
                yield cast(BinaryIO, io.BufferedReader(raw))
        else:
            yield stream
