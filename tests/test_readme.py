"""The README runs as written: its code blocks, its record, its tables."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from pipeline import cli_io
from pipeline.label import TABLE
from pipeline.settings import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"^```python\n(.*?)^```$", README, flags=re.M | re.S)
SAMPLES = ["corpus/samples/wire-larkspur-juniper-basin.html", "corpus/samples/press-heliotrope-anvil-2.html"]


def updater() -> ModuleType:
    spec = importlib.util.spec_from_file_location("update_readme", ROOT / "docs" / "update_readme.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the `out/` of a run in it."""
    folder = tmp_path_factory.mktemp("readme")
    program = Path(sys.executable).parent / "infraclaims"
    subprocess.run([program, "extract", *(ROOT / sample for sample in SAMPLES), "-o", folder / "out"], check=True)
    return folder


@pytest.mark.parametrize("block", PYTHON, ids=lambda block: block.split("\n", 1)[0])
def test_python_blocks_run_and_print(block: str, folder: Path):
    script = folder / "block.py"
    script.write_text(block)
    done = subprocess.run(
        [sys.executable, "-W", "error", script], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_there_are_blocks_for_duckdb_pandas_python_and_spacy():
    assert [block.split()[1] for block in PYTHON] == ["duckdb", "json", "pipeline", "spacy"]


def test_the_record_shown_is_the_one_produced():
    update_readme = updater()
    found = update_readme.BLOCK.search(README)
    assert found
    assert found[2] == update_readme.layout(update_readme.example()), "run: make readme"
    assert json.loads(found[2])["label"] in ("confirmed", "aspirational")


def test_the_label_table_is_the_decision_table():
    rows = re.findall(r"^\| `(\w+)`[^|]*\| `?(\w+)`?[^|]*\| `(\w+)` \|$", README, flags=re.M)
    shown = {
        (realization, each): label
        for realization, certainty, label in rows
        for each in (("asserted", "hedged") if certainty == "either" else (certainty,))
    }
    assert shown == TABLE


def test_exit_codes_are_those_of_the_program():
    section = README.split("| exit code |")[1].split("\n\n")[0]
    assert set(map(int, re.findall(r"^\| (\d+) \|", section, flags=re.M))) == {
        0, 2, cli_io.REJECTED, cli_io.FAILED, cli_io.PIPE_CLOSED,
    }  # fmt: skip


def test_limits_are_the_defaults():
    settings = Settings()
    assert f"| {settings.max_bytes // 1_000_000} MB |" in README
    assert f"| {settings.max_text_chars:,} characters |" in README
    assert f"| {settings.max_seconds:g} s |" in README
    assert f"| {settings.evidence_chars} characters |" in README


@pytest.mark.parametrize(
    "command", re.findall(r"^make (\w+)|^ {4}make (\w+)", README + (ROOT / "CONTRIBUTING.md").read_text(), flags=re.M)
)
def test_make_targets_exist(command: tuple[str, str]):
    assert shutil.which("make")
    done = subprocess.run(
        ["make", "-n", command[0] or command[1]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
