"""New names for old ones: what is learned is the shape of a sentence, not a list of names."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable
from pathlib import Path

from models.names import Marked, data

HERE = Path(__file__).parent


class Renamer:
    """Varies marked sentences with the random numbers it is given; the same numbers give the same text."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._parts: dict[str, list[str]] = data()["parts"]
        self._odd: dict[str, list[str]] = tomllib.loads((HERE / "augment.toml").read_text(encoding="utf-8"))["parts"]
        self._kinds: dict[str, Callable[[str], str]] = {
            "ORG": self._company,
            "PERSON": self._person,
            "GPE": self._place,
            "FAC": self._site,
            "PRODUCT": self._product,
        }

    def __call__(self, item: Marked) -> Marked:
        """A copy in which every name is another of its kind, one name the same everywhere in the sentence."""
        rates = data()["rates"]
        if self._rng.random() < rates["renamed"]:
            item = self._renamed(item)
        if self._rng.random() < rates["upper"] and item.text.isascii():
            item = Marked(item.where, item.text.upper(), item.names)
        return item

    def _renamed(self, item: Marked) -> Marked:
        made: dict[tuple[str, str], str] = {}
        text, names, place = "", list[tuple[int, int, str]](), 0
        for start, end, label in item.names:
            old = item.text[start:end]
            new = old if label not in self._kinds else made.setdefault((old, label), "") or self._kinds[label](old)
            made[old, label] = new
            text += item.text[place:start]
            names.append((len(text), len(text) + len(new), label))
            text, place = text + new, end
        return Marked(item.where, text + item.text[place:], tuple(names))

    def _pick(self, part: str) -> str:
        return self._rng.choice(self._parts[part])

    def _coined(self) -> str:
        return self._pick("start") + self._pick("middle") + self._pick("end")

    def _odd_name(self) -> str:
        first, second = self._rng.choice(self._odd["first"]), self._rng.choice(self._odd["second"])
        return self._rng.choice(
            (
                first + second.capitalize(), first + second, first + self._rng.choice(self._odd["ends"]),
                first[0].lower() + second.capitalize(), first.lower() + second.capitalize(), f"{first}{second}.ai",
            )
        )  # fmt: skip

    def _initials(self) -> str:
        return "".join(self._rng.choice("ABCDEFGHIKLMNOPRSTVX") for _ in range(self._rng.randint(2, 4)))

    def _town(self) -> str:
        if self._rng.random() < 0.5:
            return self._pick("abroad_start") + self._pick("abroad_end")
        return (self._pick("start") + self._pick("tail")).capitalize()

    def _company(self, old: str) -> str:
        word = self._pick("word")
        stem = self._rng.choice((self._coined(), word, word + self._pick("word").lower(), self._coined(), self._town()))
        kind = self._rng.random()
        if kind < 0.30:
            return stem
        if kind < 0.60:
            return f"{stem} {self._pick('trade')}"
        if kind < 0.72:
            return self._odd_name()
        if kind < 0.78:
            return f"{word} {self._pick('word')} {self._pick('trade')}"
        if kind < 0.83:
            return self._initials()
        if kind < 0.87:
            return f"{stem} {self._pick('legal')}" if not old.endswith(".") else f"{stem} Inc."
        if kind < 0.91:
            return f"{self._rng.choice((self._pick('place'), self._town()))} {self._pick('bodies')}"
        if kind < 0.95:
            return (
                f"{self._pick('last')} {self._rng.choice(('& ' + self._pick('last'), 'Partners', 'Capital', 'Group'))}"
            )
        return f"{self._rng.choice((self._pick('place'), self._town()))} {self._pick('trade')}"

    def _person(self, old: str) -> str:
        if " " not in old:
            return self._pick("last")
        middle = self._rng.choice(("", "", "", " " + self._rng.choice("ABCDEFGHJKLMNPRSTW") + "."))
        return f"{self._pick('first')}{middle} {self._pick('last')}"

    def _place(self, old: str) -> str:
        kind = self._rng.random()
        if kind < 0.55:
            return self._pick("place")
        if kind < 0.8:
            return self._town()
        if kind < 0.93 or "County" in old:
            return f"{self._rng.choice((self._town(), self._pick('last')))} {self._pick('ground')}"
        return f"{self._pick('word')} {self._pick('ground')}"

    def _site(self, old: str) -> str:
        kind = self._rng.random()
        word, myth = self._pick("word"), self._pick("mythic")
        if kind < 0.2:
            return myth
        if kind < 0.35:
            return f"{self._rng.choice((myth, word))} {self._rng.randint(1, 4)}"
        if kind < 0.45:
            return f"Project {self._rng.choice((myth, word))}"
        if kind < 0.5:
            return word
        if kind < 0.62:
            return self._town()
        if kind < 0.75:
            return f"{word} {self._rng.choice((self._pick('word'), self._pick('ground')))}"
        stem = self._rng.choice((self._town(), f"{word} {self._pick('word')}", word))
        return stem if old[-1:].isdigit() else f"{stem} {self._pick('site_kinds')}"

    def _product(self, old: str) -> str:
        kind, rng = self._rng.random(), self._rng
        plural = "s" * (old.endswith("s") and old[-2:-1].isdigit())
        if kind < 0.5:
            return rng.choice(self._odd["models"]) + plural
        if kind < 0.75:
            return f"{rng.choice('ABDGHMRTVX')}{rng.randint(1, 9)}{rng.choice(('', '0', '00', '50'))}{plural}"
        return f"{rng.choice((self._coined(), self._pick('mythic')))}{rng.choice(('-', ' '))}{rng.randint(1, 9)}"
