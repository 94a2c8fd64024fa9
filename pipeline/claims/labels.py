"""Labels: the name before the numbers of a list item or a table row, and labels that only tell what a number is."""

from __future__ import annotations

import re

from pipeline import lexicon
from pipeline.claims.scope import word_pattern
from pipeline.reading import Placed, Reading, Sentence, Thing
from pipeline.records import EntityType

SUBJECT_TYPES = frozenset({"company", "cluster", "programme"})
"""What may be the subject of a number."""
_LABEL = re.compile(r"(?:[-*•\d.)\s]{0,6})(?P<name>[A-Z][\w&'.-]*(?:[ ,]+[\w&'().-]+){0,5}?)\s*[:–—]\s")
_OWNER = re.compile(r"['’]s?\s(?=[A-Z])")
_CELL = re.compile(r"(?:^|; )(?P<head>[A-Z][\w ]{1,30}): (?P<value>[A-Z][^;:(]{1,60}?)(?= *(?:;|\(|$))")
_SMALL = frozenset(
    ["with", "for", "to", "of", "the", "and", "at", "in", "on", "de", "du", "des", "la", "le", "el", "&", "near", "by"]
)
_HEADINGS = (
    ("roles", "generation"),
    ("roles", "grid"),
    ("roles", "storage"),
    ("roles", "load"),
    ("money", "infra"),
    ("money", "other"),
    ("headings", "fields"),
)


def of_item(reading: Reading, sentence: Sentence, anchor: Placed) -> Thing | None:
    """The name before the colon of a list item ("Columbus North: 40 MW in 2027"), if the number follows it."""
    match = _before(reading, sentence, anchor)
    if match is None:
        return None
    start, end = match.span("name")
    named = [t for t in sentence.things if start <= t.start < end and t.type in SUBJECT_TYPES]
    owner = _OWNER.match(reading.text, named[0].end, end) if named else None
    if owner and owner.end() < end and len(named) == 1:
        return Thing(
            owner.end(), end, "cluster", None, reading.text[owner.end() : end], reading.text[owner.end() : end]
        )
    if named:
        return named[-1] if owner else named[0]
    if any(start <= t.start < end and t.type in {"person", "publication"} for t in sentence.things):
        return None
    name = match["name"]
    if reading.words_between(match.end(), anchor.start) > 2 or not _is_name(name):
        return None
    return Thing(start, end, "cluster", None, name, name)


def _before(reading: Reading, sentence: Sentence, anchor: Placed) -> re.Match[str] | None:
    """The label at the head of a sentence, if it ends before the number."""
    match = _LABEL.match(reading.text, sentence.start, anchor.start + 1)
    return match if match and match.end() <= anchor.start else None


def _is_name(label: str) -> bool:
    """Whether a label can be a name ("Columbus North"), and is no heading ("Utility service", "Grid")."""
    words = [w for w in label.replace(",", " ").split() if w.lower() not in _SMALL]
    if any(word[0].islower() for word in words):
        return False
    return not any(word_pattern("scope", *path).fullmatch(label) for path in _HEADINGS)


def _cell_name(reading: Reading, sentence: Sentence) -> Thing | None:
    """The name that a cell of a row gives under a head such as "Site", else "Company", where no list holds it."""
    rules = lexicon.toml("coreference")
    cells = [m for m in _CELL.finditer(reading.text[sentence.start : sentence.end]) if _is_name(m["value"])]
    kinds: tuple[tuple[EntityType, list[str]], ...] = (
        ("cluster", rules["row_heads"]),
        ("company", rules["row_owners"]),
    )
    for kind, heads in kinds:
        for match in cells:
            if match["head"].lower() in heads:
                start, end = (sentence.start + offset for offset in match.span("value"))
                return Thing(start, end, kind, None, match["value"], match["value"])
    return None


def of_row(reading: Reading, sentence: Sentence) -> Thing | None:
    """The site or company of a table row: the first name in its first cell, else the first site in it."""
    cell = sentence.clauses[0]
    for thing in sentence.things:
        if thing.type in {*SUBJECT_TYPES, "place"} and cell.start <= thing.start < cell.end:
            return thing
    site = next((t for t in sentence.things if t.type == "cluster"), None)
    return site or _cell_name(reading, sentence)


def is_field(reading: Reading, sentence: Sentence, anchor: Placed) -> bool:
    """Whether a label tells what the number is ("Size: 1.2 GW"), in an entry on something."""
    match = _before(reading, sentence, anchor)
    return match is not None and not _is_name(match["name"])
