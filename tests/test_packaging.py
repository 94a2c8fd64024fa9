"""What is declared, locked, imported and told of packages is one and the same."""

from __future__ import annotations

import ast
import itertools
import re
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
DOC = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
LOCKS = {"requirements.lock": ["dependencies"], "requirements-dev.lock": ["dependencies", *EXTRAS]}
COMMANDS = ("build", "pandas", "pre-commit", "pyright", "pytest-cov", "pytest-xdist", "ruff", "uv")
"""Tools that are called rather than imported; pandas is in the README."""


def requirements(*groups: str) -> list[Requirement]:
    """What some groups ask for, without the extras of our own in them."""
    texts = [
        text for group in groups for text in (PROJECT["dependencies"] if group == "dependencies" else EXTRAS[group])
    ]
    return [each for each in map(Requirement, texts) if each.name != PROJECT["name"]]


def pins(name: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for package, version in re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / name).read_text("utf-8"), flags=re.M):
        found.setdefault(canonicalize_name(package), set()).add(version)
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_satisfies_the_project(lock: str):
    pinned = pins(lock)
    for requirement in requirements(*LOCKS[lock]):
        versions = pinned.get(canonicalize_name(requirement.name), set())
        assert versions, f"{requirement.name} is not in {lock}; run: make lock"
        assert all(map(requirement.specifier.contains, versions)), f"{requirement} but {versions}; run: make lock"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_hashes_and_no_machine_is_named(lock: str):
    lines = (ROOT / lock).read_text("utf-8").splitlines()
    for before, line in itertools.pairwise(lines):
        assert before.endswith("\\") == line.startswith("    --hash=sha256:"), line
    pin = r"[\w.-]+(\[[\w,-]+\])?==[\w.+!]+( ; [\w\s.'<>=!()]+)? \\"
    strange = [line for line in lines if not re.fullmatch(pin + r"|    --hash=sha256:[0-9a-f]{64}( \\)?", line)]
    assert strange == []


def test_what_runs_is_pinned_alike_in_both_locks():
    runs, all_of_it = pins("requirements.lock"), pins("requirements-dev.lock")
    assert {name: all_of_it.get(name) for name in runs} == runs


def told(section: str) -> dict[str, list[str]]:
    """The rows of a section of the page, by package."""
    part = DOC.split(f"## {section}\n")[1].split("\n## ")[0]
    return {cells[0].strip("` "): cells for cells in (row.split(" | ") for row in re.findall(r"^\| (`.+)", part, re.M))}


def test_every_dependency_is_told_with_its_reason():
    extras = {extra: [each.name for each in requirements(extra)] for extra in EXTRAS if extra != "dev"}
    assert list(told("What runs")) == [each.name for each in requirements("dependencies")]
    assert [(name, row[1]) for name, row in told("Extras").items()] == [
        (name, extra) for extra, names in extras.items() for name in names
    ]
    tools = [each.name for each in requirements("dev")]
    assert [*told("Tools")] == [name for name in tools if name not in told("Extras")]


def imported(folder: str) -> set[str]:
    """The packages that modules of a folder import, by statement or by name."""
    found: set[str] = set()
    for path in (ROOT / folder).rglob("*.py"):
        text = path.read_text("utf-8")
        found |= {
            name.split(".")[0] for name in re.findall(r"(?:import_module|_lxml|_quiet|_untyped)\(\"([\w.]+)\"", text)
        }
        found |= {name for names in re.findall(r"import_module\(name\)\) for name in \((.+?)\)", text) for name in
                  (each.strip('" ').split(".")[0] for each in names.split(","))}  # fmt: skip
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add((node.module or "").split(".")[0])
    return found


def module(name: str) -> str:
    return name.removesuffix("-py").replace("-", "_")


def test_every_dependency_is_used():
    used = imported("pipeline")
    for name, row in {**told("What runs"), **told("Extras")}.items():
        unused = any("not imported: " in cell for cell in row)
        assert (module(name) in used) != unused, f"{name}: imported and told as not imported, or neither"


def test_every_tool_is_used():
    used = imported("tests") | imported("benchmarks")
    for name in told("Tools"):
        assert (module(name) in used) != (name in COMMANDS), name


def test_every_import_is_declared():
    declared = {
        module(each.name) for each in requirements("dependencies", *(extra for extra in EXTRAS if extra != "dev"))
    }
    others = imported("pipeline") - set(sys.stdlib_module_names) - declared - {"pipeline"}
    assert others == {"dask", "pydantic_core"}, "these come with prefect-dask and pydantic"


def test_the_container_is_built_by_instructions_that_ci_carries_out():
    text = (ROOT / "Containerfile").read_text("utf-8")
    instructions = [line.split(" ", 1) for line in text.splitlines() if line and not line.startswith("#")]
    assert {name for name, _ in instructions} == {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "ENTRYPOINT", "CMD"}
    ignored = (ROOT / ".containerignore").read_text("utf-8").splitlines()
    for name, rest in instructions:
        if name == "COPY":
            for each in rest.split()[:-1]:
                assert (ROOT / each).exists(), each
                assert f"!{each}" in ignored, each
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert "done < Containerfile" in script
    assert 'step "container" container' in script
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for name, rest in instructions:
        if name == "RUN" and "-r requirements" in rest:
            assert rest.rsplit(" install ", 1)[1].split(" ", 2)[2] in makefile


def test_hooks_call_what_make_calls():
    yaml = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")
    for tool in ("ruff check", "ruff format", "pyright"):
        assert f"entry: .venv/bin/{tool}" in yaml
        assert f"$(BIN)/{tool}" in (ROOT / "Makefile").read_text("utf-8")
