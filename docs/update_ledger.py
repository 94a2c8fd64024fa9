"""Put what is decided elsewhere anew into docs/ledger.md: the link rules, and the columns of a claim for DuckDB.

.venv/bin/python docs/update_ledger.py
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

from pipeline.flat import duckdb_columns
from pipeline.ledger.rules import link_rules

PAGE = Path(__file__).parent / "ledger.md"


def updated(text: str) -> str:
    """The page with both parts anew."""
    rows = "\n".join(f"| `{row.rule}` | `{row.type}` | {row.says} |" for row in link_rules().values())
    table = f"| rule | type | what it says |\n|---|---|---|\n{rows}"
    text = re.sub(r"(?s)(<!-- links -->\n).*?(\n<!-- /links -->)", lambda found: found[1] + table + found[2], text)
    columns = ast.literal_eval(duckdb_columns())
    lines = "".join(f"\n        {name!r}: {type!r}," for name, type in columns.items()).replace("'", '"')
    lines = re.sub(r': "(.*)",', lambda found: ": '" + found[1] + "'," if '"' in found[1] else found[0], lines)
    return re.sub(
        r"(?s)columns=\{.*?\n?    \},|columns=\{\},", lambda _: "columns={" + lines + "\n    },", text, count=1
    )


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
