"""What got slower: measures speed and compares it with benchmarks/recorded.json. Exit code 1 where something did.

.venv/bin/python benchmarks/compare.py ARTICLES.jsonl [--record]

Every figure is divided by the time of a piece of plain Python in the same run, so that machines compare roughly.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from speed import seconds

RECORDED = Path(__file__).parent / "recorded.json"
TOLERANCE = 1.25
"""How many times slower counts: less than that is the noise of a busy machine."""


def plain_python() -> int:
    """Some tenths of a second of what the program does most: strings, dicts, small calls."""
    counts: dict[str, int] = {}
    for number in range(600_000):
        word = str(number % 5_000)
        counts[word] = counts.get(word, 0) + len(word)
    return sum(counts.values())


def measured(articles: Path) -> dict[str, float]:
    """The costs of a run, as multiples of the piece of plain Python before and after it."""
    before = seconds(plain_python, 5)
    speed = Path(__file__).parent / "speed.py"
    told = json.loads(subprocess.run([sys.executable, speed, articles], check=True, capture_output=True).stdout)
    unit = min(before, seconds(plain_python, 5))
    costs = {
        "1,000 words": 1_000 / told["words_per_second"],
        "building the pipeline": told["build_seconds"],
        "--help": told["help_seconds"],
        "first claim": told["first_claim_seconds"],
    }
    return {name: round(cost / unit, 3) for name, cost in costs.items()}


def verdicts(now: dict[str, float], recorded: dict[str, float]) -> dict[str, float]:
    """How many times as long as recorded each thing takes."""
    return {name: round(cost / recorded[name], 2) for name, cost in now.items() if name in recorded}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", type=Path, help="JSONL of articles")
    parser.add_argument("--record", action="store_true", help="record this run instead of comparing it")
    options = parser.parse_args()

    now = measured(options.articles)
    if options.record:
        RECORDED.write_text(json.dumps(now, indent=2) + "\n")
        print(f"recorded in {RECORDED}")
        return
    recorded = json.loads(RECORDED.read_text())
    slower = 0
    for name, times in verdicts(now, recorded).items():
        word = "SLOWER" if times > TOLERANCE else "faster" if times < 1 / TOLERANCE else "as before"
        slower += word == "SLOWER"
        print(f"{name:24}{recorded[name]:8.2f}{now[name]:8.2f}{times:7.2f}x  {word}")
    sys.exit(1 if slower else 0)


if __name__ == "__main__":
    main()
