"""The command line as its users meet it: through a process, its exit code, its two streams and its files."""

from __future__ import annotations

import json
import os
import pty
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pipeline.schema import json_schema, schema_text

PROGRAM = Path(sys.executable).parent / "infraclaims"
VERBS = [
    "extract", "explain", "schema", "run", "evaluate", "reextract", "verify", "merge", "ingest", "status", "retry",
    "sources", "serve", "ledger", "signals", "report", "export", "diff",
]  # fmt: skip

RUNS = "Northwind AI said on Tuesday that its Granite data center campus in Ohio now runs 96,000 Nvidia H200s."
PLANS = "Harbour Cloud plans to build a 700 MW data center in Texas by 2028."
PAGE = f"<html><head><title>Granite opens</title></head><body><article><h1>Granite opens</h1><p>{RUNS}</p></article>"


def infraclaims(*arguments: object, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [PROGRAM, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        env={**os.environ, **environment},
        check=False,
    )


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def article(id: str, text: str, **fields: str) -> str:
    return json.dumps({"id": id, "title": f"News {id}", "published": "2026-03-05", "text": text, **fields})


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of good and bad inputs."""
    folder = tmp_path_factory.mktemp("inputs")
    (folder / "a.html").write_text(PAGE)
    (folder / "b.txt").write_text(f"Harbour Cloud looks at Texas\n\n{PLANS}\n")
    (folder / "c.jsonl").write_text(
        "\n".join([article("one", RUNS), "{broken", article("two", PLANS), article("one", PLANS)]) + "\n"
    )
    (folder / "empty.txt").write_bytes(b"")
    (folder / "none.jsonl").write_bytes(b"\n")
    (folder / "noise.bin").write_bytes(bytes(range(256)) * 64)
    return folder


@pytest.fixture(scope="module")
def mixed(inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[bytes], Path]:
    """One extraction of all of it, and of a file that is not there."""
    out = tmp_path_factory.mktemp("mixed") / "out"
    return infraclaims("extract", inputs, inputs / "missing.html", "-o", out), out


def test_bad_inputs_do_not_stop_the_good_ones(mixed: tuple[subprocess.CompletedProcess[bytes], Path]):
    done, out = mixed
    assert done.returncode == 1
    assert done.stdout == b""
    by_source = {Path(r["source"]).name: r["disposition"] for r in records(out / "articles.jsonl")}
    assert by_source == {
        "a.html": "extracted", "b.txt": "extracted", "c.jsonl:1": "extracted", "c.jsonl:2": "rejected",
        "c.jsonl:3": "extracted", "c.jsonl:4": "duplicate", "empty.txt": "rejected", "noise.bin": "rejected",
        "missing.html": "rejected", "none.jsonl": "rejected",
    }  # fmt: skip


@pytest.mark.parametrize("out", ["out", "claims.jsonl"])
def test_inputs_that_are_all_not_there_take_the_place_of_no_earlier_run(inputs: Path, tmp_path: Path, out: str):
    """A mistyped folder."""
    assert infraclaims("extract", inputs / "a.html", "-o", tmp_path / out).returncode == 0
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.jsonl")}
    done = infraclaims("extract", tmp_path / "nowhere", "-o", tmp_path / out)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"[missing]" in done.stderr
    assert f"nothing was written to {tmp_path / out}" in done.stderr.decode()
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.jsonl")} == before
    assert any(before.values())


def test_what_a_page_tells_of_itself_comes_before_what_the_options_say(inputs: Path, tmp_path: Path):
    told, bare = tmp_path / "told.html", tmp_path / "bare.html"
    head = (
        '<link rel="canonical" href="https://own.example/a">'
        '<meta property="article:published_time" content="2026-02-01T09:00:00Z">'
    )
    body = f"<body><article><h1>News</h1><p>{RUNS}</p></article></body></html>"
    told.write_text(f"<html><head>{head}</head>{body}")
    bare.write_text(f"<html><head></head>{body}")
    options = ("--published", "2026-03-05", "--url", "https://given.example/b")
    done = infraclaims("extract", told, bare, *options, "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    documents = [record["document"] for record in records(tmp_path / "out" / "articles.jsonl")]
    assert [(each["url"], each["published"]) for each in documents] == [
        ("https://own.example/a", "2026-02-01"), ("https://given.example/b", "2026-03-05"),
    ]  # fmt: skip


def test_a_missing_extra_is_named_before_anything_is_started(inputs: Path, tmp_path: Path):
    """In a process that cannot find one of its packages."""
    program = (
        "import sys\n"
        "class Hidden:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'hyperscan': raise ModuleNotFoundError(name=name)\n"
        "sys.meta_path.insert(0, Hidden())\n"
        "from pipeline import cli, local_prefect\n"
        "def started(): raise AssertionError('Prefect is started')\n"
        "local_prefect.prepare = started\n"
        "cli.main(sys.argv[1:])"
    )
    words = [sys.executable, "-c", program, "reextract", str(inputs / "a.html"), "-o", str(tmp_path / "out")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "pip install 'infraclaims[archive]' (hyperscan is missing)" in done.stderr


def test_each_rejected_input_is_named_with_its_reason(mixed: tuple[subprocess.CompletedProcess[bytes], Path]):
    done, out = mixed
    lines = [line for line in done.stderr.decode().splitlines() if line.startswith("infraclaims: ")]
    rejects = records(out / "rejects.jsonl")
    assert len(lines) == len(rejects) == 5
    for line, reject in zip(lines, rejects, strict=True):
        assert reject["source"] in line
        assert line.endswith(f"[{reject['reason']}]")
        assert reject["message"]


@pytest.mark.parametrize("name", ["claim", "article"])
def test_every_record_written_validates(mixed: tuple[subprocess.CompletedProcess[bytes], Path], name: Any):
    validator = jsonschema.Draft202012Validator(json_schema(name), format_checker=jsonschema.FormatChecker())
    written = records(mixed[1] / f"{name}s.jsonl")
    assert written
    for record in written:
        validator.validate(record)


def test_an_id_that_is_given_becomes_the_document_id(mixed: tuple[subprocess.CompletedProcess[bytes], Path]):
    assert {"one", "two"} <= {claim["document"]["id"] for claim in records(mixed[1] / "claims.jsonl")}


def test_the_label_is_in_the_claims(mixed: tuple[subprocess.CompletedProcess[bytes], Path]):
    claims = {(c["document"]["id"], c["kind"]): c for c in records(mixed[1] / "claims.jsonl")}
    assert claims["one", "accelerators"]["label"] == "confirmed"
    assert claims["one", "accelerators"]["quantity"]["value"] == 96000
    assert claims["two", "power"]["label"] == "aspirational"


def test_a_pipe_gets_jsonl_and_nothing_else(inputs: Path):
    done = infraclaims("extract", inputs / "a.html")
    assert done.returncode == 0
    assert done.stderr == b""
    claims = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert [claim["quantity"]["value"] for claim in claims if claim["quantity"]] == [96000]


def test_stdin_with_date_and_address(tmp_path: Path):
    out = tmp_path / "claims.jsonl"
    done = infraclaims(
        "extract", "-", "--published", "2026-03-05", "--url", "https://example.org/x", "-o", out, stdin=PLANS.encode()
    )
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["claims.jsonl"]
    (document,) = {json.dumps(claim["document"], sort_keys=True) for claim in records(out)}
    assert json.loads(document)["published"] == "2026-03-05"
    assert json.loads(document)["url"] == "https://example.org/x"


def test_the_reader_of_a_pipe_may_go_away(tmp_path: Path):
    many = tmp_path / "many.jsonl"
    many.write_text("".join(article(str(n), f"{RUNS} {PLANS}") + "\n" for n in range(60)))
    with subprocess.Popen([PROGRAM, "extract", many], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        assert json.loads(process.stdout.readline())
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=30) == 141


@pytest.mark.parametrize("arguments", [["explain", "{inputs}/a.html"], ["schema"]], ids=lambda given: given[0])
def test_a_reader_that_is_gone_at_once(arguments: list[str], inputs: Path):
    reader, writer = os.pipe()
    os.close(reader)
    command = [PROGRAM, *(argument.format(inputs=inputs) for argument in arguments)]
    with subprocess.Popen(command, stdout=writer, stderr=subprocess.PIPE) as process:
        os.close(writer)
        assert process.stderr
        assert process.stderr.read() == b""
        assert process.wait(timeout=30) == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the device that is always full is there on Linux only")
@pytest.mark.parametrize("arguments", [["extract", "{inputs}/a.html"], ["schema"]], ids=lambda given: given[0])
def test_an_output_that_is_full(arguments: list[str], inputs: Path):
    command = [PROGRAM, *(argument.format(inputs=inputs) for argument in arguments)]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2
    assert b"cannot write to stdout: No space left" in done.stderr
    assert b"Traceback" not in done.stderr


def on_a_terminal(*arguments: object) -> str:
    """What the program shows on a terminal of 120 columns."""
    leader, follower = pty.openpty()
    environment = {**os.environ, "COLUMNS": "120", "TERM": "xterm-256color"}
    with subprocess.Popen(
        [PROGRAM, *map(str, arguments)], stdout=follower, stderr=follower, env=environment
    ) as process:
        os.close(follower)
        shown = b""
        while True:
            try:
                chunk = os.read(leader, 65536)
            except OSError:  # how a terminal whose program has ended is read on Linux
                break
            if not chunk:
                break
            shown += chunk
        process.wait(timeout=30)
    os.close(leader)
    return shown.decode()


def test_a_terminal_gets_a_table_and_no_escape_of_the_article(tmp_path: Path):
    page = tmp_path / "a.txt"
    page.write_text(f"Granite \x1b]0;owned\x07opens\n\n{RUNS} \x1b[2J\n")
    shown = on_a_terminal("extract", page)
    assert "confirmed" in shown
    assert "96,000 chips, H200" in shown
    assert "\x1b[1;32m" in shown, "the label is in colour"
    assert "\x1b]0" not in shown
    assert "\x1b[2J" not in shown
    assert "schema_version" not in shown


def test_explain_in_the_terminal(inputs: Path):
    done = infraclaims("explain", f"{inputs}/c.jsonl:3", COLUMNS="120")
    shown = done.stdout.decode()
    assert done.returncode == 0, done.stderr
    assert "planned + asserted → aspirational" in shown
    assert "“plans to”" in shown
    assert "governs" in shown


def test_explain_as_a_page(inputs: Path, tmp_path: Path):
    page = tmp_path / "new" / "why.html"
    done = infraclaims("explain", inputs / "a.html", "--html", page)
    assert done.returncode == 0, done.stderr
    assert done.stdout == b""
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert "realized + asserted → confirmed" in text


def test_explain_of_a_bad_input_leaves_the_earlier_page(inputs: Path, tmp_path: Path):
    page = tmp_path / "why.html"
    page.write_text("earlier")
    done = infraclaims("explain", inputs / "empty.txt", "--html", page)
    assert done.returncode == 1
    assert b"empty.txt" in done.stderr
    assert page.read_text() == "earlier"


def test_explain_of_a_bad_input_says_why_and_fails(inputs: Path):
    done = infraclaims("explain", inputs / "empty.txt")
    assert done.returncode == 1
    assert b"rejected" in done.stdout
    assert b"empty.txt" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Usage"),
        (["extract"], "Missing argument"),
        (["publish"], "No such command"),
        (["extract", "a", "--published", "yesterday"], "'yesterday' is no date such as 2026-03-05"),
        (["extract", "a", "--workers", "0"], "--workers"),
        (["schema", "label"], "label"),
        (["run", "a"], "--out"),
        (["extract", "a", "-o", "/dev/null/out"], "cannot write /dev/null/out"),
        (["extract", "a", "-o", "{inputs}/a.html"], "a folder or a .jsonl file"),
        (["extract", "a", "-o", "{inputs}/new.json"], "a folder or a .jsonl file"),
        (["extract", "a", "-o", "-"], "a folder or a .jsonl file"),
        (["explain", "{inputs}/c.jsonl"], "c.jsonl:1"),
        (["explain", "{inputs}/c.jsonl:9"], "no article in line 9"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_wrong_usage_is_2_and_says_what(arguments: list[str], said: str, inputs: Path):
    done = infraclaims(*(argument.format(inputs=inputs) for argument in arguments))
    assert done.returncode == 2
    assert said in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_every_verb_has_an_example(verb: str):
    done = infraclaims(verb, "--help")
    assert done.returncode == 0
    assert re.search(rf"Example:\n +infraclaims {verb}", done.stdout.decode())


def processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_help_names_every_verb_and_answers_at_once():
    """Under half a second, on the processor's clock: the one on the wall tells how busy the machine is."""
    seconds: list[float] = []
    for _ in range(5):
        began = processor_seconds()
        done = infraclaims("--help")
        seconds.append(processor_seconds() - began)
        assert done.returncode == 0
    assert all(re.search(rf"^  {verb} ", done.stdout.decode(), flags=re.M) for verb in VERBS)
    assert min(seconds) < 0.5


@pytest.mark.parametrize("record", ["claim", "article"])
def test_schema_prints_the_published_schema(record: Any):
    assert infraclaims("schema", record).stdout.decode() == schema_text(record)


def test_version():
    assert re.fullmatch(rb"infraclaims \d+\.\d+\.\d+\n", infraclaims("--version").stdout)


@pytest.mark.parametrize(
    "module",
    ["pipeline", "pipeline.cli", "pipeline.records", "pipeline.store", "pipeline.schema",
     # What starts others that extract: they load spaCy, and nobody waits for it twice.
     "pipeline.stream", "pipeline.shards", "pipeline.ingest.publish", "pipeline.verify", "pipeline.merge"],
)  # fmt: skip
def test_importing_is_light(module: str):
    heavy = "{'prefect', 'spacy', 'trafilatura', 'dateparser', 'rich', 'lxml'}"
    code = f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"[]\n"


def test_the_core_does_not_know_prefect():
    code = "import sys, pipeline.stream, pipeline.render, pipeline.explain_html; print('prefect' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"False\n"
