"""Articles that belong together: copies of one text, versions of one article, and which claim is which. Pure."""

from __future__ import annotations

import hashlib
import json
import re
import struct
from collections.abc import Iterable, Sequence
from typing import Literal

from pipeline.records import SCHEMA_VERSION, Claim, Record

SKETCH_SIZE = 128
"""Hashes that stand for a text."""
TERMS = 8
"""Of these, the ones by which texts with some in common are found."""
SIMILAR = 0.6
"""Share of common word runs from which two texts are copies of one."""
_RUN = 5
_FEWEST_RUNS = 40
_WORD = re.compile(r"\w{1,40}")


class ClaimLink(Record):
    """Claim by claim: `same` says the same, `changed` says otherwise of one thing, `new` and `gone` have no match."""

    relation: Literal["same", "changed", "new", "gone"]
    claim: str | None
    other: str | None


class Link(Record):
    """One line of `links`: the document `document` is a copy of `other`, or a later version that supersedes it."""

    schema_version: str = SCHEMA_VERSION
    relation: Literal["copy_of", "supersedes"]
    document: str
    url: str | None
    other: str
    other_url: str | None
    similarity: float | None
    """Of the texts, 0 to 1, of a copy; null of a version."""
    claims: tuple[ClaimLink, ...]


class Known(Record):
    """A claim as far as links need it: `about` is all that it says, `topic` what it says it of."""

    id: str
    about: str
    topic: str


def sketch(text: str) -> tuple[int, ...]:
    """The smallest hashes of all runs of five words, at most 128; empty for a text that is too short to tell.

    Two texts share about as many of them as they share of their runs (bottom-k sketch).
    """
    words = [word.lower() for word in _WORD.findall(text)]
    runs = {" ".join(words[start : start + _RUN]) for start in range(len(words) - _RUN + 1)}
    if len(runs) < _FEWEST_RUNS:
        return ()
    return tuple(sorted(_hash(run) for run in runs)[:SKETCH_SIZE])


def _hash(run: str) -> int:
    """63 bits, so that a database takes it as it is."""
    return struct.unpack(">Q", hashlib.blake2b(run.encode(), digest_size=8).digest())[0] >> 1


def similarity(one: Sequence[int], other: Sequence[int]) -> float:
    """The estimated share of word runs that two texts have in common, 0 to 1."""
    union = sorted({*one, *other})[:SKETCH_SIZE]
    return len(set(union).intersection(one).intersection(other)) / len(union) if union else 0.0


def packed(numbers: Sequence[int]) -> bytes:
    """A sketch as bytes."""
    return struct.pack(f">{len(numbers)}Q", *numbers)


def unpacked(data: bytes) -> tuple[int, ...]:
    """Back from `packed`."""
    return struct.unpack(f">{len(data) // 8}Q", data)


def known(claim: Claim) -> Known:
    """The claim as far as links need it."""
    subject = claim.subject and (claim.subject.id or claim.subject.name)
    quantity, date = claim.quantity, claim.date
    topic = [claim.kind, claim.event, subject, quantity and quantity.unit, quantity and quantity.role]
    parties = sorted((party.role, party.id or party.name) for party in claim.parties)
    numbers = quantity and [quantity.value, quantity.min, quantity.max, quantity.relation, quantity.chip]
    days = date and [str(date.start), str(date.end), date.relation]
    about = [*topic, parties, numbers, days, claim.realization, claim.certainty]
    return Known(id=claim.claim_id, about=json.dumps(about), topic=json.dumps(topic))


def pair(old: Iterable[Known], new: Iterable[Known]) -> tuple[ClaimLink, ...]:
    """How the claims of a text answer to those of another: first what is the same, then what is of the same topic."""
    new, left = list(new), list(old)
    found: dict[str, ClaimLink] = {}
    for relation, field in (("same", "about"), ("changed", "topic")):
        for claim in new:
            match = next((other for other in left if getattr(other, field) == getattr(claim, field)), None)
            if claim.id not in found and match:
                left.remove(match)
                found[claim.id] = ClaimLink.model_validate({"relation": relation, "claim": claim.id, "other": match.id})
    answers = (found.get(claim.id) or ClaimLink(relation="new", claim=claim.id, other=None) for claim in new)
    return (*answers, *(ClaimLink(relation="gone", claim=None, other=claim.id) for claim in left))
