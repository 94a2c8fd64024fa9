"""The records that cross every boundary of the pipeline.

All are frozen pydantic models without behaviour that depends on anything but their fields. The order of the
fields is the order of the keys in the JSONL; field names and meanings are public (docs/records.md).
Offsets count Unicode code points into `Article.text`; `text[start:end]` is the thing itself.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

SCHEMA_VERSION = "1.0"

UnitKind = Literal["power", "energy"]
"""What the units of lexicon/units.toml measure. A new kind is named here and gets its units there."""
QuantityKind = Literal["accelerators", UnitKind, "investment"]
Kind = Literal[QuantityKind, "agreement", "milestone"]
Event = Literal[
    "announced", "permitted", "construction_started", "construction_completed", "energized", "delivered", "operational",
    "workload_started", "expanded", "delayed", "paused", "cancelled", "decommissioned",
]  # fmt: skip
Label = Literal["confirmed", "aspirational"]
Realization = Literal["realized", "planned", "possible", "negated"]
Certainty = Literal["asserted", "hedged"]
PowerRole = Literal["load", "generation", "grid", "storage"]
Relation = Literal["eq", "approx", "ge", "gt", "le", "lt", "range"]
DateRelation = Literal["on", "by", "before", "since", "after", "from"]
Grain = Literal["day", "week", "month", "quarter", "half", "season", "part_of_year", "year", "decade", "span"]
PartyRole = Literal["supplier", "customer", "developer", "owner", "operator", "investor", "utility", "party"]
SubjectType = Literal["company", "cluster", "programme", "person", "place", "other"]
AttributionType = Literal["person", "company", "publication", "document", "anonymous"]
EntityType = Literal[
    "company", "cluster", "programme", "person", "place", "publication", "accelerator",
    "accelerator_count", UnitKind, "money", "date",
]  # fmt: skip
Disposition = Literal["extracted", "irrelevant", "duplicate", "rejected"]


class Record(BaseModel):
    """Base of all records: frozen, and closed to unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_json(self) -> str:
        """One line of JSON: keys in field order, nulls kept, non-ASCII as it is."""
        return json.dumps(self.model_dump(mode="json"), ensure_ascii=False, separators=(",", ":"))


