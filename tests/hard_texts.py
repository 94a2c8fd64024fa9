"""Texts that are hard for one regular expression, read off the expression itself.

What makes a matcher slow is a repetition that it takes up again from many places, or gives back bit by bit. So for
each repetition of the expression there are texts of what it repeats, with and without what leads up to it, and of
what leads up to it alone; besides them, runs of one character of each class, and near matches, again and again.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

_ALPHABET = "aAzZ09 \n,.-_'’\"–—:;!?()[]<>/\\=*#|&$%+~•é\t@"
_REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)
_ITEMS = (op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN)
_BRANCHES = 6
_LEAST = 40
"""Branches that are looked into, and repetitions at most in a near match."""


class Unit(NamedTuple):
    """A text of any length: what is repeated, between a head and a tail."""

    head: str
    body: str
    tail: str

    def of_length(self, length: int) -> str:
        """The text with so many characters, about."""
        return self.head + self.body * max(1, (length - len(self.head) - len(self.tail)) // len(self.body)) + self.tail


def hard_texts(pattern: re.Pattern[Any], most: int) -> list[Unit]:
    """At most so many texts, the same each time."""
    maker = _Maker(pattern)
    found = [unit for unit in dict.fromkeys(maker.units()) if unit.body]
    return found if len(found) <= most else random.Random(0).sample(found, most)


class _Maker:
    def __init__(self, pattern: re.Pattern[Any]):
        self._random = random.Random(0)
        self._tree = parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
        self._groups: dict[int, str] = {}

    def units(self) -> Iterator[Unit]:
        for char in self._classes(self._tree):
            yield Unit("", char, "")
        for lead, body in self._repetitions(self._tree, ""):
            for piece in sorted(self._pieces(body)):
                yield from (Unit(lead, piece, "\0"), Unit("", lead + piece, ""), Unit("", piece, ""))
                yield Unit(lead, piece + " ", "")
            yield from (Unit("", lead, ""), Unit("", lead + " ", ""), Unit("", lead[-1:], ""))
        for _ in range(6):
            near = self._sample(self._tree)
            yield from (Unit("", near, ""), Unit("", near[:-1], ""), Unit("", near[1:], ""), Unit("", near + " ", ""))

    def _pieces(self, body: Any) -> set[str]:
        """What a repetition may repeat."""
        if len(body) == 1 and body[0][0] in _ITEMS:
            return set(self._characters(*body[0])[:5])
        return {self._sample(body) for _ in range(3)}

    def _characters(self, kind: Any, value: Any) -> list[str]:
        """One character of each sort that an item takes: letter, capital, digit, space, each sign."""
        if kind is op.LITERAL:
            return [chr(value)]
        if kind is op.ANY:
            return list('a <"')
        if kind is op.NOT_LITERAL:
            return [char for char in _ALPHABET if ord(char) != value][:4]
        inside = [item for item in value if item[0] is not op.NEGATE]
        own = [chr(item if name is op.LITERAL else item[0]) for name, item in inside if name in (op.LITERAL, op.RANGE)]
        negated = len(inside) < len(value)
        fit = [char for char in dict.fromkeys([*own, *_ALPHABET]) if _in_class(char, inside) != negated]
        sorts: dict[str, str] = {}
        for char in fit:
            sorts.setdefault(
                "a" if char.islower() else "A" if char.isupper() else "0" if char.isdigit() else char, char
            )
        return list(sorts.values()) or ["a"]

    def _sample(self, items: Any) -> str:
        """A text that the items match, or nearly."""
        out: list[str] = []
        for kind, value in items:
            if kind in _ITEMS:
                out.append(self._random.choice(self._characters(kind, value)))
            elif kind is op.BRANCH:
                out.append(self._sample(self._random.choice(value[1])))
            elif kind is op.SUBPATTERN:
                out.append(self._sample(value[3]))
                self._groups[value[0]] = out[-1]
            elif kind is op.GROUPREF:
                out.append(self._groups.get(value, ""))
            elif kind in _REPEATS:
                low, high, body = value
                times = min(int(high), min(low, _LEAST) + self._random.choice((0, 1, 1, 2)))
                out.extend(self._sample(body) for _ in range(times))
            elif kind is op.ATOMIC_GROUP:
                out.append(self._sample(value))
            elif kind is op.ASSERT and value[0] < 0:
                out.append(self._sample(value[1]))
        return "".join(out)

    def _repetitions(self, items: Any, lead: str) -> Iterator[tuple[str, Any]]:
        """Each repetition with a text that leads up to it."""
        for kind, value in items:
            if kind in _REPEATS and value[1] > 1:
                yield lead, value[2]
            for inner in _inner(kind, value, self._random):
                yield from self._repetitions(inner, lead)
            lead += self._sample([(kind, value)])

    def _classes(self, items: Any) -> list[str]:
        """One character of each class and literal of the expression; of the letters a few."""
        found: dict[str, None] = {}

        def walk(items: Any) -> None:
            for kind, value in items:
                if kind in _ITEMS:
                    found.update(dict.fromkeys(self._characters(kind, value)))
                for inner in _inner(kind, value, None):
                    walk(inner)

        walk(items)
        signs, letters = ([char for char in found if char.isalpha() is letter] for letter in (False, True))
        return [*signs[:14], *letters[:4]]


def _inner(kind: Any, value: Any, rng: random.Random | None) -> list[Any]:
    """The sequences of items that an item holds."""
    if kind is op.BRANCH:
        branches = list(value[1])
        return branches if rng is None or len(branches) <= _BRANCHES else rng.sample(branches, _BRANCHES)
    if kind is op.SUBPATTERN:
        return [value[3]]
    if kind in _REPEATS:
        return [value[2]]
    if kind in (op.ASSERT, op.ASSERT_NOT):
        return [value[1]]
    return [value] if kind is op.ATOMIC_GROUP else []


def _in_class(char: str, items: Any) -> bool:
    code = ord(char)
    for kind, item in items:
        if kind is op.LITERAL and code == item:
            return True
        if kind is op.RANGE and item[0] <= code <= item[1]:
            return True
        if kind is op.CATEGORY:
            name = str(item)
            takes = char.isdigit() if "DIGIT" in name else char.isspace() if "SPACE" in name else char.isalnum()
            if (takes or (char == "_" and "WORD" in name)) != ("NOT" in name):
                return True
    return False
