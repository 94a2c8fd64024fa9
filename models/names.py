"""Text with its names marked: our own sentences, open data and the annotated articles of the corpus.

Names are ORG, PERSON, GPE (any place), FAC (a site, a cluster, a plant) and PRODUCT (a chip, a model). Everything is
cut by the tokenizer of the product; a mark that does not fall on its tokens is an error that names file and line.
"""

# spaCy's compiled modules carry no types:
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownParameterType=false
# pyright: reportUnknownArgumentType=false, reportPrivateImportUsage=false

from __future__ import annotations

import functools
import gzip
import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example

from models.conllu import TreebankError, Word
from models.conllu import read as read_trees

HERE = Path(__file__).parent
_MARK = re.compile(r"\[([OPGSX]) ([^\]]+)\]")
_CASE = re.compile(r"<([a-z]+)[^>]*>(.*?)</>")
_GUM = re.compile(r"\((\d+)-([a-z]+)-[^-()]*-[^-()]*-[^-()]*-([\d,]+)[^()]*|(\d+)\)|\)")


class MarkError(TreebankError):
    """A mark that cannot be read; the message names file and line."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A text and its names as `(start, end, label)`, in characters; the label "" marks what is not known."""

    where: str
    text: str
    names: tuple[tuple[int, int, str], ...]


@functools.cache
def data() -> dict[str, Any]:
    """Labels, rates and the parts of invented names (`names.toml`)."""
    return tomllib.loads((HERE / "names.toml").read_text(encoding="utf-8"))


