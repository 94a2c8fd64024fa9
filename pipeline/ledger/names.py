"""Which names mean one thing: the key of an entity."""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import NamedTuple

from pipeline.ledger.rules import rules


class Named(NamedTuple):
    """Who or what is meant: the gazetteer id if there is one, the name, the type."""

    id: str | None
    name: str
    type: str

    @property
    def key(self) -> str:
        """What it is known by in a ledger."""
        return entity_key(self.id, self.name)


_WORDS = re.compile(r"[^\W_]+")
_POSSESSIVE = re.compile(r"['’]s\b")


@functools.lru_cache(maxsize=65_536)
def entity_key(id: str | None, name: str) -> str:
    """The gazetteer id, or for a thing that has none its normalised name.

    A name loses its legal form and the words that only say that it is a site: "the Granite AI campus" and "Granite" are
    one. A name of nothing but such words keeps them all. The type plays no part: of a name that no list holds, one
    article makes a site and another a company.
    """
    if id:
        return id
    names = rules().names
    words = [names.roman.get(word, word) for word in plain_words(name)]
    if words[:1] == ["the"]:
        words = words[1:]
    kept = [word for word in words if word not in names.legal and word not in names.site]
    return f"name~{' '.join(kept or words) or name.strip()}"


def plain_words(text: str) -> list[str]:
    """The words of a text in lower case, without accents, punctuation or possessive endings."""
    folded = _POSSESSIVE.sub("", text).casefold()
    if folded.isascii():
        return _WORDS.findall(folded)
    folded = unicodedata.normalize("NFKD", folded)
    return _WORDS.findall("".join(char for char in folded if not unicodedata.combining(char)))
