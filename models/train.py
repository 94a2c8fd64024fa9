"""The training workflow: checked inputs, one seed, one thread, outputs with checksums.

    python -m models.train --treebank DIR --out DIR [--part parser|names|package] [--steps N] [--sample N]

Two parts are trained, each by the config of its name, and packed into one pipeline; `--part` does one of these steps.
`--steps` and `--sample` (first N sentences of every file) shorten it for trials and tests.
"""

# spaCy's compiled modules carry no types:
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownParameterType=false
# pyright: reportUnknownArgumentType=false, reportPrivateImportUsage=false

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.training import Example
from spacy.util import fix_random_seed, load_config, load_model_from_config, registry
from thinc.api import Config

from models import corpus, name_corpus
from models.finish import finish
from models.ops import numpy_blas
from pipeline.embedding import learn_words
from pipeline.records import content_hash

HERE = Path(__file__).parent
PARTS = ("parser", "names", "package")
PACKAGE = "en_infraclaims"
VERSION = "1.0.0"
DESCRIPTION = "Tags, lemmas, dependency parse and names for English news of AI infrastructure, trained from open data."


class InputError(ValueError):
    """An input that is missing or is not the one the workflow names."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What one run reads, writes and how long it trains."""

    treebank: Path
    out: Path
    steps: int | None = None
    sample: int = 0
    parts: tuple[str, ...] = PARTS


def sha256(path: Path) -> str:
    """Hex digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digest(folder: Path) -> str:
    """One digest over the names and the bytes of all files below `folder`."""
    total = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        total.update(f"{path.relative_to(folder).as_posix()}\0{sha256(path)}\n".encode())
    return total.hexdigest()


def check(plan: Plan, inputs: dict[str, Any]) -> dict[str, str]:
    """Checksums of all inputs, verified; our own text counts as one input. Raises `InputError` naming the file."""
    listed = {
        name: value
        for value, name in (line.split() for line in (plan.treebank / "SHA256SUMS").read_text().splitlines())
    }
    found: dict[str, str] = {}
    for entries in (entries for part in ("parser", "names") for entries in inputs[part].values()):
        for entry in entries:
            name = entry.partition("#")[0]
            path = plan.treebank / name
            if name.startswith("tests/"):
                found[name] = sha256(HERE.parent / name)
            elif name == "names":
                found[entry] = digest(HERE / "names")
            elif name == "corpus":
                found[entry] = content_hash(*((m.text, m.names) for m in name_corpus.load(entry, plan.treebank)))
            elif not path.is_file() or listed.get(name) != (value := sha256(path)):
                raise InputError(f"{path}: missing, or not the file of SHA256SUMS")
            else:
                found[name] = value
    return found


def configure(part: str, plan: Plan, inputs: dict[str, Any]) -> Config:
    """The config file of a part with this run's paths and lengths filled in."""
    config = load_config(HERE / "configs" / f"{part}.cfg")
    config["paths"]["folder"] = str(plan.treebank)
    config["corpora"]["train"] |= {"files": inputs[part]["train"], "limit": plan.sample}
    config["corpora"]["dev"] |= {"files": inputs[part]["dev"], "limit": plan.sample}
    if plan.steps:
        config["training"]["max_steps"] = plan.steps
        config["training"]["eval_frequency"] = plan.steps
    return config


def run(plan: Plan, inputs: dict[str, Any]) -> dict[str, Any]:
    """Train and package; returns (and writes to `out/record.json`) inputs, figures and the checksum of the outcome."""
    checksums = check(plan, inputs)
    started = time.monotonic()
    for part in ("parser", "names"):
        if part in plan.parts:
            config = configure(part, plan, inputs)
            folder = plan.out / part
            folder.mkdir(parents=True, exist_ok=True)
            with numpy_blas():
                best = _train(config, folder)
            best |= {"steps": config["training"]["max_steps"], "seed": config["system"]["seed"]}
            (folder / "record.json").write_text(json.dumps(best, indent=2) + "\n", encoding="utf-8")
    if "package" not in plan.parts:
        return {}
    package = plan.out / PACKAGE
    pack(plan, inputs, package)
    record = {
        "inputs": checksums,
        "sample": plan.sample,
        "spacy": spacy.__version__,
        **{part: json.loads((plan.out / part / "record.json").read_text()) for part in ("parser", "names")},
        "sha256": digest(package),
    }
    (plan.out / "record.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    _say(f"done in {time.monotonic() - started:.0f} s: {package} {record['sha256']}")
    return record


def pack(plan: Plan, inputs: dict[str, Any], package: Path) -> None:
    """Put both parts together, finish them with the tables and write the pipeline."""
    nlp = spacy.load(plan.out / "parser" / "best")
    finish(nlp, [tree for name in inputs["parser"]["train"] for tree in corpus.trees(plan.treebank / name)])
    nlp.add_pipe("ner", source=spacy.load(plan.out / "names" / "best", vocab=nlp.vocab))
    nlp.meta |= {"name": "infraclaims", "version": VERSION, "license": "CC BY-SA 4.0", "description": DESCRIPTION}
    nlp.to_disk(package)


def _train(config: Config, out: Path) -> dict[str, Any]:
    """Train; the state with the best development score is left in `out/best`, its figures are returned."""
    resolved = config.interpolate()
    fix_random_seed(resolved["training"]["seed"])
    nlp = load_model_from_config(config, auto_fill=True)
    readers = registry.resolve({"train": resolved["corpora"]["train"], "dev": resolved["corpora"]["dev"]})
    training = registry.resolve(resolved["training"])
    optimizer = training["optimizer"]
    first = list(readers["train"](nlp))
    nlp.initialize(lambda: first, sgd=optimizer)
    counts = Counter(token.norm for example in first for token in example.predicted)
    for _, component in nlp.pipeline:
        learn_words(component.model, counts)
    dev = list(readers["dev"](nlp))
    best: dict[str, Any] = {}
    losses: dict[str, float] = {}
    started, words = time.monotonic(), 0
    for step, batch in enumerate(_batches(nlp, readers["train"], training["batcher"]), 1):
        nlp.update(batch, drop=training["dropout"], sgd=optimizer, losses=losses)
        optimizer.step_schedules()
        words += sum(len(example.predicted) for example in batch)
        if step % training["eval_frequency"] == 0 or step == training["max_steps"]:
            with nlp.use_params(optimizer.averages):
                scores = nlp.evaluate(dev)
                figures = {name: round(scores[name], 4) for name in training["score_weights"]}
                figures["score"] = round(sum(scores[name] * w for name, w in training["score_weights"].items()), 4)
                if figures["score"] > best.get("score", -1):
                    best = {"step": step, **figures}
                    nlp.to_disk(out / "best")
            seconds = time.monotonic() - started
            rounded = {name: round(float(value), 1) for name, value in losses.items()}
            _say(f"{step} {seconds:.0f}s {words / seconds:.0f}w/s {figures} {rounded}")
            losses.clear()
        if step == training["max_steps"]:
            break
    return best


def _batches(nlp: Language, train: Any, batcher: Any) -> Iterator[list[Example]]:
    while True:
        yield from batcher(train(nlp))


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def main() -> None:
    """Command line of the workflow."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--treebank", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--part", choices=PARTS)
    options = parser.parse_args()
    inputs = tomllib.loads((HERE / "inputs.toml").read_text(encoding="utf-8"))
    parts = (options.part,) if options.part else PARTS
    run(Plan(options.treebank, options.out, options.steps, options.sample, parts), inputs)


if __name__ == "__main__":
    main()
