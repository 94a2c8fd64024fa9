"""A run is written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import made
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.records import ArticleRecord, Claim, Extraction
from pipeline.store import Summary, check_dispositions, line, write_claims, write_run

FILES = ["articles.jsonl", "claims.jsonl", "rejects.jsonl"]


def results() -> list[Extraction]:
    return [
        made.extraction(),
        made.dropped("empty.txt", "rejected", "empty", "There is no text."),
        made.dropped("cakes.html", "irrelevant", "off_topic", "No infrastructure."),
        made.dropped("again.html", "duplicate", "same_id", "Seen before."),
    ]


def broken() -> Iterator[Extraction]:
    yield made.extraction()
    raise RuntimeError("the power went")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_run_writes_three_files_and_counts(tmp_path: Path):
    out = tmp_path / "deep" / "out"
    summary = write_run(results(), out)
    assert summary == Summary(
        inputs=4, extracted=1, irrelevant=1, duplicate=1, rejected=1, claims=3, confirmed=1, aspirational=2
    )
    assert names(out) == FILES
    assert len((out / "claims.jsonl").read_text().splitlines()) == 3
    assert len((out / "articles.jsonl").read_text().splitlines()) == 4


def test_lines_are_the_records_as_they_print(tmp_path: Path):
    write_run(results(), tmp_path)
    lines = (tmp_path / "claims.jsonl").read_text(encoding="utf-8").splitlines()
    assert lines == [claim.to_json() for claim in made.claims()]
    assert [Claim.model_validate_json(text) for text in lines] == list(made.claims())


def test_rejects_say_source_id_url_reason_message(tmp_path: Path):
    named = made.dropped("page.html", "rejected", "too_large", "More than 10 MB.")
    known = named.article.model_copy(update={"document": made.document("d1", url="https://example.org/d1")})
    write_run([*results(), Extraction(article=known)], tmp_path)
    rejects = [json.loads(text) for text in (tmp_path / "rejects.jsonl").read_text().splitlines()]
    assert rejects == [
        {"source": "empty.txt", "id": None, "url": None, "reason": "empty", "message": "There is no text."},
        {
            "source": "page.html", "id": "d1", "url": "https://example.org/d1", "reason": "too_large",
            "message": "More than 10 MB.",
        },
    ]  # fmt: skip


def test_a_failed_run_leaves_nothing(tmp_path: Path):
    with pytest.raises(RuntimeError, match="the power went"):
        write_run(broken(), tmp_path / "out")
    assert names(tmp_path / "out") == []


def test_a_failed_run_leaves_the_earlier_one(tmp_path: Path):
    write_run(results(), tmp_path)
    before = {name: (tmp_path / name).read_bytes() for name in FILES}
    with pytest.raises(RuntimeError):
        write_run(broken(), tmp_path)
    assert {name: (tmp_path / name).read_bytes() for name in names(tmp_path)} == before


def test_nothing_has_its_name_before_all_is_written(tmp_path: Path):
    def watching() -> Iterator[Extraction]:
        for result in results():
            assert not set(names(tmp_path)) & set(FILES)
            yield result

    write_run(watching(), tmp_path)
    assert names(tmp_path) == FILES


def test_claims_alone_go_to_one_file(tmp_path: Path):
    summary = write_claims(results(), tmp_path / "new" / "claims.jsonl")
    assert summary.claims == 3
    assert names(tmp_path / "new") == ["claims.jsonl"]


def test_claims_file_is_absent_after_a_failure(tmp_path: Path):
    with pytest.raises(RuntimeError):
        write_claims(broken(), tmp_path / "claims.jsonl")
    assert names(tmp_path) == []


def test_an_undecodable_file_name_is_written_as_its_escape():
    record = made.dropped("caf\udce9.html", "rejected", "empty", "There is no text.").article
    written = line(record)
    assert json.loads(written)["source"] == r"caf\udce9.html"
    assert ArticleRecord.model_validate_json(written) == record


@given(st.text())
def test_every_text_survives_a_line(text: str):
    written = line(made.dropped(text, "rejected", "r", text).article)
    assert written.count(b"\n") == 1
    assert json.loads(written)["source"] == text


@pytest.mark.parametrize(
    ("inputs", "disposed", "problems"),
    [
        ([], [], []),
        (["a", "b"], ["a", "b"], []),
        (["a", "b"], ["b", "a"], []),
        (["a", "a"], ["a", "a"], []),
        (["a", "b"], ["a"], ["b: 0 dispositions for 1 inputs"]),
        (["a"], ["a", "a"], ["a: 2 dispositions for 1 inputs"]),
        (["a", "a"], ["a"], ["a: 1 dispositions for 2 inputs"]),
        (["a"], ["a", "x"], ["x: 1 dispositions for 0 inputs"]),
        (["a", "b"], ["x", "a"], ["b: 0 dispositions for 1 inputs", "x: 1 dispositions for 0 inputs"]),
    ],
)
def test_dispositions(inputs: list[str], disposed: list[str], problems: list[str]):
    assert check_dispositions(inputs, disposed) == problems


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_no_problem_means_the_same_sources_as_often(inputs: list[str], disposed: list[str]):
    assert (check_dispositions(inputs, disposed) == []) == (sorted(inputs) == sorted(disposed))
