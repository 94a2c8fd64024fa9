"""The composition: pages in, one extraction for each out. This is the public Python API.

from pipeline import Page, extract

for result in extract([Page(source="note", content="Acme AI runs 4,000 H100s at its Reno campus.")]):
    for claim in result.claims:
        print(claim.label, claim.to_json())
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import get_args

from spacy.language import Language
from spacy.tokens import Doc

from pipeline import coreference, lexicon
from pipeline.claims import ClaimFinder
from pipeline.claims.build import build as build_claim
from pipeline.claims.scope import on_topic
from pipeline.clean import clean
from pipeline.components.parsed import trees_of
from pipeline.components.sentences import sentences_of
from pipeline.duplicates import mark_duplicates
from pipeline.identity import identify
from pipeline.nlp import build_nlp, make_doc
from pipeline.placed import Cover
from pipeline.reading import Reading, Thing, read
from pipeline.records import (
    Article,
    ArticleRecord,
    CueMention,
    DateMention,
    Document,
    Entity,
    EntityType,
    Explanation,
    Extraction,
    Extractor,
    Page,
    QuantityKind,
    QuantityMention,
    Rejected,
    UnitKind,
)
from pipeline.settings import Settings

_QUANTITY_TYPES: dict[QuantityKind, EntityType] = {
    **{kind: kind for kind in get_args(UnitKind)},
    "accelerators": "accelerator_count",
    "investment": "money",
}


_COMPOUND = re.compile(r"-[a-z]|(?:['’]s?)?(?: [A-Z][\w-]*){0,3} (?:[GTC]PUs?|chips?|processors?|accelerators?)\b")
"""Behind a company's name: it is the maker or backer of what follows."""
_PRODUCT = re.compile(
    r" (?!(?:CEO|CFO|CTO|COO|Chief|President|Chair|Founder|Corp|Inc|Ltd|Group|Holdings|Co|Cloud)\b)[A-Z]\w"
)
"""Behind the name of a maker of chips or servers: the name of its product ("NVIDIA DGX")."""
_KEEPERS = frozenset({"ai_lab", "neocloud", "colocation", "developer", "miner_hpc"})
"""Kinds of company whose chips are those that it has ("CoreWeave's GPUs"), and not those that it makes."""
_RIVAL = re.compile(r"(?:['’]s)? (?:rivals?|competitors?|peers?) [A-Z]")
_FORMER = re.compile(
    r"\b(?:ex-|(?:former(?:ly of)?|ex|veterans? of|alum(?:ni|nus|s)? of|(?:spun|carved) (?:out of|off (?:from|by)))"
    r"\s)$",
    re.IGNORECASE,
)
"""Before a company's name: somebody or something that has left it is meant."""
_NAMED = re.compile(r"(?<![\w.-])[A-Z][\w.-]*(?:['’]s?)? $")
_MAKERS = frozenset({"chip_maker", "server_maker"})


@dataclass(frozen=True)
class Pipeline:
    """Everything that is built once and used for every page."""

    settings: Settings
    nlp: Language
    finder: ClaimFinder
    extractor: Extractor


def build(settings: Settings | None = None) -> Pipeline:
    """Load the spaCy pipeline and compile the rules; takes about a second."""
    settings = settings or Settings()
    nlp = build_nlp(settings)
    return Pipeline(settings, nlp, ClaimFinder(), identify(settings))


def extract(pages: Iterable[Page | Rejected], settings: Settings | None = None) -> Iterator[Extraction]:
    """One extraction for each page, in order, in this process; a second page of one id is marked a duplicate."""
    pipeline = build(settings)
    yield from mark_duplicates(extract_page(page, pipeline) for page in pages)


def extract_page(page: Page | Rejected, pipeline: Pipeline) -> Extraction:
    """Clean, annotate and extract one page; what cannot be read becomes a disposition with its reason."""
    return explain_page(page, pipeline).extraction


