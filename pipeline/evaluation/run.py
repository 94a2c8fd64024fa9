"""From a folder of gold and a run's records to results."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from pipeline.evaluation.gold import GoldArticle
from pipeline.evaluation.scoring import Result, compare
from pipeline.records import ArticleRecord, Claim, Document, Extraction


class UnansweredError(ValueError):
    """Gold without an article: its ids are named."""


def of_extractions(gold: Mapping[str, GoldArticle], extractions: Iterable[Extraction]) -> list[Result]:
    """One result for each gold article, in the order of its ids. Raises `UnansweredError`."""
    found: dict[str, Result] = {}
    for extraction in extractions:
        names = _names(extraction.article)
        key = next((name for name in names if name in gold), None)
        if key:
            words = len((extraction.article.text or "").split())
            found[key] = compare(gold[key], extraction.claims, words)
    missing = sorted(set(gold) - set(found))
    if missing:
        raise UnansweredError(f"no article for {len(missing)} gold files: {', '.join(missing[:8])}")
    return [found[key] for key in sorted(found)]


def of_claims(gold: Mapping[str, GoldArticle], claims: Iterable[Claim]) -> list[Result]:
    """The same from claim records alone: an article without any has made none, and its words are not counted."""
    by_article: defaultdict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        key = next((name for name in _document_names(claim.document) if name in gold), None)
        if key:
            by_article[key].append(claim)
    return [compare(gold[key], by_article[key]) for key in sorted(gold)]


def _names(article: ArticleRecord) -> list[str]:
    names = _document_names(article.document) if article.document else []
    return [*names, Path(article.source).stem]


def _document_names(document: Document) -> list[str]:
    """What a gold file may call a document: its id, or the last part of its address without suffix."""
    path = re.sub(r"^[a-z]+://[^/?#]*|[?#].*$", "", document.url or "", flags=re.IGNORECASE | re.DOTALL)
    return [document.id, *([PurePosixPath(path).stem] if document.url else [])]
