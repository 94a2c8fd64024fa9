"""A ledger as files: JSON Lines of its records, Parquet tables, and the SQL of views over them for DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

from pipeline.flat import flat_row
from pipeline.ledger.records import Assertion, Link, Step
from pipeline.ledger.store import Ledger
from pipeline.parquet import Field, fields_of, write_parquet
from pipeline.store import line, replacing
from pipeline.tables import claim_fields

TABLES = ("claims", "assertions", "links", "history")
VIEWS = "views.sql"


def export_jsonl(ledger: Ledger, out: Path) -> list[Path]:
    """Write `claims.jsonl` (as they came), `assertions.jsonl`, `links.jsonl` and `history.jsonl` into the folder."""
    out.mkdir(parents=True, exist_ok=True)
    paths = [out / f"{name}.jsonl" for name in TABLES]
    with replacing(paths) as files:
        for file, records in zip(files, _records(ledger), strict=True):
            file.writelines(map(line, records))
    return paths


def _records(ledger: Ledger) -> tuple[Iterator[Any], ...]:
    return ledger.claims(), ledger.assertions(), ledger.links(), ledger.history()


def export_parquet(ledger: Ledger, out: Path) -> list[Path]:
    """Write the same as Parquet with flat columns, and `views.sql`; needs pyarrow.

    Claims have the columns of `pipeline.flat`, `excluded` (the correction that calls the claim wrong) and `overrides`
    (the corrections of its names). Dates are DATE; lists (`parties`, `voices`, `claims`, `overrides`) are JSON text.
    """
    out.mkdir(parents=True, exist_ok=True)
    excluded, corrected = ledger.excluded(), ledger.corrected()
    claims = (
        (*flat_row(claim), excluded.get(claim.claim_id), corrected.get(claim.claim_id, "[]"))
        for claim in ledger.claims()
    )
    own = (Field("excluded", "VARCHAR"), Field("overrides", "VARCHAR"))
    fields = (*claim_fields(), *own)
    paths = [write_parquet(out / "claims.parquet", fields, claims)]
    for name, model, records in zip(TABLES[1:], (Assertion, Link, Step), _records(ledger)[1:], strict=True):
        rows = (tuple(record.model_dump(mode="json").values()) for record in records)
        paths.append(write_parquet(out / f"{name}.parquet", fields_of(model), rows))
    views = resources.files("pipeline.ledger") / VIEWS
    with replacing([out / VIEWS]) as (file,):
        file.write(views.read_bytes())
    return [*paths, out / VIEWS]
