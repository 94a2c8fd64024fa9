"""What an install costs: megabytes, the heaviest packages, seconds to import and to answer. Prints one JSON object.

.venv/bin/python benchmarks/install.py [--python python3.13]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from speed import seconds

ROOT = Path(__file__).parent.parent
IMPORTS = ("pipeline", "pipeline.extractor", "pipeline.flows")
SIZES = """
import json
from importlib import metadata
files = {each.name: each.files or () for each in metadata.distributions()}
paths = {name: {path.locate() for path in each} for name, each in files.items()}
print(json.dumps({name: sum(p.stat().st_size for p in each if p.is_file()) for name, each in paths.items()}))
"""


def megabytes(size: int) -> float:
    return round(size / 1e6, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable)
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([options.python, "-m", "venv", folder], check=True)
        python = Path(folder, "bin/python")
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "-r", ROOT / "requirements.lock"], check=True)
        subprocess.run([*pip, "--no-deps", ROOT], check=True)

        def output(*command: str | Path) -> str:
            return subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder).stdout

        sizes: dict[str, int] = json.loads(output(python, "-c", SIZES))
        sizes = {name: size for name, size in sizes.items() if name not in ("pip", "setuptools")}
        heaviest = sorted(sizes.items(), key=lambda each: -each[1])[:12]
        print(
            json.dumps(
                {
                    "python": output(python, "--version").split()[1],
                    "packages": len(sizes),
                    "megabytes": megabytes(sum(sizes.values())),
                    "heaviest": {name: megabytes(size) for name, size in heaviest},
                    "version_seconds": round(seconds(lambda: output(f"{folder}/bin/infraclaims", "--version"), 5), 2),
                    "python_seconds": round(seconds(lambda: output(python, "-c", "pass"), 5), 2),
                    "import_seconds": {
                        name: round(seconds(lambda name=name: output(python, "-c", f"import {name}"), 5), 2)
                        for name in IMPORTS
                    },
                },
                indent=2,
            )
        )


if __name__ == "__main__":
    main()
