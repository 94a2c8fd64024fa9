"""The JSON Schema of the records, generated from the models (`docs/schema/` holds the published copies)."""

from __future__ import annotations

import json
from typing import Any, Literal, get_args

from pipeline.records import SCHEMA_VERSION, ArticleRecord, Claim

SchemaName = Literal["claim", "article"]
NAMES: tuple[SchemaName, ...] = get_args(SchemaName)


def json_schema(name: SchemaName) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a line of `claims.jsonl` or `articles.jsonl`; every field is required."""
    model = {"claim": Claim, "article": ArticleRecord}[name]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:infraclaims:{name}:{SCHEMA_VERSION}",
        **model.model_json_schema(mode="serialization"),
    }


def schema_text(name: SchemaName) -> str:
    """The schema as it is printed and published: indented, with a final newline."""
    return json.dumps(json_schema(name), indent=2, ensure_ascii=False) + "\n"
