"""Parquet: every type of column, whatever a value holds, and the same bytes for the same rows."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow.parquet as parquet
import pytest

from pipeline.parquet import Field, write_parquet

FIELDS = (
    Field("text", "VARCHAR"), Field("number", "DOUBLE"), Field("count", "BIGINT"), Field("told", "BOOLEAN"),
    Field("day", "DATE"), Field("at", "TIMESTAMPTZ"),
)  # fmt: skip
DAY, AT = dt.date(2026, 3, 5), dt.datetime(2026, 3, 5, 8, tzinfo=dt.UTC)
ROWS = {
    "as they are": (("Łódź", 1.5, 3, True, DAY, AT), ("Łódź", 1.5, 3, True, DAY, AT)),
    "as ISO text": (("a", 2, 0, False, "2026-03-05", "2026-03-05T08:00:00Z"), ("a", 2.0, 0, False, DAY, AT)),
    "another zone": (("a", 2, 0, False, DAY, "2026-03-05T10:00:00+02:00"), ("a", 2.0, 0, False, DAY, AT)),
    "nothing": ((None,) * 6, (None,) * 6),
    "a list": ((["Łódź", 1], None, None, None, None, None), ('["Łódź", 1]', None, None, None, None, None)),
    "half a surrogate pair": (("a\ud800b", None, None, None, None, None), ("a?b", None, None, None, None, None)),
}


@pytest.mark.parametrize("case", ROWS)
def test_values_come_back(case: str, tmp_path: Path) -> None:
    row, expected = ROWS[case]
    table = parquet.read_table(write_parquet(tmp_path / "a.parquet", FIELDS, [row] * 1_234)).to_pylist()
    assert [tuple(each.values()) for each in table] == [expected] * 1_234


def test_the_same_rows_are_the_same_bytes_and_a_failure_leaves_nothing(tmp_path: Path) -> None:
    rows = [row for row, _ in ROWS.values()] * 300
    one, two = (write_parquet(tmp_path / name, FIELDS, iter(rows)).read_bytes() for name in ("1.parquet", "2.parquet"))
    assert one == two
    with pytest.raises(ValueError, match="Invalid isoformat"):
        write_parquet(tmp_path / "3.parquet", FIELDS, [("a", 1, 1, True, "no day", None)])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.parquet", "2.parquet"]


def test_a_table_without_rows_has_its_columns(tmp_path: Path) -> None:
    table = parquet.read_table(write_parquet(tmp_path / "a.parquet", FIELDS, []))
    assert table.column_names == [field.name for field in FIELDS]
