"""Who and what an article names: companies, sites, programmes, persons, places, papers and chips.

>>> import spacy
>>> doc = spacy.blank("en")("OpenAI will lease the Ashby campus from Tallow Ridge Energy, a developer.")
>>> [(entity.type, entity.name) for entity in find_entities(doc)]
[('company', 'OpenAI'), ('cluster', 'Ashby'), ('company', 'Tallow Ridge Energy')]
"""

from __future__ import annotations

from collections.abc import Sequence

from spacy.language import Language
from spacy.tokens import Doc, Span

from pipeline.components.government_names import government_names, public_bodies
from pipeline.components.known_names import known_names
from pipeline.components.name_runs import Run, occupied, runs_of_capitals
from pipeline.components.name_words import Found, Words, overlap_free, phrase_at, phrases, read_words
from pipeline.components.place_names import pattern_papers, pattern_places
from pipeline.components.placed_sites import placed_sites
from pipeline.components.site_names import again, named_sites, votes
from pipeline.components.toponyms import toponyms
from pipeline.components.town_sites import named_in_full, town_sites
from pipeline.components.unknown_names import unknown_names
from pipeline.components.voted_names import Vote, voted_names, votes_of
from pipeline.records import Entity

_SHORT = 150
"""Words of a note in which one plain word of the trade tells what it is about."""

KEY = "infraclaims_entities"


def find_entities(doc: Doc) -> list[Entity]:
    """Every named mention: sorted, free of overlaps, `doc.text[start:end]` is the name without its possessive."""
    return entities_in(doc.text, votes_of(doc))


def entities_in(text: str, model_votes: Sequence[Vote] = ()) -> list[Entity]:
    """The same for a bare text, in Unicode code points; the Doc's own tokens and sentences play no part."""
    words = read_words(text)
    known = known_names(words)
    known += pattern_places(words, known)
    known = overlap_free(known)
    on_topic = _on_topic(words)
    taken = occupied(words, known)
    runs = runs_of_capitals(words, taken)
    papers = pattern_papers(words, runs)
    runs = _outside(runs, papers)
    sites = named_sites(words, runs, taken, on_topic)
    unlisted = [
        *government_names(words, known),
        *public_bodies(words),
        *unknown_names(words, runs, taken, on_topic, votes(words, sites)),
    ]
    named = overlap_free([*known, *papers, *unlisted])
    own = [item for item, _ in sites]
    taken = occupied(words, named)
    found = [*own, *placed_sites(words, taken, runs, own, on_topic)]
    found = overlap_free([*named, *found, *again(words, found, taken)])
    found += voted_names(words, runs, occupied(words, found), model_votes)
    found = overlap_free([*found, *toponyms(words, runs, occupied(words, found), on_topic)])
    if on_topic:
        found = named_in_full(words, town_sites(words, found), named)
    return [_entity(words, item) for item in found]


def _outside(runs: list[Run], found: list[Found]) -> list[Run]:
    covered = {index for item in found for index in range(item.first, item.last)}
    return [run for run in runs if not covered.intersection(range(run.first, run.last))]


def _on_topic(words: Words) -> bool:
    """Whether the text is about computing or its power at all: then weaker signs make a company."""
    domain = phrases("context", "domain")
    hits = sum(1 for index in range(len(words)) if phrase_at(words, index, domain))
    if len(words) < _SHORT and not hits > 1:
        plainly = phrases("context", "plainly")
        return any(phrase_at(words, index, plainly) for index in range(len(words)))
    return hits >= max(2, len(words) // 150)


def _entity(words: Words, item: Found) -> Entity:
    start, end = words.starts[item.first], words.ends[item.last - 1]
    return Entity(type=item.type, id=item.id, name=item.name, start=start, end=end)


@Language.component(KEY, assigns=[f"doc._.{KEY}", "doc.spans"])
def entities(doc: Doc) -> Doc:
    """Set `doc._.infraclaims_entities` to plain dicts, and `doc.spans` to the same widened to whole tokens."""
    if not Doc.has_extension(KEY):
        Doc.set_extension(KEY, default=[])
    found = find_entities(doc)
    doc._.set(KEY, [entity.model_dump() for entity in found])
    doc.spans[KEY] = [span for entity in found if (span := _span(doc, entity)) is not None]
    return doc


def _span(doc: Doc, entity: Entity) -> Span | None:
    return doc.char_span(entity.start, entity.end, label=entity.type, alignment_mode="expand")