def sentences(folder: Path = HERE / "names") -> list[Marked]:
    """Our own sentences: every line of `names/*.txt` that is no comment."""
    return [
        marked(f"{path.name}: {number}", line)
        for path in sorted(folder.glob("*.txt"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if line and not line.startswith("#")
    ]


def marked(where: str, line: str) -> Marked:
    """A sentence with marks (`[O Voltara] opened [S Redfern]`), read. Raises `MarkError` for a stray bracket."""
    text, names, place = "", list[tuple[int, int, str]](), 0
    for match in _MARK.finditer(line):
        text += line[place : match.start()]
        names.append((len(text), len(text) + len(match[2]), data()["labels"][match[1]]))
        text, place = text + match[2], match.end()
    text += line[place:]
    if "[" in text or "]" in text:
        raise MarkError(f"{where}: a bracket that is no mark: {line!r}")
    return Marked(where, text, tuple(names))


def cases(path: Path) -> Iterator[Marked]:
    """The sentences of `tests/cases/entities*.txt`, in which all names are marked; papers count as companies."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        text, names, place = "", list[tuple[int, int, str]](), 0
        line = line.partition(" | ")[2].replace("\\n", "\n")
        for match in _CASE.finditer(line):
            text += line[place : match.start()]
            names.append((len(text), len(text) + len(match[2]), data()["map"].get(match[1], "")))
            text, place = text + match[2], match.end()
        yield Marked(f"{path.name}: {number}", text + line[place:], tuple(names))


def columns(path: Path, documents: frozenset[str] | None = None) -> Iterator[Marked]:
    """Open data, a token a line (CoNLL: form and label; IOB2 of UNER: number, form, label), sentences parted by lines.

    Tokens are joined by spaces, so each begins a token of ours. `documents` keeps those documents of UNER only.
    """
    document, number = "", 0
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for blank, group in groupby(lines, key=lambda line: not line.strip()):
            rows: list[list[str]] = []
            for line in () if blank else group:
                if line.startswith("# "):
                    document = line.partition("newdoc id =")[2].strip() or document
                else:
                    rows.append(line.rstrip("\n").replace("\t", " ").split(" "))
            if rows and (documents is None or document in documents):
                number += 1
                cells = [(row[1], row[2]) if path.name.startswith("uner") else (row[0], row[-1]) for row in rows]
                yield _joined(f"{path.name}: {number}", cells)


def _joined(where: str, cells: Iterable[tuple[str, str]]) -> Marked:
    text, names, open_ = "", list[tuple[int, int, str]](), ""
    for form, tag in cells:
        form = re.sub(r"\s", "_", form)
        start, text = len(text), f"{text}{form} "
        prefix, _, label = tag.partition("-")
        if label and prefix == "I" and label == open_:
            names[-1] = (names[-1][0], start + len(form), names[-1][2])
        elif label:
            names.append((start, start + len(form), data()["map"][label]))
        open_ = label
    return Marked(where, text.rstrip(), tuple(names))


def gum(path: Path) -> Iterator[Marked]:
    """Names among the mentions of GUM: those whose main words are proper nouns, the widest of those that nest.

    Where two mentions come down to the same words ("General Washington" and his "army"), the narrower gives the label.
    """
    entities = _entity_columns(path)
    for sentence in read_trees(path):
        open_: list[tuple[str, str, list[int], int]] = []
        spans: list[tuple[int, int, str]] = []
        for index, column in enumerate(entities[sentence.id]):
            for match in _GUM.finditer(column):
                if match[1]:
                    open_.append((match[1], match[2], [int(n) - 1 for n in match[3].split(",")], index))
                else:
                    at = next((i for i in reversed(range(len(open_))) if match[4] in (None, open_[i][0])), None)
                    if at is not None:
                        _, kind, main, start = open_.pop(at)
                        mention = sentence.words[start : index + 1]
                        spans += _named(mention, kind, [n for n in main if n < len(mention)])
        kept: list[tuple[int, int, str]] = []
        # Narrower mentions close first. A set would leave the choice to the hash seed of the process.
        for start, end, label in sorted(dict.fromkeys(spans), key=lambda span: (span[0] - span[1], span[0])):
            if all(end <= other[0] or other[1] <= start for other in kept):
                kept.append((start, end, label))
        yield Marked(f"{path.name}: {sentence.id}", sentence.text, tuple(sorted(kept)))


def _named(mention: tuple[Word, ...], kind: str, main: list[int]) -> list[tuple[int, int, str]]:
    """The run of proper nouns around the main words of a mention; a building or a park counts as not known."""
    label = data()["map"].get(kind)
    if label is None or not main or mention[main[0]].upos != "PROPN":
        return []
    first, last = main[0], max(n for n in main if mention[n].upos == "PROPN")
    while first > 0 and mention[first - 1].upos == "PROPN":
        first -= 1
    while last + 1 < len(mention) and mention[last + 1].upos == "PROPN":
        last += 1
    return [(mention[first].start, mention[last].end, "" if mention[last].lemma in data()["built"] else label)]


def _entity_columns(path: Path) -> dict[str, list[str]]:
    """By sentence, what column ten says of entities for each of its words."""
    found: dict[str, list[str]] = {}
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        current: list[str] = []
        for line in lines:
            if line.startswith("# sent_id"):
                current = found.setdefault(line.partition("=")[2].strip(), [])
            elif line[:1].isdigit() and (row := line.rstrip("\n").split("\t"))[0].isdigit():
                current.append(next((item[7:] for item in row[9].split("|") if item.startswith("Entity=")), ""))
    return found


def articles(texts: Iterable[tuple[str, str, Path]]) -> Iterator[Marked]:
    """Articles by id and text, with the companies and sites that their annotation file names, a paragraph each.

    Other capitalised words are marked as not known: they may be persons and places, which the annotation leaves out.
    """
    for name, text, gold in texts:
        annotation = json.loads(gold.read_text(encoding="utf-8"))
        listed = {
            form: label
            for key, label in (("companies", "ORG"), ("sites", "FAC"))
            for forms in annotation[key]
            for form in forms
            if any(char.isupper() for char in form)
        }
        forms = "|".join(re.escape(form) for form in sorted(listed, key=lambda form: -len(form)))
        pattern = re.compile(rf"(?<!\w)(?:({forms})|([A-Z]\w*))(?!\w)" if forms else r"(?<!\w)()([A-Z]\w*)(?!\w)")
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                found = ((m.start(), m.end(), listed[m[1]] if m[1] else "") for m in pattern.finditer(line))
                yield Marked(f"{name}: {number}", line, tuple(found))


def example(nlp: Language, item: Marked, *, widen: bool = False) -> Example:
    """The text as a spaCy example; what is not known counts neither for nor against.

    A mark that does not fall on tokens raises `MarkError`, or is widened to them ("I" in "I-244").
    """
    mode = "expand" if widen else "strict"
    doc: Doc = nlp.make_doc(item.text)
    spans: list[Span] = []
    for start, end, label in sorted(item.names, key=lambda name: name[2] == ""):
        span = doc.char_span(start, end, label=label or "UNKNOWN", alignment_mode=mode)
        if span is None:
            raise MarkError(f"{item.where}: {item.text[start:end]!r} does not fall on tokens of {item.text!r}")
        if not any(span.start < other.end and other.start < span.end for other in spans):
            spans.append(span)
    unknown = [span for span in spans if span.label_ == "UNKNOWN"]
    doc.set_ents([span for span in spans if span not in unknown], missing=unknown, default="outside")
    return Example(nlp.make_doc(item.text), doc)
