"""The document as the claim rules read it: sentences with their clauses and everything found in them.

A `Reading` is built once from an annotated Doc and holds plain spans of characters; the rules above it never look
at spaCy tokens again, but for the phrase tables.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from spacy.tokens import Doc, Span

from pipeline.components.clauses import Link, split_clauses
from pipeline.components.datelines import find_dateline
from pipeline.components.sentences import sentences_of
from pipeline.placed import Cover, P, Placed, by_span, start_of
from pipeline.records import CueMention, DateMention, Entity, EntityType, QuantityMention
from pipeline.syntax import Tree

_HEAD = r"[\w ().,%/$€£&'’-]{1,60}"
_ROW = re.compile(rf"{_HEAD}: [^;:]{{1,120}}(?:; {_HEAD}: [^;:]{{1,120}}){{1,20}}$")
_ITEMS = 12
_ITEM_CHARS = 300
"""Longest item and longest list, in characters and in sentences, that a lead still governs."""
_LIST = re.compile(
    r"(?: of(?: [\w-]+){1,2})?[\s,/()–-]*(?:and|or|plus|&)?[\s,/(]*(?:an?|the|about|another|some|up to)?\s*"
)


@dataclass(frozen=True)
class Anchor:
    """A bare place: where the words of an event or a deal stand."""

    start: int
    end: int


@dataclass(frozen=True)
class Thing:
    """A mention of somebody or something that a claim can be about: a name, or words that stand for one."""

    start: int
    end: int
    type: EntityType
    id: str | None
    name: str
    text: str
    kind: str = ""
    """The gazetteer's kind (`utility`, `investor`, `hyperscaler`, `campus` …), empty where it is not known."""
    aside: bool = False
    """True for a company that is named only as a maker, a backer or a source ("Nvidia GPUs", "AMD-based")."""
    stands_in: bool = False
    """True for a pronoun or a description ("the company") that was resolved to the name."""

    @property
    def key(self) -> str:
        """What makes two mentions one thing."""
        return self.id or self.name.casefold()


@dataclass(frozen=True)
class ClauseSpan:
    """A clause in characters."""

    start: int
    end: int
    link: Link


@dataclass(frozen=True)
class Sentence:
    """A sentence with what stands in it; all lists in reading order."""

    index: int
    start: int
    end: int
    paragraph: int
    title: bool
    row: bool
    """Whether it is a table row: keys and values ("Site: Lahti; Status: in operation; Load: 28 MW")."""
    clauses: tuple[ClauseSpan, ...]
    things: tuple[Thing, ...]
    quantities: tuple[QuantityMention, ...]
    dates: tuple[DateMention, ...]
    cues: tuple[CueMention, ...]
    tree: Tree | None = None
    """Its parse, where a trained pipeline made one."""

    def clause_at(self, offset: int) -> int:
        """The index of the clause that holds a character offset, or of the one before it."""
        return max(0, bisect_right(self.clauses, offset, key=start_of) - 1)


_ENDS = '.!?:;"”’)…'


@dataclass(frozen=True)
class Reading:
    """One article, ready for the claim rules."""

    doc: Doc
    text: str
    published: dt.date | None
    sentences: tuple[Sentence, ...]
    entities: tuple[Entity, ...]
    dateline: tuple[int, int]
    """Where its dateline stands ("TUCSON, Ariz. (AP) — "), nowhere at all if it has none."""
    _token_starts: tuple[int, ...] = field(repr=False)

    @functools.cached_property
    def spellings(self) -> frozenset[str]:
        """Every word of the text, as it is written."""
        return frozenset(re.findall(r"\w+", self.text))

    @functools.cached_property
    def sentences_by_key(self) -> Mapping[str, set[int]]:
        """Where a thing is named: by its key, the numbers of its sentences."""
        found: defaultdict[str, set[int]] = defaultdict(set)
        for sentence in self.sentences:
            for thing in sentence.things:
                found[thing.key].add(sentence.index)
        return found

    @functools.cached_property
    def sites(self) -> tuple[Thing, ...]:
        """The first mention of each site that the text names."""
        found: dict[str, Thing] = {}
        for sentence in self.sentences:
            for thing in sentence.things:
                if thing.type == "cluster" and not thing.stands_in:
                    found.setdefault(thing.key, thing)
        return tuple(found.values())

    def words_between(self, left: int, right: int) -> int:
        """Number of tokens that begin in `left`..`right` (characters)."""
        return max(0, bisect_left(self._token_starts, right) - bisect_left(self._token_starts, left))

    def gap(self, a: Placed, b: Placed) -> int:
        """Number of tokens between two spans; 0 where they touch or overlap."""
        if a.end <= b.start:
            return self.words_between(a.end, b.start)
        return self.words_between(b.end, a.start) if b.end <= a.start else 0

    def listed(self, a: Placed, b: Placed) -> bool:
        """Whether two spans stand in one list or phrase ("$3 billion, 280-megawatt", "400 MW and 200 MW")."""
        low, high = min(a.end, b.end), max(a.start, b.start)
        return bool(_LIST.fullmatch(self.text[low:high]))

    def lead_of(self, sentence: Sentence) -> Sentence | None:
        """The sentence before a list, ending in a colon, that the sentence is an item of."""
        for other in reversed(self.sentences[max(0, sentence.index - _ITEMS) : sentence.index]):
            if self.text[other.end - 1] == ":":
                return other
            if other.paragraph == sentence.paragraph or other.end - other.start > _ITEM_CHARS:
                return None
        return None

    def item(self, sentence: Sentence) -> bool:
        """Whether a sentence is an item of a list, or a heading: no mark ends it, and no other shares its line."""
        beside = self.sentences[max(0, sentence.index - 1) : sentence.index + 2]
        alone = not any(o.paragraph == sentence.paragraph and o is not sentence for o in beside)
        return alone and not sentence.row and self.text[sentence.end - 1] not in _ENDS

    def sentence_at(self, offset: int) -> Sentence:
        """The sentence that holds a character offset, or the one before it."""
        return self.sentences[max(0, bisect_right(self.sentences, offset, key=start_of) - 1)]

    def token_span(self, start: int, end: int) -> tuple[int, int]:
        """Character bounds of the tokens `start`..`end` of the Doc."""
        return self.doc[start].idx, self.doc[end - 1].idx + len(self.doc[end - 1])


