"""The ledger of the scenario's articles as the extractor reads them, against the expected one. Prints one JSON object.

    .venv/bin/python benchmarks/ledger_from_text.py

tests/test_ledger.py measures the ledger on hand-made claims of these articles; this measures extraction and ledger
together. Two assertions are the same with one subject, metric, phase, amount and end of date; two links with one type
and rule between such assertions.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipeline.clean.dates import parse_date
from pipeline.extractor import extract
from pipeline.ledger.store import Ledger
from pipeline.records import Claim, Page

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from ledger_cases import scenario


def pages() -> Iterable[Page]:
    """The articles of the scenario."""
    for row in scenario().articles:
        yield Page(
            source=row["id"], id=row["id"], title=row["title"], publisher=row["publisher"],
            content=f"{row['title']}\n\n{row['text']}", published=parse_date(row["day"]) if row["day"] else None,
        )  # fmt: skip


def told(claims: Iterable[Claim]) -> tuple[set[Any], set[Any]]:
    """Assertions and links of claims, as plain tuples."""
    with Ledger(Path(":memory:"), create=True) as ledger:
        ledger.add(claims, scenario().overrides)
        named = {
            row.assertion_id: (
                row.unit if row.kind == "agreement" else row.subject_key,
                row.metric,
                row.phase,
                row.value,
                row.due_end,
            )
            for row in ledger.assertions()
        }
        links = {
            (link.type, link.rule, named[link.source], named[link.target])
            for link in ledger.links()
            if link.type != "same_as"
        }
    return set(named.values()), links


def scores(found: set[Any], expected: set[Any]) -> dict[str, float]:
    hits = len(found & expected)
    precision, recall = hits / max(len(found), 1), hits / max(len(expected), 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    return {
        "found": len(found), "expected": len(expected), "precision": round(precision, 3), "recall": round(recall, 3),
        "f1": round(f1, 3),
    }  # fmt: skip


def main() -> None:
    """Measure and print."""
    results = list(extract(pages()))
    claims = [claim for result in results for claim in result.claims]
    assertions, links = told(claims)
    expected, expected_links = told(scenario().claims)
    if "--show" in sys.argv:
        for item in sorted(map(str, (assertions | links) ^ (expected | expected_links))):
            print("-" if item in map(str, expected | expected_links) else "+", item, file=sys.stderr)
    read = sum(result.article.disposition == "extracted" for result in results)
    print(json.dumps({
        "articles": len(results), "with_claims": read, "claims": len(claims), "claims_expected": len(scenario().claims),
        "assertions": scores(assertions, expected), "links": scores(links, expected_links),
    }, indent=2))  # fmt: skip


if __name__ == "__main__":
    main()
