"""The long run: `python -m fuzz [TARGET...] [--seconds N]`, guided by coverage (atheris), each target in a process.

What it finds to be worth keeping goes to `build/fuzz/TARGET`, where the next run goes on; what breaks a promise, takes
ten seconds or two gigabytes, to `build/fuzz/found`. `python -m fuzz TARGET FILE` repeats one.
"""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
from pathlib import Path

BUILD = Path("build/fuzz")
FOUND = BUILD / "found"
_ONE = "--one"


def _names() -> list[str]:
    from fuzz.mutate import SEEDS

    return sorted(path.name for path in SEEDS.iterdir())


def fuzz(target: str, seconds: int) -> int:
    """Fuzz one target for so long, in a process of its own; its exit code."""
    from fuzz.mutate import SEEDS, dictionary

    kept = BUILD / target
    for folder in (kept, FOUND):
        folder.mkdir(parents=True, exist_ok=True)
    words = BUILD / f"{target}.dict"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in dictionary(target)))
    options = (
        f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048", "-max_len=8192", f"-dict={words}",
        f"-artifact_prefix={FOUND / target}-", "-print_final_stats=1",
    )  # fmt: skip
    return subprocess.run([sys.executable, "-m", "fuzz", _ONE, target, *options, kept, SEEDS / target]).returncode


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


def _fuzz_here(target: str, arguments: list[str]) -> None:
    # It ships no types, and has to be there before what it is to look into.
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["pipeline"]):
        from fuzz.targets import TARGETS
    atheris.Setup([f"fuzz {target}", *arguments], TARGETS[target])
    atheris.Fuzz()


def main() -> int:
    """Run the targets that are named, or all; 1 where one was broken."""
    if sys.argv[1:2] == [_ONE]:
        _fuzz_here(sys.argv[2], sys.argv[3:])
        return 0
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("targets", metavar="TARGET", nargs="*", help=f"of {', '.join(_names())}; or TARGET FILE")
    parser.add_argument("--seconds", type=int, default=300, help="for each target  [default: 300]")
    given = parser.parse_args()
    if len(given.targets) == 2 and Path(given.targets[1]).is_file():
        from fuzz.targets import TARGETS

        TARGETS[given.targets[0]](Path(given.targets[1]).read_bytes())
        return 0
    unknown = set(given.targets) - set(_names())
    if unknown:
        parser.error(f"no target: {', '.join(sorted(unknown))}")
    broken = [target for target in given.targets or _names() if fuzz(target, given.seconds)]
    if broken:
        print(f"broken: {', '.join(broken)}; see {FOUND}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
