"""Records made by hand, so that what shows and stores them is tested apart from what finds them."""

from __future__ import annotations

import datetime as dt

from pipeline.records import (
    Article,
    ArticleRecord,
    Attribution,
    Claim,
    Cue,
    CueMention,
    DateMention,
    DateRange,
    Document,
    Entity,
    Evidence,
    Explanation,
    Extraction,
    Extractor,
    Party,
    Quantity,
    QuantityMention,
    Subject,
    content_hash,
)

TITLE = "Northwind AI opens Granite"
TEXT = (
    f"{TITLE}\n\n"
    "Northwind AI said its Granite campus in Ohio now runs 96,000 H200s, and that it plans to add 1.1 GW "
    "by the end of 2028.\n"
    "Harbour Cloud has reportedly signed a lease with Northwind AI."
)


def span(words: str, text: str = TEXT) -> tuple[int, int]:
    start = text.index(words)
    return start, start + len(words)


def document(
    id: str = "granite", *, title: str | None = TITLE, url: str | None = "https://example.org/granite"
) -> Document:
    return Document(
        id=id,
        url=url,
        title=title,
        publisher="Example Wire",
        published=dt.date(2026, 3, 5),
        text_sha256=content_hash(TEXT),
    )


def cue(words: str, facet: str, value: str, rule: str) -> Cue:
    start, end = span(words)
    return Cue.model_validate({"text": words, "start": start, "end": end, "facet": facet, "value": value, "rule": rule})


def claim(**fields: object) -> Claim:
    base: dict[str, object] = {
        "claim_id": "0" * 32,
        "kind": "power",
        "label": "confirmed",
        "realization": "realized",
        "certainty": "asserted",
        "confidence": 0.9,
        "evidence": (),
        "document": document(),
        "extractor": Extractor(version="0.1.0", model="none", fingerprint="f"),
    }
    return Claim.model_validate({**base, **fields})


def claims() -> tuple[Claim, ...]:
    granite = Subject(id="site:granite", name="Granite", type="cluster", text="its Granite campus in Ohio")
    said = Attribution(name="Northwind AI", id="org:northwind-ai", type="company", verb="said")
    first = TEXT.index("Northwind AI said"), TEXT.index("\nHarbour")
    second = TEXT.index("Harbour Cloud has"), len(TEXT)

    def evidence(bounds: tuple[int, int], *cues: Cue, **spans: tuple[int, int]) -> Evidence:
        return Evidence(text=TEXT[slice(*bounds)], start=bounds[0], end=bounds[1], spans=spans, cues=cues)

    return (
        claim(
            claim_id="a" * 32, kind="accelerators", subject=granite, attribution=said,
            quantity=Quantity(text="96,000 H200s", value=96000, min=96000, max=96000, unit="accelerator",
                              chip="chip:h200"),
            evidence=(evidence(first, quantity=span("96,000 H200s"), subject=span("its Granite campus in Ohio")),),
        ),
        claim(
            claim_id="b" * 32, label="aspirational", realization="planned", subject=granite, attribution=said,
            quantity=Quantity(text="1.1 GW", value=1100, min=1100, max=1100, unit="MW", role="load", incremental=True),
            date=DateRange(
                text="by the end of 2028", start=dt.date(2028, 9, 1), end=dt.date(2028, 12, 31), grain="part_of_year",
                relation="by",
            ),
            evidence=(
                evidence(
                    first, cue("plans to", "realization", "planned", "intent.plan"), quantity=span("1.1 GW"),
                    date=span("by the end of 2028"),
                ),
            ),
        ),
        claim(
            claim_id="c" * 32, kind="agreement", label="aspirational", certainty="hedged",
            subject=Subject(name="Harbour Cloud", type="company", text="Harbour Cloud"),
            parties=(
                Party(role="customer", name="Harbour Cloud", type="company", text="Harbour Cloud"),
                Party(role="supplier", name="Northwind AI", type="company", text="Northwind AI"),
            ),
            evidence=(
                evidence(
                    second, cue("reportedly", "certainty", "hedged", "rumour.reportedly"),
                    cue("signed", "realization", "realized", "deal.signed"),
                ),
            ),
        ),
    )  # fmt: skip


def extraction(source: str = "granite.html", id: str = "granite") -> Extraction:
    northwind, granite = span("Northwind AI said"), span("Granite campus")
    return Extraction(
        article=ArticleRecord(
            source=source, document=document(id), disposition="extracted", cleaner="text", text=TEXT,
            entities=(
                Entity(
                    type="company", id="org:northwind-ai", name="Northwind AI",
                    start=northwind[0], end=northwind[0] + 12,
                ),
                Entity(type="cluster", name="Granite", start=granite[0], end=granite[0] + 7),
            ),
        ),
        claims=claims(),
    )  # fmt: skip


def dropped(source: str, disposition: str, reason: str, message: str) -> Extraction:
    return Extraction(
        article=ArticleRecord.model_validate(
            {"source": source, "disposition": disposition, "reason": reason, "message": message}
        )
    )


def explanation() -> Explanation:
    start, end = span("96,000 H200s")
    gigawatt, due, plan = span("1.1 GW"), span("by the end of 2028"), span("plans to")
    first, second = claims()[0].quantity, claims()[1].quantity
    date = claims()[1].date
    assert first
    assert second
    assert date
    return Explanation(
        extraction=extraction(),
        sentences=((0, len(TITLE)),),
        quantities=(
            QuantityMention(start=start, end=end, kind="accelerators", quantity=first),
            QuantityMention(start=gigawatt[0], end=gigawatt[1], kind="power", quantity=second),
        ),
        dates=(DateMention(start=due[0], end=due[1], date=date),),
        cues=(
            CueMention(
                text="plans to", start=plan[0], end=plan[1], facet="realization", value="planned", rule="intent.plan",
                scope=(plan[0], due[1]),
            ),
        ),
    )  # fmt: skip


def article(text: str) -> Article:
    return Article(document=document(), text=text, cleaner="text")
