"""The rules as data, and their loader.

Every file of this folder is data that a person edits: entities one a line (`*.jsonl`), rules by category
(`*.toml`). Loading validates all of it (unknown keys, duplicate ids, dangling references are errors that name
file and line) and is cached; `digest()` is the part of the fingerprint that the data decides.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
import tomllib
from importlib import resources
from typing import Any, ClassVar, Self, TypeVar, cast

from pydantic import ValidationError, model_validator

from pipeline.records import Record

_HERE = resources.files(__name__)
_R = TypeVar("_R", bound="Rule")
_T = TypeVar("_T", bound="Entry")


class LexiconError(ValueError):
    """A lexicon file that does not say what it must; the message names file and line or key."""


class Rule(Record):
    """A row of a rules file; its name goes into every record that it helped to write."""

    rule: str


class Entry(Record):
    """A named thing: its stable id, its name, and the surface forms that mean it."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()
    """Surface forms, the name included, that mean it only beside other evidence."""
    kind: str
    note: str = ""

    kinds: ClassVar[frozenset[str]] = frozenset()
    """What `kind` may be; each file has its own set."""

    @model_validator(mode="after")
    def _known_kind(self) -> Self:
        if self.kind not in self.kinds:
            raise ValueError(f"kind {self.kind!r} is none of {sorted(self.kinds)}")
        return self


class Company(Entry):
    """A company or another organisation that acts in the field."""

    kinds: ClassVar[frozenset[str]] = frozenset({
        "ai_lab", "hyperscaler", "neocloud", "miner_hpc", "chip_maker", "foundry", "memory", "server_maker",
        "networking", "power_cooling", "utility", "ipp", "grid_operator", "nuclear", "midstream",
        "colocation", "developer", "contractor", "investor", "sovereign", "enterprise", "research",
        "analyst", "government", "ngo",
    })  # fmt: skip


class Site(Entry):
    """A cluster, campus, supercomputer or power plant, or (in programmes.jsonl) a programme of several."""

    owner: str | None = None
    users: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    """Towns and counties that name it, beside a word for a site and with an owner or user in the article."""
    kinds: ClassVar[frozenset[str]] = frozenset({"campus", "cluster", "supercomputer", "power_plant", "program"})


class Accelerator(Entry):
    """A chip, a family of chips or a system of chips."""

    vendor: str | None = None
    kinds: ClassVar[frozenset[str]] = frozenset({
        "gpu", "tpu", "asic", "npu", "lpu", "ipu", "wafer_scale", "superchip", "architecture",
        "rack_system", "cpu",
    })  # fmt: skip


class Place(Entry):
    """A country, state, city, county or region. An abbreviation counts after "City, " only."""

    abbreviations: tuple[str, ...] = ()
    kinds: ClassVar[frozenset[str]] = frozenset({"country", "state", "city", "county", "region"})


class Publication(Entry):
    """A news outlet, an agency, or a channel for press releases: a source that an article may name."""

    kinds: ClassVar[frozenset[str]] = frozenset({"agency", "newspaper", "trade", "online", "release"})


class Lexicon(Record):
    """All entities of the gazetteer."""

    companies: tuple[Company, ...]
    sites: tuple[Site, ...]
    programmes: tuple[Site, ...]
    accelerators: tuple[Accelerator, ...]
    places: tuple[Place, ...]
    publications: tuple[Publication, ...]

    def entries(self) -> tuple[Entry, ...]:
        """Every row, in the order of the files."""
        named = (self.companies, self.sites, self.programmes, self.accelerators, self.places, self.publications)
        return tuple(entry for rows in named for entry in rows)


def parse_entries(text: str, name: str, model: type[_T]) -> tuple[_T, ...]:
    """The entities of the file `name`, one JSON object a line; `LexiconError` names the line that is wrong."""
    rows: list[_T] = []
    # Not `splitlines`: a text of JSON may hold other line ends inside its strings.
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        try:
            rows.append(model.model_validate(json.loads(line)))
        except (ValueError, RecursionError) as error:
            raise LexiconError(f"lexicon/{name}:{number}: {error}") from error
    return tuple(rows)


def _jsonl(name: str, model: type[_T]) -> tuple[_T, ...]:
    return parse_entries((_HERE / name).read_text(encoding="utf-8"), name, model)