def within(items: Iterable[P], start: int, end: int) -> list[P]:
    """The items that begin in `start`..`end`."""
    return [item for item in items if start <= item.start < end]


def read(
    doc: Doc,
    *,
    things: Sequence[Thing],
    entities: Sequence[Entity],
    quantities: Sequence[QuantityMention],
    dates: Sequence[DateMention],
    cues: Sequence[CueMention],
    title: str | None,
    published: dt.date | None,
    trees: Mapping[int, Tree] | None = None,
) -> Reading:
    """Put the findings of the components into their sentences; a date inside a quantity or a name is dropped,
    and so is a cue inside a name ("Project Rainier"). `trees` are parses by the first token of their sentence; only a
    sentence with a quantity keeps its own, so that no claim depends on which others were parsed."""
    names = [e for e in entities if e.type in {"company", "cluster", "programme"}]
    taken, named = Cover([*quantities, *names]), Cover(names)
    text = doc.text  # spaCy joins the tokens anew each time it is asked
    head = find_dateline(text, published) or (0, 0)
    heard = [c for c in cues if not (text[c.start].isupper() and named.holds(c))]
    bodies = [(span, *_body(span)) for span in sentences_of(doc)]
    bounds = [(start, end) for _, start, end in bodies if start < end]
    placed = zip(
        by_span(things, bounds),
        by_span(quantities, bounds),
        by_span([d for d in dates if not taken.holds(d) and not head[0] <= d.start < head[1]], bounds),
        by_span(heard, bounds),
        strict=True,
    )
    sentences: list[Sentence] = []
    paragraph = 0
    for index, (span, start, end) in enumerate(bodies):
        if start == end:
            continue
        here, amounts, days, signs = next(placed)
        if sentences and "\n" in text[sentences[-1].end : start]:
            paragraph += 1
        sentences.append(
            Sentence(
                index=len(sentences),
                start=start,
                end=end,
                paragraph=paragraph,
                row=bool(_ROW.match(text[start:end])),
                title=title is not None and index == 0 and start < len(title),
                clauses=tuple(
                    ClauseSpan(doc[c.start].idx, doc[c.end - 1].idx + len(doc[c.end - 1]), c.link)
                    for c in split_clauses(span)
                ),
                things=_told(here, head) if start <= head[0] < end else here,
                quantities=amounts,
                dates=days,
                cues=signs,
                tree=(trees or {}).get(span.start) if amounts else None,
            )
        )
    return Reading(
        doc=doc,
        text=text,
        published=published,
        sentences=tuple(sentences),
        entities=tuple(entities),
        dateline=head,
        _token_starts=tuple(token.idx for token in doc),
    )


def _told(things: tuple[Thing, ...], dateline: tuple[int, int]) -> tuple[Thing, ...]:
    """The things of a sentence but for the places of its dateline, where nothing told has happened."""
    return tuple(t for t in things if t.type != "place" or not dateline[0] <= t.start < dateline[1])


def _body(span: Span) -> tuple[int, int]:
    """Where a sentence begins and ends without surrounding white space."""
    text = span.text
    start = span.start_char + (len(text) - len(text.lstrip()))
    return start, start + len(text.strip())
