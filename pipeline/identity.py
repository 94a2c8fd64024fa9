"""Who extracts: version, trained pipeline and fingerprint. Told without loading spaCy, which takes a second."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import json
from importlib import metadata, resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple

from pipeline import lexicon
from pipeline.records import Extractor, content_hash
from pipeline.settings import Settings

SHIPPED = "en_infraclaims"


class ModelError(ValueError):
    """A trained pipeline that cannot be used; the message names it and says why."""


class Model(NamedTuple):
    """A trained pipeline as its files tell of it."""

    name: str
    """Language, name and version, as in `en_infraclaims-1.0.0`."""
    digest: str
    """SHA-256 over the files of one in a folder, ours among them; over the meta data of an installed one."""


def identify(settings: Settings) -> Extractor:
    """The extractor's identity: its fingerprint covers code, lexicon, model and settings. Raises `ModelError`."""
    version = metadata.version("infraclaims")
    model = model_of(settings.model) if settings.model else None
    weights = model.digest if model else None
    digest = content_hash(version, code_digest(), lexicon.digest(), weights, settings.model_dump(mode="json"))
    return Extractor(version=version, model=model.name if model else "rules", fingerprint=digest)


@functools.cache
def code_digest() -> str:
    """SHA-256 over the sources of this package, so that a changed rule in code changes the fingerprint too."""
    total = hashlib.sha256()

    def walk(folder: Traversable, prefix: str) -> None:
        for item in sorted(folder.iterdir(), key=lambda entry: entry.name):
            name = f"{prefix}{item.name}"
            if item.is_dir():
                walk(item, f"{name}/")
            elif name.endswith(".py"):
                total.update(name.encode() + b"\0" + item.read_bytes() + b"\0")

    walk(resources.files("pipeline"), "")
    return total.hexdigest()


def model_folder(name: str) -> Path:
    """Where the pipeline that we ship under this name is; for any other name, the name as a path."""
    shipped = Path(str(resources.files("pipeline"))) / "model" / name
    return shipped if shipped.is_dir() else Path(name)


@functools.cache
def model_of(name: str) -> Model:
    """The shipped pipeline, another installed one by its name, or one in a folder. Raises `ModelError`."""
    where = model_folder(name)
    try:
        told = ((where if where.is_dir() else _installed(name)) / "meta.json").read_bytes()
        meta = json.loads(told)
        called = f"{meta['lang']}_{meta['name']}-{meta['version']}"
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"model {name!r} is no spaCy pipeline, installed or in a folder: {error}") from error
    return Model(called, _digest(where) if where.is_dir() else hashlib.sha256(told).hexdigest())


def _installed(name: str) -> Path:
    """The folder of an installed package. Raises `ValueError` for what is none."""
    spec = importlib.util.find_spec(name) if name.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        raise ValueError("no package of this name")
    return Path(spec.submodule_search_locations[0])


def _digest(folder: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        total.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()
