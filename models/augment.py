"""Variations of annotated sentences: the shapes of the domain put into open treebank text."""

# spaCy's compiled modules carry no types:
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownParameterType=false
# pyright: reportUnknownArgumentType=false, reportPrivateImportUsage=false

from __future__ import annotations

import functools
import itertools
import random
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from spacy.tokenizer import Tokenizer
from spacy.tokens import Doc

from models.projection import Node

_Nodes = list[Node]
_ALWAYS_IN_DOMAIN = frozenset({"names", "quantities"})
_SMALL = frozenset({"DT", "IN", "CC", "TO", "PRP$", "POS", "RP"})


@functools.cache
def _data() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "augment.toml").read_text(encoding="utf-8"))


class Augmenter:
    """Varies sentences with the random numbers it is given; the same numbers give the same text."""

    def __init__(self, tokenizer: Tokenizer, rng: random.Random) -> None:
        self._tokenizer = tokenizer
        self._rng = rng
        self._rates: dict[str, float] = _data()["rates"]
        self._parts: dict[str, list[str]] = _data()["parts"]
        self._steps: tuple[tuple[str, Callable[[_Nodes], None]], ...] = (
            ("names", self._name),
            ("quantities", self._quantity),
            ("dashes", self._dash),
            ("title_case", self._title),
            ("no_full_stop", self._unstop),
            ("quotes", self._curl),
        )

    def __call__(self, nodes: tuple[Node, ...], domain: bool = False) -> tuple[Node, ...]:
        """A varied copy; number, order and heads of the tokens stay, except that a last full stop may go.

        A sentence of the domain always gets new names and quantities.
        """
        copy = [replace(node) for node in nodes]
        for rate, step in self._steps:
            if (domain and rate in _ALWAYS_IN_DOMAIN) or self._rng.random() < self._rates[rate]:
                step(copy)
        return tuple(copy)

    def line_end(self) -> str:
        """White space between two paragraphs."""
        return self._rng.choice(("\n", "\n\n")) if self._rng.random() < self._rates["line_ends"] else " "

    def cuts_alike(self, doc: Doc) -> bool:
        """Whether the tokenizer cuts the text of `doc` into the tokens of `doc`."""
        return [token.text for token in self._tokenizer(doc.text)] == [token.text for token in doc]

    def _pick(self, part: str) -> str:
        return self._rng.choice(self._parts[part])

    def _odd_name(self) -> str:
        kind = self._rng.random()
        if kind < 0.3:
            return self._pick("names")
        first, second = self._pick("first"), self._pick("second")
        if kind < 0.5:
            return first + second.capitalize()
        if kind < 0.65:
            return first + second
        if kind < 0.75:
            return first + self._pick("ends")
        if kind < 0.82:
            return first[0].lower() + second.capitalize()
        if kind < 0.9:
            return (first[0] + second[:2]).upper()
        if kind < 0.95:
            return self._pick("models")
        return first + second + ".ai"

    def _name(self, nodes: _Nodes) -> None:
        places = [
            index
            for index, node in enumerate(nodes)
            if node.tag in ("NNP", "NNPS")
            and len(node.text) > 2
            and node.text.isalpha()
            and node.text not in self._parts["calendar"]
        ]
        if not places:
            return
        old = nodes[self._rng.choice(places)].text
        new = self._odd_name()
        for node in nodes:
            if node.text == old and node.tag in ("NNP", "NNPS"):
                node.text, node.lemma, node.tag = new, new, "NNP"

    def _number(self) -> str:
        rng = self._rng
        return rng.choice(
            (
                str(rng.randint(2, 9)), f"{rng.randint(1, 9)}.{rng.randint(1, 9)}", str(rng.randint(10, 999)),
                f"{rng.randint(1, 900)},{rng.randint(0, 9)}00", f"{rng.randint(1, 90)}0",
            )
        )  # fmt: skip

    def _quantity(self, nodes: _Nodes) -> None:
        places = [
            index
            for index, node in enumerate(nodes[:-1])
            if node.tag == "CD" and node.dep in ("nummod", "compound") and node.head > index
        ]
        if not places:
            return
        index = self._rng.choice(places)
        number, follow = nodes[index], nodes[index + 1]
        glued = self._rng.random() < 0.5
        if index and nodes[index - 1].tag == "$":
            nodes[index - 1].text = self._pick("currencies")
        if number.head == index + 1 and follow.tag in ("NN", "NNS") and not _has_other_modifiers(nodes, index):
            if self._rng.random() < 0.65:
                follow.text = self._pick("power_units")
                follow.tag = "NNS" if follow.text.endswith("s") else follow.tag
            else:
                follow.text, glued = self._pick("models") + "s" * (follow.tag == "NNS"), False
        elif number.head == index + 1 and follow.tag == "CD":
            follow.text = self._pick("magnitudes")
        else:
            number.text = number.lemma = self._number()
            return
        number.text = number.lemma = self._number()
        follow.lemma = follow.text
        number.space = follow.text[0].isalpha() and not (glued and len(follow.text) < 4)

    def _dash(self, nodes: _Nodes) -> None:
        for before, node in itertools.pairwise(nodes):
            if node.text in ("-", "--", "–", "—") and before.space and node.space:
                node.text = node.lemma = self._pick("dashes")

    def _title(self, nodes: _Nodes) -> None:
        for node in nodes:
            if node.tag not in _SMALL and node.text[:1].islower() and "'" not in node.text:
                node.text = node.text[0].upper() + node.text[1:]

    def _unstop(self, nodes: _Nodes) -> None:
        last = len(nodes) - 1
        if last > 1 and nodes[last].text == "." and all(node.head != last for node in nodes[:last]):
            nodes.pop()
            nodes[-1].space = False

    def _curl(self, nodes: _Nodes) -> None:
        opened = False
        for node in nodes:
            if node.text == '"':
                opened = not opened if node.tag not in ("``", "''") else node.tag == "``"
                node.text = "“" if opened else "”"
            elif node.text == "'" and node.tag == "``":
                node.text = "‘"
            else:
                node.text = node.text.replace("'", "’")


def _has_other_modifiers(nodes: _Nodes, number: int) -> bool:
    """Whether the noun after `number` is named more closely (an adjective, a compound): then it is no unit."""
    return any(
        node.head == number + 1 and index != number and node.dep in ("amod", "compound", "nmod:poss", "acl:relcl")
        for index, node in enumerate(nodes)
    )
