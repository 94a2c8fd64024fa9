"""Every command of every page runs, or stands in a list that says who runs it or why nobody does."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from pipeline.cli import main

ROOT = Path(__file__).parent.parent
PAGES = ["README.md", "CONTRIBUTING.md", "benchmarks/README.md", "corpus/README.md", "models/README.md",
         *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))]  # fmt: skip
RUN = ("README.md", "docs/ledger.md", "docs/quality.md", "docs/signals.md", "docs/tutorial.md")
"""Pages whose commands are run here, in their order, but for those below."""
INSTALLS = "installs what the environment of the tests has"
NOT_RUN = {
    "make run": "tests/test_flows.py runs `infraclaims run`; .ci/run installs",
    "make test": "runs this",
    "make check": "is .ci/run",
    "make help": "tests/test_readme.py: every target is there",
    "make lock": "asks the package registry; tests/test_packaging.py holds the result against the project",
    "make audit": "installs its tool and asks a service over the network",
    "make sbom": "installs its tool from the package registry",
    "make archives": "ten minutes of two cores",
    "make bench": "minutes; tests/test_bench.py compares made figures",
    "make coverage": "runs the tests",
    "make train": "an hour; tests/test_models.py trains on a sample",
    "make killed": "minutes; tests/test_ingest.py kills fewer runs",
    "make schema": "tests/test_schema.py calls what it calls",
    "make readme": "tests/test_readme.py calls what it calls",
    ".venv/bin/pip install": INSTALLS,
    "pip install datasette": "a program of others; tests/test_ledger_cli.py asks its questions",
    "python -m pip install": INSTALLS,
    "datasette ledger/ledger.db": "a program of others; tests/test_ledger_cli.py asks its questions",
    "podman": "there is no container engine in tests; .ci/run does what the Containerfile says",
    "infraclaims reextract": "starts Prefect; tests/test_reextract.py runs it",
    ".venv/bin/infraclaims reextract": "starts Prefect; tests/test_reextract.py runs it",
    "infraclaims verify OUT": "tests/test_reextract.py runs it",
    ".venv/bin/infraclaims verify": "tests/test_reextract.py runs it",
    "infraclaims merge OUT": "tests/test_reextract.py runs it",
    "infraclaims evaluate corpus/gold/monsoon": "a quarter of a minute; tests/test_evaluation.py runs it on less",
    ".venv/bin/infraclaims evaluate corpus/gold/fjordlight": "a quarter of a minute; tests/test_evaluation.py runs it",
    ".venv/bin/python benchmarks/": "minutes",
    "mkdir -p /tmp/archive": "of the benchmark below it",
    "python -m models.": "needs the treebanks; tests/test_models.py runs them on a sample",
    "cp sources.example.toml": "tests/test_ingestion_doc.py runs this page",
    ".venv/bin/infraclaims sources check": "tests/test_ingestion_doc.py runs this page",
    ".venv/bin/infraclaims ingest": "tests/test_ingestion_doc.py runs this page",
    ".venv/bin/infraclaims status": "tests/test_ingestion_doc.py runs this page",
    ".venv/bin/infraclaims serve": "tests/test_ingestion_doc.py runs this page",
    ".venv/bin/prefect": "tests/test_ingestion_doc.py runs this page",
    "export PREFECT_API_URL": "tests/test_ingestion_doc.py runs this page",
}
"""How a command begins, and who runs it or why nobody does."""


class Block(NamedTuple):
    """What a page shows: commands, Python, or the output of the block before."""

    language: str
    text: str


def blocks(page: str) -> list[Block]:
    """What stands between fences; what is indented by four is a block of commands."""
    found: list[Block] = []
    language: str | None = None
    before = ""
    for line in (ROOT / page).read_text("utf-8").splitlines(keepends=True):
        if line.startswith("```"):
            language = line[3:].strip() if language is None else None
            if language is not None:
                found.append(Block(language, ""))
        elif language is not None:
            found[-1] = Block(language, found[-1].text + line)
        elif line.startswith("    ") and not line.startswith("    OUT/"):
            if not before.startswith("    "):
                found.append(Block("sh", ""))
            found[-1] = Block("sh", found[-1].text + line[4:])
        before = line
    return found


def commands(block: str) -> list[str]:
    """The commands of a block: a here-document, and a line that goes on, belong to their first line."""
    found: list[str] = []
    until = ""
    for line in block.splitlines():
        if until or (found and (found[-1].endswith("\\") or line.startswith(" "))):
            found[-1] += f"\n{line}"
            until = "" if line == until else until
        elif line and not line.startswith("#"):
            found.append(line)
            here = re.search(r"<<'(\w+)'", line)
            until = here[1] if here else ""
    return found


def is_run(page: str, command: str) -> bool:
    return page in RUN and not command.startswith(tuple(NOT_RUN))


def all_commands() -> list[tuple[str, str]]:
    return [
        (page, each)
        for page in PAGES
        for block in blocks(page)
        if block.language == "sh" or (not block.language and ".venv/bin" in block.text)
        for each in commands(block.text)
    ]


@pytest.mark.parametrize(("page", "command"), all_commands(), ids=lambda text: text.split("\n")[0][:60])
def test_every_command_is_run_or_listed(page: str, command: str):
    assert is_run(page, command) or command.startswith(tuple(NOT_RUN)), f"{page}: {command}"


def test_the_list_has_nothing_that_no_page_shows():
    shown = [command for _, command in all_commands()]
    targets = set(re.findall(r"`(make \w+)", "".join((ROOT / page).read_text("utf-8") for page in PAGES)))
    for begins in NOT_RUN:
        assert any(command.startswith(begins) for command in shown) or begins in targets, begins


def told_calls() -> list[tuple[str, str]]:
    """Calls of the program, in blocks and in running text."""
    inline = [
        (page, call)
        for page in PAGES
        for call in re.findall(r"`((?:\.venv/bin/)?infraclaims(?: [^`\n]+)?)`", (ROOT / page).read_text("utf-8"))
    ]
    shown = [
        (page, part.strip())
        for page, command in all_commands()
        for part in re.split(r"[|;]|&&|\n", command)
        if re.match(r"\s*(?:\.venv/bin/)?infraclaims\b", part)
    ]
    return list(dict.fromkeys((*inline, *shown)))


def walk(command: click.Command, *path: str) -> list[tuple[tuple[str, ...], click.Command]]:
    inside = command.commands.items() if isinstance(command, click.Group) else ()
    return [(path, command), *(each for name, part in inside for each in walk(part, *path, name))]


VERBS = dict(walk(main))


@pytest.mark.parametrize(("page", "call"), told_calls(), ids=lambda text: text[:70])
def test_verbs_and_options_that_are_told_exist(page: str, call: str):
    words = shlex.split(re.sub(r"[\[\]…]|\.\.\.", " ", call), comments=True)[1:]
    words = words[: next((at for at, word in enumerate(words) if word.startswith((">", "<"))), len(words))]
    path: tuple[str, ...] = ()
    while words and (*path, words[0]) in VERBS:
        path = (*path, words.pop(0))
    command = VERBS[path]
    assert path or not words or words[0].startswith("-"), f"{page}: no such verb: {call}"
    known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
    known |= {"-h", "--help", "--version"}
    assert {word.split("=")[0] for word in words if re.match(r"--?[a-z]", word)} <= known, f"{page}: {call}"


@pytest.mark.parametrize("path", VERBS, ids=" ".join)
def test_help_has_an_example_that_calls_the_verb(path: tuple[str, ...]):
    text = VERBS[path].help or ""
    assert "Example" in text
    example = text.split("Example")[1]
    assert re.search(rf"\binfraclaims {' '.join(path)}".rstrip(), example)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like a checkout, with the inputs that the pages speak of."""
    folder = tmp_path_factory.mktemp("docs")
    samples = ROOT / "corpus" / "samples"
    for name in ("pipeline", "corpus"):
        (folder / name).symlink_to(ROOT / name)
    (folder / ".venv").symlink_to(Path(sys.executable).parent.parent)
    for name in ("articles", "news"):
        (folder / name).mkdir()
    shutil.copy(samples / "press-copperline-loan.md", folder / "news")
    shutil.copy(samples / "wire-larkspur-juniper-basin.html", folder / "articles")
    shutil.copy(samples / "trade-saltmarsh-phase-two.html", folder / "page.html")
    return folder