def parse_toml(text: str, name: str) -> dict[str, Any]:
    """The tables of the rules file `<name>.toml`; `LexiconError` where it is no TOML."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise LexiconError(f"lexicon/{name}.toml: {error}") from error


@functools.cache
def toml(name: str) -> dict[str, Any]:
    """The parsed rules file `<name>.toml`; its reader validates what it takes from it."""
    return parse_toml((_HERE / f"{name}.toml").read_text(encoding="utf-8"), name)


@functools.cache
def word_pattern(*path: str) -> re.Pattern[str]:
    """One pattern for a word list of the lexicon (file, then keys), whole words, any case."""
    words: Any = toml(path[0])
    for key in path[1:]:
        words = words[key]
    return re.compile(
        r"(?<![\w-])(?:" + "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True)) + r")(?![\w])",
        re.IGNORECASE,
    )


def rules(name: str, key: str, model: type[_R]) -> dict[str, _R]:
    """The rows of the array `key` of `<name>.toml` by their `rule`; `LexiconError` names the row that is wrong."""
    return parse_rules(toml(name), name, key, model)


def parse_rules(tables: dict[str, Any], name: str, key: str, model: type[_R]) -> dict[str, _R]:
    """As `rules`, of tables that were parsed already."""
    table: dict[str, _R] = {}
    for number, row in enumerate(_rows(tables, name, key), 1):
        try:
            rule = model.model_validate(row)
        except ValidationError as error:
            raise LexiconError(f"lexicon/{name}.toml: {key} {number} ({row.get('rule')}): {error}") from error
        if rule.rule in table:
            raise LexiconError(f"lexicon/{name}.toml: rule {rule.rule} stands twice")
        table[rule.rule] = rule
    return table


def _rows(tables: dict[str, Any], name: str, key: str) -> list[dict[str, Any]]:
    rows: Any = tables.get(key)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in cast(list[Any], rows)):
        raise LexiconError(f"lexicon/{name}.toml: {key} is no array of tables")
    return cast(list[dict[str, Any]], rows)


@functools.cache
def load() -> Lexicon:
    """The gazetteer, validated: ids and plain surface forms mean one thing, and every reference exists."""
    lexicon = Lexicon(
        companies=_jsonl("companies.jsonl", Company),
        sites=_jsonl("sites.jsonl", Site),
        programmes=_jsonl("programmes.jsonl", Site),
        accelerators=_jsonl("accelerators.jsonl", Accelerator),
        places=_jsonl("places.jsonl", Place),
        publications=_jsonl("publications.jsonl", Publication),
    )
    _check_surfaces(lexicon.entries())
    known = {entry.id for entry in lexicon.companies}
    for site in (*lexicon.sites, *lexicon.programmes):
        for org in (site.owner, *site.users):
            if org and org not in known:
                raise LexiconError(f"lexicon: {site.id} names {org}, which no company row defines")
    for chip in lexicon.accelerators:
        if chip.vendor and chip.vendor not in known:
            raise LexiconError(f"lexicon: {chip.id} names {chip.vendor}, which no company row defines")
    return lexicon


def _check_surfaces(entries: tuple[Entry, ...]) -> None:
    seen: set[str] = set()
    plain: dict[str, str] = {}
    for entry in entries:
        if entry.id in seen:
            raise LexiconError(f"lexicon: id {entry.id} stands twice")
        seen.add(entry.id)
        surfaces = (entry.name, *entry.aliases)
        if len(set(surfaces)) < len(surfaces):
            raise LexiconError(f"lexicon: {entry.id} lists an alias twice")
        for form in entry.ambiguous:
            if form not in surfaces:
                raise LexiconError(f"lexicon: {entry.id} calls {form!r} ambiguous, which is none of its names")
        for form in surfaces:
            if form not in entry.ambiguous and plain.setdefault(form, entry.id) != entry.id:
                raise LexiconError(f"lexicon: {form!r} means both {plain[form]} and {entry.id}: mark it ambiguous")


@functools.cache
def by_id() -> dict[str, Entry]:
    """Every gazetteer row by its id, for a reader that needs its kind, owner or vendor."""
    return {entry.id: entry for entry in load().entries()}


@functools.cache
def digest() -> str:
    """SHA-256 over every data file of the lexicon, by name."""
    total = hashlib.sha256()
    for item in sorted(_HERE.iterdir(), key=lambda entry: entry.name):
        if item.name.endswith((".jsonl", ".toml")):
            total.update(item.name.encode() + b"\0" + item.read_bytes() + b"\0")
    return total.hexdigest()