def explain_page(page: Page | Rejected, pipeline: Pipeline) -> Explanation:
    """As `extract_page`, with everything that was found on the way."""
    article = page if isinstance(page, Rejected) else clean(page, pipeline.settings)
    if isinstance(article, Rejected):
        return Explanation(extraction=Extraction.of_rejected(article))
    return explain_article(article, page.source, pipeline)


def explain_article(article: Article, source: str, pipeline: Pipeline) -> Explanation:
    """Annotate and extract one cleaned article that came from `source`."""
    doc = pipeline.nlp(make_doc(pipeline.nlp, article.text, article.document.published))
    reading, cues = read_article(doc, article)
    claims = tuple(
        build_claim(draft, article.text, article.document, pipeline.extractor, pipeline.settings.evidence_chars)
        for draft in pipeline.finder.find(reading)
    )
    quantities = tuple(q for s in reading.sentences for q in s.quantities)
    dates = tuple(d for s in reading.sentences for d in s.dates)
    record = ArticleRecord(
        source=source,
        document=article.document,
        disposition="extracted" if claims else "irrelevant",
        reason=None if claims else "off_topic" if not on_topic(reading) else "no_claims",
        cleaner=article.cleaner,
        text=article.text,
        entities=_all_entities(reading.entities, quantities, dates),
    )
    return Explanation(
        extraction=Extraction(article=record, claims=claims),
        sentences=tuple((s.start, s.end) for s in reading.sentences),
        quantities=quantities,
        dates=dates,
        cues=cues,
    )


def read_article(doc: Doc, article: Article) -> tuple[Reading, tuple[CueMention, ...]]:
    """The annotated Doc as a reading: findings back from plain dicts, coreference resolved."""
    entities = [Entity.model_validate(e) for e in doc._.infraclaims_entities]
    cues = tuple(CueMention.model_validate(c) for c in doc._.infraclaims_cues)
    quantities = [QuantityMention.model_validate(q) for q in doc._.infraclaims_quantities]
    measured = Cover(quantities)
    named = [_thing(article.text, e, measured) for e in entities]
    spans = [(s.start_char, s.end_char) for s in sentences_of(doc)]
    document = article.document
    reading = read(
        doc,
        things=coreference.resolve(article.text, spans, named, own_voice(document, named, article.text)),
        entities=entities,
        quantities=quantities,
        dates=[DateMention.model_validate(d) for d in doc._.infraclaims_dates],
        cues=cues,
        title=document.title,
        published=document.published,
        trees=trees_of(doc),
    )
    return reading, cues


@functools.cache
def _measured() -> re.Pattern[str]:
    """Words before a company's name that show that another is only measured against it."""
    words = "|".join(lexicon.toml("coreference")["measured_against"])
    return re.compile(rf"\b(?:{words})(?: (?:of|to|including))?\s+(?:[A-Z]\w*(?:,| and| or)\s+){{0,3}}$")


