"""Put the example record of README.md anew: one claim of a sample article, as the program writes it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from pipeline.extractor import build, extract_page
from pipeline.settings import Settings
from pipeline.sources.files import read_paths

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
SAMPLE = "corpus/samples/wire-larkspur-juniper-basin.html"
QUANTITY = "1.4 GW"
BLOCK = re.compile(r"(<!-- record -->\n```json\n)(.*?)(\n```\n<!-- /record -->)", re.DOTALL)


def example() -> dict[str, Any]:
    """The claim, as one line of `claims.jsonl` reads; its fingerprint, which every change of code changes, cut."""
    (page,) = read_paths([str(ROOT / SAMPLE)], Settings())
    claims = extract_page(page, build(Settings())).claims
    (claim,) = (claim for claim in claims if claim.quantity and claim.quantity.text == QUANTITY)
    record = json.loads(claim.to_json())
    record["extractor"]["fingerprint"] = "…"
    return record


def layout(record: dict[str, Any]) -> str:
    """One key a line, what is inside it on that line."""
    lines = (f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in record.items())
    return "{\n" + ",\n".join(lines) + "\n}"


def main() -> None:
    """Rewrite README.md in place."""
    text = README.read_text(encoding="utf-8")
    README.write_text(BLOCK.sub(lambda found: found[1] + layout(example()) + found[3], text), encoding="utf-8")


if __name__ == "__main__":
    main()
