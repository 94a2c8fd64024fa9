"""The published schemas and the reference are those of the models."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import made
import pytest

from pipeline import records
from pipeline.schema import NAMES, SchemaName, json_schema, schema_text
from pipeline.store import line

DOCS = Path(__file__).parent.parent / "docs"


@pytest.mark.parametrize("name", NAMES)
def test_published_schema_is_current(name: SchemaName):
    assert (DOCS / "schema" / f"{name}.schema.json").read_text(encoding="utf-8") == schema_text(name), (
        "run: make schema"
    )


@pytest.mark.parametrize("name", NAMES)
def test_schema_is_a_valid_schema(name: SchemaName):
    jsonschema.Draft202012Validator.check_schema(json_schema(name))


def valid(name: SchemaName, record: dict[str, Any]) -> bool:
    return jsonschema.Draft202012Validator(json_schema(name)).is_valid(record)


@pytest.mark.parametrize("claim", made.claims(), ids=lambda claim: claim.kind)
def test_claims_validate(claim: records.Claim):
    assert valid("claim", json.loads(line(claim)))


@pytest.mark.parametrize(
    "result", [made.extraction(), made.dropped("a", "rejected", "empty", "Nothing.")], ids=["extracted", "rejected"]
)
def test_articles_validate(result: records.Extraction):
    assert valid("article", json.loads(line(result.article)))


@pytest.mark.parametrize("field", records.Claim.model_fields)
def test_a_field_left_out_is_invalid(field: str):
    record = json.loads(line(made.claims()[0]))
    del record[field]
    assert not valid("claim", record)


def test_a_wrong_label_and_an_unknown_field_are_invalid():
    record = json.loads(line(made.claims()[0]))
    assert not valid("claim", {**record, "label": "likely"})
    assert not valid("claim", {**record, "score": 1})


def updater() -> ModuleType:
    spec = importlib.util.spec_from_file_location("update_records", DOCS / "update_records.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def documented() -> set[str]:
    """The records that have a table of fields in docs/records.md."""
    sections = re.split(r"^## ", (DOCS / "records.md").read_text(encoding="utf-8"), flags=re.M)[1:]
    return {section.split("\n", 1)[0].strip() for section in sections if "| field |" in section}


def test_the_reference_has_every_field_with_its_type_and_a_meaning():
    page = (DOCS / "records.md").read_text(encoding="utf-8")
    assert updater().updated(page) == page, "run: make schema"
    assert not re.search(r"^\| `\w+` \|.*\|\s*\|$", page, flags=re.M), "a field without a meaning"


def test_the_reference_has_no_section_of_a_record_that_is_not_written():
    assert documented() == set(updater().WRITTEN)
