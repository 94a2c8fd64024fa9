"""The components in a user's own spaCy pipeline, and the composition around them."""

from __future__ import annotations

import ast
import datetime as dt
import os
import random
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc

from pipeline import COMPONENTS, Page, add_components, build, extract_page
from pipeline.extractor import Pipeline, extract
from pipeline.nlp import make_doc

ROOT = Path(__file__).parent.parent
TEXT = "CoreWeave plans to add 40 MW at its Tarn data center by 2028. It now operates 250,000 GPUs."
BARE = {
    "__init__", "components/__init__", "ingest/__init__", "sources/__init__", "ledger/__init__", "report/__init__",
    "signals/__init__",
}  # fmt: skip
FOUND = ("infraclaims_entities", "infraclaims_quantities", "infraclaims_dates", "infraclaims_cues", "infraclaims_parse")


@cache
def pipeline() -> Pipeline:
    return build()


@cache
def own_nlp() -> Language:
    nlp = spacy.blank("en")
    for name in COMPONENTS:
        nlp.add_pipe(name)
    return nlp


def findings(doc: Doc) -> dict[str, list[dict[str, object]]]:
    return {name: list(doc._.get(name)) for name in FOUND}


def test_components_work_by_name_in_a_blank_pipeline() -> None:
    doc = own_nlp()(TEXT)
    found = findings(doc)
    assert [TEXT[e["start"] : e["end"]] for e in found["infraclaims_entities"]][:1] == ["CoreWeave"]  # pyright: ignore
    assert [q["quantity"]["unit"] for q in found["infraclaims_quantities"]] == ["MW", "accelerator"]  # pyright: ignore
    assert [d["date"]["text"] for d in found["infraclaims_dates"]] == ["by 2028"]  # pyright: ignore
    assert {"intent.plan"} <= {c["rule"] for c in found["infraclaims_cues"]}
    assert [sentence.text for sentence in doc.sents] == [TEXT[:61], TEXT[62:]]


def test_findings_survive_serialisation() -> None:
    nlp = own_nlp()
    doc = nlp(make_doc(nlp, TEXT, dt.date(2026, 3, 5)))
    again = Doc(nlp.vocab).from_bytes(doc.to_bytes())
    assert again.text == TEXT
    assert findings(again) == findings(doc)
    assert again._.published == "2026-03-05"


def test_a_stream_of_docs_gives_what_one_doc_gives() -> None:
    nlp = own_nlp()
    texts = [TEXT, "", "It draws 40 MW next year.", TEXT.upper()]
    docs = [make_doc(nlp, text, dt.date(2026, 3, 5)) for text in texts]
    streamed = [findings(doc) for doc in nlp.pipe(docs, batch_size=2)]
    assert streamed == [findings(nlp(make_doc(nlp, text, dt.date(2026, 3, 5)))) for text in texts]


def test_relative_dates_need_the_publication_date() -> None:
    nlp = own_nlp()
    dated, undated = (
        nlp(make_doc(nlp, "It opens next year.", day))._.infraclaims_dates[0]["date"]
        for day in (dt.date(2026, 3, 5), None)
    )
    assert (dated["start"], dated["end"]) == ("2027-01-01", "2027-12-31")
    assert undated["start"] is None


def test_a_pipeline_can_be_written_and_loaded(tmp_path: Path) -> None:
    own_nlp().to_disk(tmp_path / "nlp")
    again = spacy.load(tmp_path / "nlp")
    assert again.pipe_names == list(COMPONENTS)
    assert findings(again(TEXT)) == findings(own_nlp()(TEXT))


def test_add_components_keeps_what_is_there_and_its_own_order() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    assert add_components(nlp).pipe_names == ["sentencizer", *COMPONENTS]
    assert add_components(nlp).pipe_names == ["sentencizer", *COMPONENTS]


def test_the_wrong_order_is_an_error_that_names_the_component() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("infraclaims_cues")
    with pytest.raises(ValueError, match=r"wrong order: infraclaims_cues: token\.is_sent_start"):
        add_components(nlp)


def run_python(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return done.stdout


def test_extract_is_a_function_whatever_was_imported_before() -> None:
    code = "import pipeline.extractor; from pipeline import extract; import pipeline; print(extract, pipeline.extract)"
    printed = run_python(code)
    assert printed.count("<function extract at ") == 2


PROGRAM = """
from pipeline import Page, extract
pages = [Page(source=str(number), id=str(number), content=text) for number, text in {texts!r}]
print("\\n".join(sorted(claim.to_json() for result in extract(pages) for claim in result.claims)))
"""


def test_output_does_not_hang_on_order_time_zone_or_hash_seed() -> None:
    texts = [
        (0, TEXT),
        (1, "Nebius opened its Tarn data center on Tuesday. It draws 90 MW."),
        (2, "Meta signed a GPU deal with CoreWeave, Nebius and Oracle."),
    ]
    first = run_python(PROGRAM.format(texts=texts), TZ="Pacific/Kiritimati", PYTHONHASHSEED="1")
    second = run_python(PROGRAM.format(texts=texts[::-1]), TZ="America/Adak", PYTHONHASHSEED="2")
    assert first == second
    assert first.count("\n") >= 5


def test_one_article_reads_the_same_alone_and_after_others() -> None:
    paths = sorted((ROOT / "corpus" / "samples").glob("wire*.html"))
    pages = [Page(source=str(path), content=path.read_bytes()) for path in paths]
    alone = {page.source: extract_page(page, pipeline()) for page in pages}
    shuffled = pages[:]
    random.Random(3).shuffle(shuffled)
    assert {page.source: extract_page(page, pipeline()) for page in shuffled} == alone


def test_the_second_page_of_an_id_is_a_duplicate() -> None:
    pages = [Page(source=name, id="x", content=TEXT) for name in ("first", "second")]
    first, second = list(extract(pages))
    assert first.article.disposition == "extracted"
    assert (second.article.disposition, second.article.reason, second.claims) == ("duplicate", "same_id", ())
    assert "first" in (second.article.message or "")


def modules() -> dict[str, Path]:
    paths = sorted((ROOT / "pipeline").rglob("*.py"))
    names = {str(path.relative_to(ROOT / "pipeline").with_suffix("")): path for path in paths}
    return {name: path for name, path in names.items() if name not in BARE}


def layers() -> dict[str, int]:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d) \| (.+?) \|", text, re.MULTILINE)
    return {name: int(layer) for layer, names in rows for name in re.findall(r"`(.+?)`", names)}


def imports(path: Path) -> set[str]:
    """The modules of the package that a module imports, at whatever depth of its code."""
    known = modules()
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "pipeline":
            base = "/".join((node.module or "").split(".")[1:])
            for name in (base, *(f"{base}/{alias.name}".strip("/") for alias in node.names)):
                found |= {name, f"{name}/__init__"} & set(known)
    return found


def test_every_module_has_its_layer() -> None:
    assert set(layers()) == set(modules())


@pytest.mark.parametrize("name", sorted(modules()))
def test_imports_go_down(name: str) -> None:
    layer = layers()
    assert [other for other in sorted(imports(modules()[name])) if layer[other] > layer[name]] == []
