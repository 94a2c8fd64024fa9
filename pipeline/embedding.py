"""How a trained pipeline sees a word: its form where it is known, its ends, its shape and the white space always.

Words that the training text holds fewer than twice are all one unknown word, as is every other word in use, so the
weights have learned what to do without the form. Ends are read without case, and digits as one digit.
"""

# spaCy's compiled modules and thinc's layers carry no types:
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownParameterType=false
# pyright: reportUnknownArgumentType=false, reportUnknownLambdaType=false

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from spacy.attrs import NORM, ORTH, SPACY
from spacy.strings import get_string_id
from spacy.tokens import Doc
from spacy.util import registry
from thinc.api import HashEmbed, Maxout, Model, chain, concatenate, list2ragged, ragged2list, with_array

LAYER = "infraclaims_words"
# Of a word seen n times in training, its form is hidden in HIDE / (HIDE + n) of the updates.
HIDE = 0.25
_SPACES = 4
_DIGITS = re.compile(r"\d")


@functools.lru_cache(maxsize=1 << 16)
def _ends(text: str) -> tuple[int, ...]:
    """Hashes of the first three, the last two, three and four characters, and of the shape."""
    plain = _DIGITS.sub("0", text.lower())
    shape = re.sub(r"(.)\1{2,}", r"\1\1\1", "".join(_kind(char) for char in text[:40]))
    return tuple(get_string_id(part) for part in (f"p{plain[:3]}", f"2{plain[-2:]}", plain[-3:], plain[-4:], shape))


def _kind(char: str) -> str:
    if char.isalpha():
        return "X" if char.isupper() else "x"
    return "d" if char.isdigit() else char


def words() -> Model[list[Doc], list[Any]]:
    """Docs to one array a Doc of shape (tokens, 7), type uint64: form or 0, the hashes of `_ends`, and 2 where white
    space follows, else 1."""
    return Model(LAYER, _forward, attrs={"known": b"", "hidden": b""})


def learn_words(model: Model[Any, Any], counts: dict[int, int]) -> None:
    """Give the layer the forms (ids of norms) that it may use, with how often training sees them."""
    kept = sorted(norm for norm, count in counts.items() if count > 1)
    for layer in model.walk():
        if layer.name == LAYER:
            layer.attrs["known"] = np.array(kept, dtype="uint64").tobytes()
            rates = [HIDE / (HIDE + counts[norm]) for norm in kept]
            layer.attrs["hidden"] = np.array(rates, dtype="float32").tobytes()


def _forward(model: Model[Any, Any], docs: list[Doc], is_train: bool) -> tuple[list[Any], Callable[[Any], list[Any]]]:
    known = np.frombuffer(model.attrs["known"], dtype="uint64")
    hidden = np.frombuffer(model.attrs["hidden"], dtype="float32")
    found: list[Any] = []
    for doc in docs:
        ids: Any = doc.to_array([ORTH, NORM, SPACY])
        rows: Any = np.zeros((len(doc), 7), dtype="uint64")
        if len(doc):
            rows[:, 6] = ids[:, 2] + np.uint64(1)
            rows[:, 1:6] = [_ends(doc.vocab.strings[orth]) for orth in ids[:, 0]]
        if len(known) and len(doc):
            places = np.minimum(np.searchsorted(known, ids[:, 1]), len(known) - 1)
            use = known[places] == ids[:, 1]
            if is_train:
                use &= np.random.uniform(size=len(doc)) >= hidden[places]
            rows[:, 0] = np.where(use, ids[:, 1], np.uint64(0))
        found.append(model.ops.asarray(rows))
    return found, lambda _: []


@registry.architectures("infraclaims_embed.v1")
def embed(width: int, form: int, end: int, rows: list[int]) -> Model[list[Doc], list[Any]]:
    """Word vectors of `width` from a table of `form` columns for forms and five of `end` columns for ends and shape.

    `rows` are the rows of these tables, in the order of `words`. A seventh number adds one of four columns for the
    white space: it tells a dash from a hyphen and an opening quotation mark from a closing one.
    """
    sizes = [form, *[end] * 5, _SPACES][: len(rows)]
    tables = [
        HashEmbed(size, count, column=column, seed=7 + column, dropout=0.0)
        for column, (size, count) in enumerate(zip(sizes, rows, strict=True))
    ]
    return chain(
        words(),
        list2ragged(),
        with_array(concatenate(*tables)),
        with_array(Maxout(width, sum(sizes), nP=3, dropout=0.0, normalize=True)),
        ragged2list(),
    )
