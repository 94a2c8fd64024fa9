"""The rules as data, and their loader.

Every file of this folder is data that a person edits: entities one a line (`*.jsonl`), rules by category
(`*.toml`). Loading validates all of it (unknown keys, duplicate ids, dangling references are errors that name
file and line) and is cached; `digest()` is the part of the fingerprint that the data decides.
"""

from __future__ import annotations

import functools
import hashlib
import json
import tomllib
from importlib import resources
from typing import Any, Literal, TypeVar

from pydantic import ValidationError

from pipeline.records import Record

_HERE = resources.files(__name__)
_T = TypeVar("_T", bound="Entry")


class LexiconError(ValueError):
    """A lexicon file that does not say what it must; the message names file and line or key."""


class Entry(Record):
    """A named thing: its stable id, its name, and the surface forms that mean it."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()
    """Surface forms, the name included, that mean it only beside other evidence."""
    kind: str
    note: str = ""


class Company(Entry):
    """A company or another organisation that acts in the field."""


class Site(Entry):
    """A cluster, campus, supercomputer or power plant, or (in programmes.jsonl) a programme of several."""

    owner: str | None = None
    users: tuple[str, ...] = ()
    location: str = ""
    country: str = ""


class Accelerator(Entry):
    """A chip, an architecture or a system of chips."""

    vendor: str | None = None


class Lexicon(Record):
    """All entities of the gazetteer."""

    companies: tuple[Company, ...]
    sites: tuple[Site, ...]
    programmes: tuple[Site, ...]
    accelerators: tuple[Accelerator, ...]


def _jsonl(name: str, model: type[_T]) -> tuple[_T, ...]:
    rows: list[_T] = []
    for number, line in enumerate((_HERE / name).read_text(encoding="utf-8").splitlines(), 1):
        try:
            rows.append(model.model_validate(json.loads(line)))
        except (ValueError, ValidationError) as error:
            raise LexiconError(f"lexicon/{name}:{number}: {error}") from error
    return tuple(rows)


@functools.cache
def toml(name: str) -> dict[str, Any]:
    """The parsed rules file `<name>.toml`; its reader validates what it takes from it."""
    try:
        return tomllib.loads((_HERE / f"{name}.toml").read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise LexiconError(f"lexicon/{name}.toml: {error}") from error


@functools.cache
def load() -> Lexicon:
    """The gazetteer, validated: ids are unique, and owners, users and vendors exist."""
    lexicon = Lexicon(
        companies=_jsonl("companies.jsonl", Company),
        sites=_jsonl("sites.jsonl", Site),
        programmes=_jsonl("programmes.jsonl", Site),
        accelerators=_jsonl("accelerators.jsonl", Accelerator),
    )
    seen: set[str] = set()
    for entry in (*lexicon.companies, *lexicon.sites, *lexicon.programmes, *lexicon.accelerators):
        if entry.id in seen:
            raise LexiconError(f"lexicon: id {entry.id} stands twice")
        seen.add(entry.id)
    for site in (*lexicon.sites, *lexicon.programmes):
        for org in (site.owner, *site.users):
            if org and org not in seen:
                raise LexiconError(f"lexicon: {site.id} names {org}, which no company row defines")
    for chip in lexicon.accelerators:
        if chip.vendor and chip.vendor not in seen:
            raise LexiconError(f"lexicon: {chip.id} names {chip.vendor}, which no company row defines")
    return lexicon


@functools.cache
def digest() -> str:
    """SHA-256 over every data file of the lexicon, by name."""
    total = hashlib.sha256()
    for item in sorted(_HERE.iterdir(), key=lambda entry: entry.name):
        if item.name.endswith((".jsonl", ".toml")):
            total.update(item.name.encode() + b"\0" + item.read_bytes() + b"\0")
    return total.hexdigest()
