"""infraclaims: structured, labelled, traceable claims from news about AI infrastructure.

    from pipeline import Page, extract

`extract` takes pages and yields one `Extraction` for each; `build` and `extract_page` do the same with a pipeline that
is kept. Records are importable from here; everything heavy is loaded on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from pipeline.records import ArticleRecord, Claim, Extraction, Page, Rejected
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pipeline.claim_files import read_claims
    from pipeline.extractor import build, explain_page, extract, extract_page
    from pipeline.nlp import COMPONENTS, add_components

__all__ = [
    "COMPONENTS",
    "ArticleRecord",
    "Claim",
    "Extraction",
    "Page",
    "Rejected",
    "Settings",
    "add_components",
    "build",
    "explain_page",
    "extract",
    "extract_page",
    "read_claims",
]

_LAZY = {
    "build": "pipeline.extractor",
    "explain_page": "pipeline.extractor",
    "extract": "pipeline.extractor",
    "extract_page": "pipeline.extractor",
    "read_claims": "pipeline.claim_files",
    "COMPONENTS": "pipeline.nlp",
    "add_components": "pipeline.nlp",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        value = getattr(importlib.import_module(_LAZY[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
