"""The comparison with recorded figures tells what got slower."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))
import compare

COSTS = {"1,000 words": 2.0, "building the pipeline": 4.0, "--help": 1.0, "first claim": 6.0}


def run(monkeypatch: pytest.MonkeyPatch, now: dict[str, float], *options: str) -> None:
    monkeypatch.setattr(compare, "measured", lambda _: now)
    monkeypatch.setattr(sys, "argv", ["compare.py", "articles.jsonl", *options])
    compare.main()


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "recorded.json"
    monkeypatch.setattr(compare, "RECORDED", path)
    run(monkeypatch, COSTS, "--record")
    return path


def test_what_got_slower_is_told_and_ends_with_1(
    recorded: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    assert json.loads(recorded.read_text()) == COSTS
    with pytest.raises(SystemExit) as ended:
        run(monkeypatch, {**COSTS, "--help": 1.5, "first claim": 3.0})
    assert ended.value.code == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in lines[-4:]] == ["before", "before", "SLOWER", "faster"]


@pytest.mark.usefixtures("recorded")
def test_noise_is_nothing(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(SystemExit) as ended:
        run(monkeypatch, {name: cost * 1.2 for name, cost in COSTS.items()})
    assert ended.value.code == 0


def test_what_is_recorded_is_what_is_measured():
    assert set(json.loads((Path(compare.__file__).parent / "recorded.json").read_text())) == set(COSTS)
