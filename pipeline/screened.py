"""Extraction behind the screen: a page is read only as far as it shows what a claim needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.clean import clean
from pipeline.records import Article, ArticleRecord, Extraction, Page, Rejected
from pipeline.screen import article_could_hold_claim, prepare
from pipeline.settings import Settings
from pipeline.stream import build, internal_error

if TYPE_CHECKING:
    from pipeline.extractor import Pipeline


def screened(page: Page, reason: str, article: Article | None = None) -> Extraction:
    """The disposition of a page that shows none of what a claim needs; its text is not kept."""
    document = article.document if article else None
    record = ArticleRecord(source=page.source, document=document, disposition="irrelevant", reason=reason)
    return Extraction(article=record)


def extract_screened(page: Page, pipeline: Pipeline) -> Extraction:
    """Article and claims, as far as the page shows what a claim needs; bytes and lines were looked at before."""
    from pipeline.extractor import explain_article

    try:
        article = clean(page, pipeline.settings)
        if isinstance(article, Rejected):
            return Extraction.of_rejected(article)
        if not article_could_hold_claim(article):
            return screened(page, "screened_article", article)
        return explain_article(article, page.source, pipeline).extraction
    except MemoryError:
        raise
    except Exception as error:
        return internal_error(page, error)


def build_screened(compiled: bytes, settings: Settings) -> Pipeline:
    """The pipeline, with the screen's matcher as `pipeline.screen.prepared` gave it."""
    prepare(compiled)
    return build(settings)
