"""Whole articles with all their claims, each line read against the text by a person before it was kept."""

from __future__ import annotations

import json

import pytest
from golden import update


@pytest.fixture(scope="module")
def extracted() -> dict[str, str]:
    return {article.name: lines for article, lines in update.extracted()}


@pytest.mark.parametrize("article", update.ARTICLES, ids=lambda path: path.name)
def test_golden(article, extracted) -> None:
    wanted = [json.loads(line) for line in update.expected(article).read_text("utf-8").splitlines()]
    found = [json.loads(line) for line in extracted[article.name].splitlines()]
    assert found == wanted, (
        f"{article.name} gives other claims. If they are right, run `python tests/golden/update.py`, and read its diff "
        "line by line against the article before you commit it; if not, mend the rules."
    )
    assert wanted


def test_every_format_is_there() -> None:
    assert [article.suffix for article in update.ARTICLES] == [".md", ".html", ".txt"]
