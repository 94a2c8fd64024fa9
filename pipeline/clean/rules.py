"""The cleaner's rules as data: `lexicon/pages.toml`, validated."""

from __future__ import annotations

import functools
import tomllib
from importlib import resources

from pydantic import ValidationError

from pipeline.lexicon import LexiconError
from pipeline.records import Record


class Meta(Record):
    """Where metadata stands in a page, best place first."""

    title: tuple[str, ...]
    site: tuple[str, ...]
    author: tuple[str, ...]
    published: tuple[str, ...]
    url: tuple[str, ...]
    article_types: frozenset[str]


class Blocks(Record):
    """Paragraphs that are not the article's."""

    drop_start: tuple[str, ...]
    drop_whole: frozenset[str]
    tail: frozenset[str]


class Paywall(Record):
    """What a stub says in place of its article."""

    phrases: tuple[str, ...]


class Language(Record):
    """Function words of English and of its neighbours."""

    english: frozenset[str]
    foreign: frozenset[str]


class Markdown(Record):
    """Keys of a front matter, and words that show where a flattened heading ends."""

    title: tuple[str, ...]
    author: tuple[str, ...]
    published: tuple[str, ...]
    url: tuple[str, ...]
    publisher: tuple[str, ...]
    openers: frozenset[str]
    unfinished: frozenset[str]


class Rules(Record):
    """All of `pages.toml`."""

    meta: Meta
    blocks: Blocks
    paywall: Paywall
    language: Language
    markdown: Markdown


@functools.cache
def rules() -> Rules:
    """The parsed rules. Raises LexiconError that names the file and the key which is unknown or malformed."""
    text = (resources.files("pipeline.lexicon") / "pages.toml").read_text(encoding="utf-8")
    try:
        return Rules.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise LexiconError(f"lexicon/pages.toml: {error}") from error
