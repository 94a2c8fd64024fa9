"""Names of the gazetteer in a text: plain ones wherever they stand, ambiguous ones where the text supports them.

What supports an ambiguous name is named by the kind of thing it is: for a company a word of the field near it or its
full name elsewhere, for a site its owner, its users or its town, for a chip its maker, for a place a preposition.
Words that contradict it (`[[context.anti]]` of names.toml) outweigh all of that.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any

from pipeline import lexicon
from pipeline.components.name_runs import after_legal_form
from pipeline.components.name_words import (
    Found,
    Words,
    anti_contexts,
    cut_words,
    overlap_free,
    phrase_at,
    phrase_before,
    phrases,
    rules,
)
from pipeline.records import EntityType

_TYPES: dict[type[lexicon.Entry], EntityType] = {
    lexicon.Company: "company",
    lexicon.Site: "cluster",
    lexicon.Accelerator: "accelerator",
    lexicon.Place: "place",
    lexicon.Publication: "publication",
}
# Well known enough that a capital at the start of a sentence is the name and not the word.
_FAMOUS = frozenset({"hyperscaler", "chip_maker", "ai_lab", "server_maker"})
_END = ""


@dataclass(frozen=True, slots=True)
class _Surface:
    entry: lexicon.Entry
    type: EntityType
    form: str
    ambiguous: bool
    abbreviation: bool = False


@dataclass(slots=True)
class _Context:
    """What the text says around its names; `ids` grows as names are taken."""

    words: Words
    on_topic: bool
    lines: dict[str, set[int]]
    lands: frozenset[str]
    """Words that the text puts before a word for a piece of land ("Juniper Basin")."""
    ids: set[str] = field(default_factory=set[str])
    places: set[str] = field(default_factory=set[str])


def _type(entry: lexicon.Entry) -> EntityType:
    return "programme" if entry.kind == "program" else _TYPES[type(entry)]


def _surfaces(entry: lexicon.Entry) -> list[_Surface]:
    kind = _type(entry)
    found = [_Surface(entry, kind, form, form in entry.ambiguous) for form in (entry.name, *entry.aliases)]
    if isinstance(entry, lexicon.Accelerator):
        found += [
            _Surface(entry, kind, s.form + "s", s.ambiguous and not s.form[-1].isdigit())
            for s in found
            if s.form[-1].isalnum() and s.form[-1] != "s"
        ]
    if isinstance(entry, lexicon.Place):
        found += [_Surface(entry, kind, form, True, abbreviation=True) for form in entry.abbreviations]
    return found


@functools.cache
def _trie() -> dict[str, Any]:
    """Nested by word in lower case; the empty key holds the surfaces that end there."""
    root: dict[str, Any] = {}
    for entry in lexicon.load().entries():
        for surface in _surfaces(entry):
            node = root
            for word in cut_words(surface.form):
                node = node.setdefault(word, {})
            node.setdefault(_END, []).append(surface)
    return root


def _written_so(text: str, form: str) -> bool:
    """Whether the text writes the name as a name: as listed, in capitals, or with a capital on each word."""
    if text == form:
        return True
    text = " ".join(text.replace("’", "'").replace("\u00a0", " ").split())
    form = form.replace("’", "'")
    if text == form:
        return True
    letters = sum(c.isalpha() for c in text)
    if text.isupper() and letters >= 4:
        return True
    if any(c.isdigit() for c in text) and letters >= 2 and " " not in text:
        return True
    pairs = list(zip(text.split(), form.split(), strict=False))
    if len(pairs) > 1:
        return len(text.split()) == len(form.split()) and all(
            a == b or a[0].isupper() or a[0].isdigit() for a, b in pairs
        )
    return letters >= 5 and text == form.capitalize() and form[1:].lower() != form[1:]


def _options(words: Words) -> list[list[tuple[int, int, list[_Surface]]]]:
    """For each place where a name may begin, its readings, the longest first."""
    root = _trie()
    lowers, size = words.lowers, len(words)
    found: list[list[tuple[int, int, list[_Surface]]]] = []
    for first in range(size):
        node = root.get(lowers[first])
        if node is None or (
            first and words.forms[first - 1] in "@/" and words.joined(first) and _in_address(words, first)
        ):
            continue
        readings: list[tuple[int, int, list[_Surface]]] = []
        last = first + 1
        while node is not None:
            if _END in node and words.line[first] == words.line[last - 1]:
                text = words.slice(first, last)
                fitting = [surface for surface in node[_END] if _written_so(text, surface.form)]
                if fitting and not _domain_follows(words, last):
                    readings.append((first, last, fitting))
            node = node.get(lowers[last]) if last < size else None
            last += 1
        if readings:
            found.append(readings[::-1])
    return found


def _in_address(words: Words, first: int) -> bool:
    before = words.forms[first - 2] if first > 1 else ""
    return words.forms[first - 1] == "@" or before in ("/", "com", "www", ".")


def _domain_follows(words: Words, last: int) -> bool:
    """Whether `.com` or the like is glued to the name: then it is an address."""
    return (
        last + 1 < len(words)
        and words.forms[last] == "."
        and words.joined(last)
        and words.joined(last + 1)
        and words.forms[last + 1].islower()
        and len(words.forms[last + 1]) <= 4
    )


def _cue_lines(words: Words, key: str) -> set[int]:
    table = phrases("context", key)
    return {words.line[index] for index in range(len(words)) if phrase_at(words, index, table)}


def known_names(words: Words) -> list[Found]:
    """Gazetteer names in the text, free of overlaps, in reading order."""
    lines = {key: _cue_lines(words, key) for key in ("domain", "business", "chips", "machines")}
    total = len(set(words.line)) or 1
    context = _Context(words, len(lines["domain"]) >= max(2, total // 8), lines, _lands(words))
    options = _options(words)
    for readings in options:
        for surface in readings[0][2]:
            if not surface.ambiguous and len(readings[0][2]) == 1:
                _take(context, surface.entry)
    found: list[Found] = []
    # Companies first: sites, chips and programmes are supported by the companies that own and make them.
    for types in (("company",), ("cluster", "programme", "accelerator", "place", "publication")):
        found += _chosen(context, options, frozenset(types))
    return [_with_legal_form(words, item) for item in overlap_free(found)]


def _lands(words: Words) -> frozenset[str]:
    features, capital = rules("places", "features"), words.capital
    return frozenset(
        words.lowers[index - 1]
        for index in range(1, len(words))
        if words.lowers[index] in features and capital[index] and capital[index - 1] and not words.joined(index)
    )


def _take(context: _Context, entry: lexicon.Entry) -> None:
    context.ids.add(entry.id)
    if isinstance(entry, lexicon.Place):
        context.places.update(form.lower() for form in (entry.name, *entry.aliases))


def _chosen(
    context: _Context, options: list[list[tuple[int, int, list[_Surface]]]], types: frozenset[str]
) -> list[Found]:
    words, found = context.words, list[Found]()
    waiting: list[tuple[int, int, _Surface]] = []
    firm: set[tuple[str, str]] = set()
    for readings in options:
        for first, last, surfaces in readings:
            scored = [
                (_support(context, surface, first, last), -number, surface)
                for number, surface in enumerate(surfaces)
                if surface.type in types
            ]
            score, _, surface = max(scored, key=lambda item: item[:2], default=(0, 0, None))
            if surface is None or score <= 0:
                continue
            if surface.ambiguous and not surface.abbreviation and not _stands_alone(context, surface, first, last):
                continue
            if surface.type == "company" and last - first == 1 and _surname(words, first):
                continue
            if surface.ambiguous and _proves_nothing(words, surface, first, last, score):
                waiting.append((first, last, surface))
                continue
            firm.add((surface.entry.id, words.slice(first, last).lower()))
            _take(context, surface.entry)
            found.append(_found(surface, first, last))
            break
    for first, last, surface in waiting:
        if (surface.entry.id, words.slice(first, last).lower()) in firm:
            found.append(_found(surface, first, last))
    return found


def _found(surface: _Surface, first: int, last: int) -> Found:
    rank = 1 if surface.type == "place" else 3
    return Found(first, last, surface.type, surface.entry.id, surface.entry.name, rank)


def _support(context: _Context, surface: _Surface, first: int, last: int) -> int:
    """How well the text supports the reading; 0 rejects it."""
    words, entry = context.words, surface.entry
    if surface.abbreviation:
        follows_place = words.lower(first - 1) == "," and first > 1 and words.capital[first - 2]
        return 3 if follows_place and words.line[first] == words.line[first - 2] else 0
    if not surface.ambiguous:
        return 9
    line = words.line[first]
    if surface.type == "company":
        near = 2 * (line in context.lines["domain"]) + (line in context.lines["business"]) + context.on_topic
        if after_legal_form(words, last) > last:
            return 5
        return 4 if entry.id in context.ids else near
    if surface.type == "accelerator":
        vendor = isinstance(entry, lexicon.Accelerator) and entry.vendor in context.ids
        return 2 * vendor + (line in context.lines["chips"])
    if surface.type == "place":
        return _place_support(context, entry, first, last)
    if surface.type == "publication":
        return _source_support(context, entry, first, last)
    return _site_support(context, entry, first, last) - 2


def _place_support(context: _Context, entry: lexicon.Entry, first: int, last: int) -> int:
    words = context.words
    if words.lower(first - 1) in rules("places", "prepositions") and words.same_line(first - 1, first):
        return 3
    if (
        words.lower(last) == ","
        and last + 1 < len(words)
        and words.capital[last + 1]
        and words.lower(last + 1) in _states()
    ):
        return 3
    if phrase_at(words, last, phrases("sites", "heads")):
        return 3
    return 1 if entry.id in context.ids else 0


@functools.cache
def _states() -> frozenset[str]:
    """First words of the names and abbreviations of states and countries."""
    forms = [
        f
        for p in lexicon.load().places
        if p.kind in ("state", "country")
        for f in (p.name, *p.aliases, *p.abbreviations)
    ]
    return frozenset(cut_words(form)[0] for form in forms)


def _source_support(context: _Context, entry: lexicon.Entry, first: int, last: int) -> int:
    words, sources = context.words, rules("context", "sources")
    before = first - 2 if words.lower(first - 1) == "the" else first - 1
    if words.lower(first - 1) == "(" and words.lower(last) == ")":
        return 3
    if words.lower(before) in sources or words.lower(last) in sources - {"in", "with", "and", "from", "to"}:
        return 3
    return 2 if entry.id in context.ids else 0


def _site_support(context: _Context, entry: lexicon.Entry, first: int, last: int) -> int:
    words = context.words
    if not isinstance(entry, lexicon.Site):
        return 0
    if entry.id in context.ids:
        return 5
    line = words.line[first]
    machine = entry.kind in ("supercomputer", "cluster")
    related = {entry.owner, *entry.users} & context.ids
    score = 2 * bool(related) + (len(related) > 1) + 2 * any(place.lower() in context.places for place in entry.places)
    score += 2 if entry.kind == "program" and line in context.lines["domain"] else line in context.lines["domain"]
    score += context.on_topic and bool(related)
    score += machine and line in context.lines["machines"]
    head = phrase_at(words, last, phrases("sites", "heads"))
    if head:
        called_machine = words.lower(last + head - 1) in ("supercomputer", "cluster", "supercluster")
        score += 2 if called_machine == machine else 1
    return score


def _stands_alone(context: _Context, surface: _Surface, first: int, last: int) -> bool:
    """Whether nothing around the name makes it part of a longer name or contradicts it."""
    words = context.words
    before, after = anti_contexts().get(words.slice(first, last).lower(), ((), ()))
    if words.same_line(first - 1, first) and phrase_before(words, first, before):
        return False
    if any(tuple(words.lowers[last : last + len(cut)]) == cut for cut in after) and words.same_line(first, last):
        return False
    coded = words.same_line(first - 1, first) and first > 0 and words.forms[first - 1] == "Project"
    if coded and surface.type == "company" and last - first == 1:
        return False  # "Project Juniper" is somebody's site
    if words.line[first] in words.headlines:
        return True
    follows = words.lower(last)
    if surface.type == "company" and last - first == 1 and words.lower(first) in context.lands:
        return surface.entry.id in context.ids
    if surface.type == "company" and words.same_line(first, last) and words.capital[last]:
        longer = follows in rules("companies", "endings") and follows not in rules("companies", "legal")
        if longer and surface.entry.kind not in _FAMOUS:
            return False
    if surface.type in ("place", "accelerator", "cluster") and last - first == 1:
        named = words.lower(first) in rules("persons", "firsts") or surface.type == "place"
        if named and words.same_line(first, last) and words.capital[last] and follows not in rules("words", "stop"):
            return phrase_at(words, last, phrases("sites", "heads")) > 0
    return not _preceded_by_name(context, surface, first)


def _surname(words: Words, first: int) -> bool:
    """Whether the company's one word is here the surname of somebody: "Michael Dell", "said Karan Adani"."""
    previous = first - 1
    if not words.same_line(previous, first) or not words.capital[previous] or not words.forms[previous].isalpha():
        return False
    if words.lower(previous) in rules("persons", "firsts"):
        return True
    introduced = words.lower(previous - 1) in ("said", "says") or words.lower(previous - 1) in rules(
        "persons", "titles"
    )
    described = words.lower(first + 1) == "," and words.lower(first + 2) in rules("persons", "jobs")
    plain = words.forms[previous][1:].islower() and words.lower(previous) not in rules("words", "stop")
    return plain and (introduced or described) and words.lower(previous) not in _trie()


