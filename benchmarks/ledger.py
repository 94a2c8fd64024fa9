"""Ledger over synthetic claims: build time, memory, and a day of news against a rebuild. Prints one JSON object a size.

    .venv/bin/python benchmarks/ledger.py 10000 100000 1000000 > benchmarks/ledger.jsonl
    .venv/bin/python benchmarks/ledger.py --plot benchmarks/ledger.jsonl > benchmarks/ledger.svg

Times are of the processor (user and system) beside those of the wall: on a busy machine only the first can be compared.
Each measurement runs in a process of its own, so that its peak of memory is its own.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from synthetic_claims import claims

from pipeline.claim_files import read_claims
from pipeline.ledger.store import Ledger


def measured(path: Path, *files: Path) -> dict[str, Any]:
    """Add the claims of files to the ledger in this process: seconds, peak memory, digest of a small one."""
    began, busy = time.perf_counter(), time.process_time()
    with Ledger(path, create=True) as ledger:
        added = ledger.add(read_claims(*files))
        seconds, cpu = time.perf_counter() - began, time.process_time() - busy
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        digest = ledger.digest() if ledger.counts()["claims"] <= 100_000 else None
    return {
        "claims": added.new, "units": added.units, "seconds": round(seconds, 2), "cpu_seconds": round(cpu, 2),
        "peak_mb": round(peak), "digest": digest,
    }  # fmt: skip


def size(count: int, folder: Path) -> dict[str, Any]:
    """A build of all but the last day, that day added, and a rebuild of everything."""
    before, today, both = folder / "before.jsonl", folder / "today.jsonl", folder / "both.db"
    last = None
    with before.open("w") as early, today.open("w") as late:
        for record in claims(count):
            last = record["document"]["published"]
            text = json.dumps(record) + "\n"
            (late if last >= "2026-06-18" else early).write(text)
    build = child(both, before)
    day = child(both, today)
    rebuild = child(folder / "again.db", before, today)
    assert day["digest"] == rebuild["digest"], "the day added is not the rebuild"
    return {
        "claims": count, "build": build, "day": day, "rebuild": rebuild,
        "times_faster_cpu": round(rebuild["cpu_seconds"] / day["cpu_seconds"], 1),
        "times_faster_wall": round(rebuild["seconds"] / day["seconds"], 1),
        "file_mb": round(both.stat().st_size / 1e6), "load": [round(value, 1) for value in os.getloadavg()],
    }  # fmt: skip


def child(path: Path, *files: Path) -> dict[str, Any]:
    command = [sys.executable, __file__, "--measure", path, *files]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


SERIES = (
    ("rebuild, CPU s", "rebuild", "cpu_seconds", "#146c2e"),
    ("peak memory, MB", "rebuild", "peak_mb", "#0b5cad"),
    ("a day added, CPU s", "day", "cpu_seconds", "#a40f52"),
)
WIDTH, HEIGHT, LEFT, RIGHT, EDGE = 640, 360, 30, 190, 40


def plot(path: Path) -> str:
    """An SVG of each series by number of claims, each on a scale of its own from nought: what is linear is straight."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    most = max(row["claims"] for row in rows)

    def across(row: dict[str, Any]) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * row["claims"] / most

    base = HEIGHT - EDGE
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">']
    parts.append(f'<path d="M{LEFT},{EDGE}V{base}H{WIDTH - RIGHT}" fill="none" stroke="#777"/>')
    for number, (name, part, key, color) in enumerate(SERIES):
        top = max(row[part][key] for row in rows) * (1 + number / 6)
        at = [(across(row), base - (base - EDGE) * row[part][key] / top) for row in rows]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>' for x, y in at]
        x, y = at[-1]
        said = f"{name}: {rows[-1][part][key]:g}"
        parts.append(f'<text x="{x + 8:.1f}" y="{y + 4:.1f}" font-size="12" fill="{color}">{said}</text>')
    for row in [row for row in rows if row["claims"] > most / 20]:
        place = f'x="{across(row):.1f}" y="{base + 16}" text-anchor="middle"'
        parts.append(f'<text {place} font-size="12" fill="#555">{row["claims"]:,}</text>')
    return "\n".join([*parts, "</svg>"])


def main() -> None:
    """As the arguments ask."""
    if sys.argv[1] == "--measure":
        print(json.dumps(measured(*map(Path, sys.argv[2:]))))
    elif sys.argv[1] == "--plot":
        print(plot(Path(sys.argv[2])))
    else:
        for count in map(int, sys.argv[1:]):
            with tempfile.TemporaryDirectory() as folder:
                print(json.dumps(size(count, Path(folder))), flush=True)


if __name__ == "__main__":
    main()