def shell(folder: Path, script: str) -> str:
    """What a script prints; `infraclaims` and `python` are those that run this test, from this checkout."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=folder, check=False, capture_output=True, text=True,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
    return done.stdout


def test_the_commands_of_the_pages_run(checkout: Path):
    """README first: the other pages go on with what it wrote, and with the `out/` of `make run`."""
    shell(checkout, 'infraclaims extract articles/ page.html "news/*.md" -o out')
    done: set[str] = set()
    for page, command in all_commands():
        plain = re.sub(r"\.venv/bin/|\s*#.*", "", command)
        if is_run(page, command) and page != "docs/tutorial.md" and plain not in done:
            done.add(plain)
            if "today.jsonl" in command:
                shutil.copy(checkout / "out" / "claims.jsonl", checkout / "today.jsonl")
            if " diff " in command:
                for name in ("out-old", "out-new"):
                    shutil.copytree(checkout / "out", checkout / name, dirs_exist_ok=True)
            shell(checkout, command)
    assert (checkout / "tables" / "views.sql").exists()
    assert (checkout / "report" / "index.html").exists()
    assert (checkout / "why.html").exists()


def test_the_tutorial_prints_what_it_says(checkout: Path):
    folder, page, printed = checkout, "docs/tutorial.md", ""
    compared = 0
    for block in blocks(page):
        if block.language == "sh":
            script = "\n".join(each for each in commands(block.text) if is_run(page, each))
            printed = shell(folder, script)
            folder = folder / "tutorial" if "cd tutorial" in script else folder
        elif block.language == "python":
            (folder / "block.py").write_text(block.text)
            printed = shell(folder, "python -W error block.py")
        else:
            assert block.text == printed
            compared += 1
    assert compared == 2
    for name in ("why.html", "report/index.html", "tables/assertions.jsonl"):
        assert (folder / name).stat().st_size


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str):
    path = ROOT / page
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text("utf-8")):
        assert target.startswith("https://") or (path.parent / target).exists(), target


def test_every_fault_has_a_test_that_is_there():
    """And every test of faults has its row."""
    page = (ROOT / "docs" / "reliability.md").read_text("utf-8")
    named = set(re.findall(r"`(test_\w+\.py)::(test_\w+)`", page))
    rows = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| fault")]
    assert [row for row in rows if "::test_" not in row] == []
    there = {
        (path.name, name)
        for path in (ROOT / "tests").glob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text("utf-8"), flags=re.M)
    }
    assert named - there == set()
    assert {each for each in there if each[0].startswith("test_reliability")} - named == set()


def test_the_readme_leads_to_every_page():
    readme = (ROOT / "README.md").read_text("utf-8")
    for page in PAGES[1:]:
        assert f"]({page})" in readme or f"]({page.removesuffix('/README.md')})" in readme, page