def _preceded_by_name(context: _Context, surface: _Surface, first: int) -> bool:
    words = context.words
    previous = first - 1
    if not words.same_line(previous, first) or not words.capital[previous] or words.opening[previous]:
        return False
    if words.lower(previous) in rules("persons", "firsts"):
        return True
    known = _trie().get(words.lower(previous)) is not None
    return not known and words.lower(previous) not in rules("words", "stop") and surface.type != "place"


def _proves_nothing(words: Words, surface: _Surface, first: int, last: int, score: int) -> bool:
    """Whether the capital may be only that of a sentence or headline, with no other sign that it is the name."""
    loud = words.opening[first] or words.line[first] in words.headlines
    if not loud or last - first > 1 or surface.type in ("place", "publication") or surface.entry.kind in _FAMOUS:
        return False
    if score >= 4 or words.quoted(first, last) or (words.forms[first].isupper() and len(words.forms[first]) > 2):
        return False
    follows = words.lower(last)
    acts = any(follows in rules("companies", key) for key in ("verbs", "auxiliaries", "speech", "legal"))
    return not (acts or follows == "," or words.possessive(last))


def _with_legal_form(words: Words, item: Found) -> Found:
    return (
        item
        if item.type != "company"
        else Found(item.first, after_legal_form(words, item.last), item.type, item.id, item.name, item.rank)
    )
