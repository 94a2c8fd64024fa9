"""Writes the expected claims of the golden articles anew. Read its diff line by line against the articles.

python tests/golden/update.py
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from pipeline import Page, build, extract_page

HERE = Path(__file__).parent
ARTICLES = sorted(path for path in HERE.iterdir() if path.suffix in {".html", ".md", ".txt"})
MASKED = {"version": "-", "fingerprint": "-"}


def expected(article: Path) -> Path:
    """The file that holds the claims of an article."""
    return article.with_suffix(".jsonl")


def extracted() -> Iterator[tuple[Path, str]]:
    """Each golden article with its claims as JSONL, without what changes with every version."""
    pipeline = build()
    for article in ARTICLES:
        claims = extract_page(Page(source=article.name, content=article.read_bytes()), pipeline).claims
        records = [json.loads(claim.to_json()) for claim in claims]
        for record in records:
            record["extractor"] |= MASKED
        yield article, "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


if __name__ == "__main__":
    for article, lines in extracted():
        expected(article).write_text(lines, encoding="utf-8")