@functools.cache
def _asking() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Before and behind a company's name: it is the house of somebody who asks or judges ("the line of Ann Ross with")
    and no party.
    """
    words = lexicon.toml("coreference")
    asking, judges = ("|".join(words[name]) for name in ("asking", "judges"))
    return (
        re.compile(rf"\b(?:(?:{asking})\b[^.;\n]{{0,60}}|(?:{judges}))\s(?:with|from|of|at|for)\s$", re.IGNORECASE),
        re.compile(rf"(?:['’]s?)?\s(?:{judges})\b", re.IGNORECASE),
    )


def _asks(text: str, entity: Entity) -> bool:
    before, behind = _asking()
    return bool(before.search(text, max(0, entity.start - 110), entity.start) or behind.match(text, entity.end))


def _only_measured(text: str, entity: Entity) -> bool:
    """Whether a name is one that another is measured against ("a rival of Tarn"), in "Tarn rival Garrow" the first, or
    comes from ("an ex-Tarn engineer").
    """
    found = _measured().search(text, max(0, entity.start - 80), entity.start)
    whose = found and _NAMED.search(text, max(0, found.start() - 30), found.start())
    former = _FORMER.search(text, max(0, entity.start - 20), entity.start)
    return bool(found and not whose) or bool(former) or bool(_RIVAL.match(text, entity.end))


def _thing(text: str, entity: Entity, quantities: Cover) -> Thing:
    known = lexicon.by_id().get(entity.id or "")
    kind = known.kind if known else ""
    return Thing(
        start=entity.start,
        end=entity.end,
        type=entity.type,
        id=entity.id,
        name=entity.name,
        text=text[entity.start : entity.end],
        kind=kind,
        aside=kind in lexicon.toml("coreference")["bystanders"]
        or _speaks_of_others(entity, "bystander_names")
        or bool(
            _COMPOUND.match(text, entity.end) and not (kind in _KEEPERS and text[entity.end : entity.end + 1] in "'’")
        )
        or (kind in _MAKERS and bool(_PRODUCT.match(text, entity.end)))
        or _asks(text, entity)
        or _only_measured(text, entity)
        or quantities.holds_at(entity.start),
    )


def _speaks_of_others(entity: Entity | Thing, *lists: str) -> bool:
    """Whether an unlisted company is by its name one that writes about others ("Holt Securities")."""
    words = entity.name.split()
    last = {word for name in lists for word in lexicon.toml("coreference")[name]}
    return not entity.id and len(words) > 1 and words[-1] in last


def own_voice(document: Document, named: list[Thing], text: str) -> Thing | None:
    """The company behind "we": the one whose name is the publisher's or the host's, else the title's first company.

    Without a title its place is taken by the first line ("Garrow, Inc.", above the transcript of a call).
    """
    labels = re.sub(r"^https?://|[/:].*$", "", (document.url or "").lower()).split(".")
    host = labels[-2] if len(labels) > 1 else ""
    for voice in (_key(host), _key(_DEPARTMENT.sub("", document.publisher or ""))):
        company = _companies_by_key().get(voice)
        if company and company.kind in lexicon.toml("coreference")["bystanders"]:
            return None
        if company:
            return Thing(start=0, end=0, type="company", id=company.id, name=company.name, text="", kind=company.kind)
        for thing in named:
            if thing.type == "company" and _same_voice(_key(thing.name), voice):
                return None if _speaks_of_others(thing, "bystander_names", "publisher_names") else thing
    title_end = len(document.title) if document.title else text.find("\n")
    leading = [t for t in named if t.type == "company" and t.start < title_end]
    return next((t for t in leading if not _speaks_of_others(t, "bystander_names")), None)


_DEPARTMENT = re.compile(
    r"\b(?:newsroom|news|blog|engineering|press|media|investors?|investor relations|inc|llc|ltd|plc)\b", re.IGNORECASE
)
"""What a company's own pages add to its name."""
_SHORT = 5
"""Letters of a name that may stand for a longer one ("Garrow" for "garrowcompute")."""


def _same_voice(name: str, voice: str) -> bool:
    short, long = sorted((name, voice), key=len)
    return name == voice or (len(short) >= _SHORT and long.startswith(short))


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


@functools.cache
def _companies_by_key() -> dict[str, lexicon.Company]:
    return {_key(company.name): company for company in lexicon.load().companies}


def _all_entities(
    names: tuple[Entity, ...], quantities: tuple[QuantityMention, ...], dates: tuple[DateMention, ...]
) -> tuple[Entity, ...]:
    """Names, quantities and dates as the article record lists them, in reading order."""
    numbers = (
        Entity(type=_QUANTITY_TYPES[q.kind], id=None, name=q.quantity.text, start=q.start, end=q.end)
        for q in quantities
    )
    days = (Entity(type="date", id=None, name=d.date.text, start=d.start, end=d.end) for d in dates)
    return tuple(sorted((*names, *numbers, *days), key=lambda e: (e.start, e.end, e.type)))