def content_hash(*parts: Any) -> str:
    """128-bit hex digest of JSON-serialisable parts, the same on every machine and in every process."""
    blob = json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(blob.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _writable(name: str) -> str:
    """A file name that is no UTF-8 as text that any file and any reader of JSON takes: its odd bytes as escapes."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


Name = Annotated[str, AfterValidator(_writable)]


class Page(Record):
    """One input as it arrived: bytes or decoded text, and whatever its container told about it."""

    source: Name
    """Where it came from, for messages: a path, `path:line`, `<stdin>`."""
    content: bytes | str
    media_type: Literal["html", "markdown", "text"] | None = None
    """What the container says the content is; None lets the cleaner look."""
    charset: str | None = None
    """The encoding that the container names (the header of an HTTP reply), for content that does not name its own."""
    id: str | None = None
    url: str | None = None
    title: str | None = None
    publisher: str | None = None
    author: str | None = None
    published: dt.date | None = None
    retrieved: dt.datetime | None = None
    otherwise_url: str | None = None
    otherwise_published: dt.date | None = None
    """Address and day for content that tells none itself."""


class Document(Record):
    """What a claim says of the article it comes from."""

    id: str
    url: str | None = None
    title: str | None = None
    publisher: str | None = None
    author: str | None = None
    published: dt.date | None = None
    retrieved: dt.datetime | None = None
    text_sha256: str


class Article(Record):
    """A cleaned article. Every offset of every record points into `text`, whose first line is the title if any."""

    document: Document
    text: str
    cleaner: str
    """The path that produced the text, e.g. `html.trafilatura`, `html.fallback`, `markdown`, `text`."""


class Rejected(Record):
    """A page that yields no article, with the reason as a stable code and as a sentence for a person."""

    source: Name
    reason: str
    message: Name
    document: Document | None = None


class Spanned(Record):
    """Base of everything that stands somewhere: `start` and `end` bound a half-open stretch of the article text."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        start, end = int(getattr(self, "start")), int(getattr(self, "end"))  # noqa: B009  # subclasses place the fields
        if not 0 <= start <= end:
            raise ValueError(f"not a span: {start}..{end}")
        return self


class Entity(Spanned):
    """A named mention. `id` is a gazetteer id, or null for a thing that is not in it."""

    type: EntityType
    id: str | None = None
    name: str
    start: int
    end: int


class Quantity(Record):
    """A number with its meaning. `value` is null where only bounds are known; an open bound is null.

    Units: `accelerator` (AI chips), `MW`, `MWh`, or an ISO 4217 code. `value` counts everything: two halls of
    150 MW each have `count` 2, `each` 150, `value` 300.
    """

    text: str
    value: float | None = None
    min: float | None = None
    max: float | None = None
    unit: str
    relation: Relation = "eq"
    role: PowerRole | None = None
    chip: str | None = None
    count: float | None = None
    each: float | None = None
    incremental: bool = False
    vague: bool = False
    period: str | None = None


class QuantityMention(Spanned):
    """A quantity and where it stands."""

    start: int
    end: int
    kind: QuantityKind
    quantity: Quantity


class DateRange(Record):
    """A date as an inclusive interval; `start` and `end` are null where it could not be resolved."""

    text: str
    start: dt.date | None = None
    end: dt.date | None = None
    grain: Grain
    relation: DateRelation = "on"
    fiscal: bool = False


class DateMention(Spanned):
    """A date and where it stands. The span covers the relation word ("by 2027")."""

    start: int
    end: int
    date: DateRange


class Cue(Spanned):
    """A stretch of text that set a facet, with the rule that read it so."""

    text: str
    start: int
    end: int
    facet: Literal["realization", "certainty"]
    value: str
    rule: str


class Subject(Record):
    """The thing that a claim is about, as the text names it and as the gazetteer knows it."""

    id: str | None = None
    name: str
    type: SubjectType
    text: str


class Party(Record):
    """One side of an agreement."""

    role: PartyRole
    id: str | None = None
    name: str
    type: SubjectType
    text: str


class Attribution(Record):
    """Who vouches for the claim inside the text."""

    name: str | None = None
    id: str | None = None
    type: AttributionType
    verb: str | None = None


class Evidence(Spanned):
    """A passage that carries the claim: its spans by part, and the cues that decided."""

    text: str | None
    start: int
    end: int
    spans: dict[str, tuple[int, int]] = {}
    cues: tuple[Cue, ...] = ()


class Extractor(Record):
    """The exact program that wrote a claim: two runs with one fingerprint give identical output."""

    name: str = "infraclaims"
    version: str
    model: str
    fingerprint: str


class Claim(Record):
    """One thing that an article puts forward about AI computing infrastructure."""

    schema_version: str = SCHEMA_VERSION
    claim_id: str
    kind: Kind
    event: Event | None = None
    label: Label
    realization: Realization
    certainty: Certainty
    confidence: float = Field(ge=0, le=1)
    subject: Subject | None = None
    parties: tuple[Party, ...] = ()
    quantity: Quantity | None = None
    date: DateRange | None = None
    attribution: Attribution | None = None
    evidence: tuple[Evidence, ...]
    document: Document
    extractor: Extractor


class ArticleRecord(Record):
    """What a run stores of one input: its document, text and entities, and its one disposition."""

    schema_version: str = SCHEMA_VERSION
    source: Name
    document: Document | None = None
    disposition: Disposition
    reason: str | None = None
    message: Name | None = None
    cleaner: str | None = None
    text: str | None = None
    entities: tuple[Entity, ...] = ()


class Extraction(Record):
    """The outcome for one page: its article record and its claims, in reading order."""

    article: ArticleRecord
    claims: tuple[Claim, ...] = ()

    @classmethod
    def of_rejected(cls, rejected: Rejected) -> Self:
        """The extraction of a page that gave no article."""
        record = ArticleRecord(
            source=rejected.source,
            document=rejected.document,
            disposition="rejected",
            reason=rejected.reason,
            message=rejected.message,
        )
        return cls(article=record)


class CueMention(Spanned):
    """A cue where it stands and the stretch of text that it governs."""

    text: str
    start: int
    end: int
    facet: str
    value: str
    rule: str
    scope: tuple[int, int]


class Explanation(Record):
    """Everything that was found in one page, for a person who asks why a claim says what it says."""

    extraction: Extraction
    sentences: tuple[tuple[int, int], ...] = ()
    quantities: tuple[QuantityMention, ...] = ()
    dates: tuple[DateMention, ...] = ()
    cues: tuple[CueMention, ...] = ()
