"""The JSON Schema of the records, generated from the models (`docs/schema/` holds the published copies)."""

from __future__ import annotations

import json
from typing import Any, Literal, get_args

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from pipeline.records import SCHEMA_VERSION, ArticleRecord, Claim

SchemaName = Literal["claim", "article"]
NAMES: tuple[SchemaName, ...] = get_args(SchemaName)


class _AsWritten(GenerateJsonSchema):
    """The schema of what is written: an unknown value is null and never left out, so every field is required."""

    def field_is_required(
        self,
        field: core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField,  # noqa: ARG002
        total: bool,  # noqa: ARG002
    ) -> bool:
        return True

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False


def json_schema(name: SchemaName) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a line of `claims.jsonl` or `articles.jsonl`; every field is required."""
    model = {"claim": Claim, "article": ArticleRecord}[name]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:infraclaims:{name}:{SCHEMA_VERSION}",
        **model.model_json_schema(mode="serialization", schema_generator=_AsWritten),
    }


def schema_text(name: SchemaName) -> str:
    """The schema as it is printed and published: indented, with a final newline."""
    return json.dumps(json_schema(name), indent=2, ensure_ascii=False) + "\n"
