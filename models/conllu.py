"""CoNLL-U files as sentences of words with character offsets."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


class TreebankError(ValueError):
    """A treebank file that cannot be read or projected; the message names file, sentence and token."""


@dataclass(frozen=True, slots=True)
class Word:
    """A syntactic word. `head` indexes the words of the sentence from 0; a root is its own head."""

    start: int
    end: int
    lemma: str
    upos: str
    xpos: str
    head: int
    dep: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """One annotated sentence; offsets of its words count characters of `text`."""

    file: str
    id: str
    doc: str
    text: str
    words: tuple[Word, ...]
    new_paragraph: bool
    space_after: bool

    def error(self, message: str) -> TreebankError:
        """An error that says where it happened."""
        return TreebankError(f"{self.file}: {self.id}: {message}")


def read(path: Path) -> Iterator[Sentence]:
    """The sentences of a `.conllu` or `.conllu.gz` file, in order. Raises `TreebankError`."""
    opener = gzip.open if path.suffix == ".gz" else open
    doc, paragraph = "", True
    comments: dict[str, str] = {}
    rows: list[list[str]] = []
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in (*lines, "\n"):
            line = line.rstrip("\n")
            if line.startswith("#"):
                key, _, value = line[1:].partition("=")
                comments[key.strip()] = value.strip()
                # "newpar id = x", "newpar_block = x" and a bare "newpar" all open a paragraph.
                paragraph |= key.strip().startswith(("newpar", "newdoc"))
                doc = value.strip() if key.strip() == "newdoc id" else doc
            elif line:
                rows.append(line.split("\t"))
            elif rows:
                yield _sentence(path.name, doc, comments, rows, paragraph)
                comments, rows, paragraph = {}, [], False


def _sentence(file: str, doc: str, comments: dict[str, str], rows: list[list[str]], paragraph: bool) -> Sentence:
    where = f"{file}: {comments.get('sent_id', '?')}"
    text = comments.get("text", "")
    spans: dict[str, tuple[int, int]] = {}
    place, inside = 0, 0
    for row in rows:
        if len(row) != 10:
            raise TreebankError(f"{where}: a row of {len(row)} columns: {row[0]}")
        number, form = row[0], row[1]
        if "." in number:
            continue
        if "-" in number:
            first, last = map(int, number.split("-"))
            parts = [other for other in rows if other[0].isdigit() and first <= int(other[0]) <= last]
            start = _find(text, form, place, where, number)
            place, inside = start + len(form), last
            spans |= _inner(parts, start, form)
        elif int(number) > inside:
            start = _find(text, form, place, where, number)
            place = start + len(form)
            spans[number] = (start, place)
    words = tuple(
        Word(*spans[row[0]], row[2], row[3], row[4], (int(row[6]) or int(row[0])) - 1, row[7])
        for row in rows
        if row[0].isdigit()
    )
    last = next(row for row in reversed(rows) if row[0].isdigit())
    covering = next((row for row in rows if row[0].endswith(f"-{last[0]}")), last)
    return Sentence(
        file, comments.get("sent_id", "?"), doc, text, words, paragraph, "SpaceAfter=No" not in covering[9].split("|")
    )


def _find(text: str, form: str, place: int, where: str, number: str) -> int:
    start = text.find(form, place)
    if start < 0 or text[place:start].strip():
        raise TreebankError(f"{where}: token {number} {form!r} does not continue the text at {place}")
    return start


def _inner(parts: list[list[str]], start: int, form: str) -> dict[str, tuple[int, int]]:
    """Offsets of the words of a multiword token; words that do not spell it are all given the whole of it."""
    if "".join(part[1] for part in parts) != form:
        return {part[0]: (start, start + len(form)) for part in parts}
    spans: dict[str, tuple[int, int]] = {}
    for part in parts:
        spans[part[0]] = (start, start + len(part[1]))
        start += len(part[1])
    return spans
