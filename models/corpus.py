"""Training, development and test corpora: projected treebanks as spaCy examples.

The gold text is cut by the tokenizer of the product, so training and use see the same tokens.
"""

# spaCy's compiled modules carry no types:
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownParameterType=false
# pyright: reportUnknownArgumentType=false, reportPrivateImportUsage=false

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.vocab import Vocab

from models.augment import Augmenter
from models.conllu import Sentence, TreebankError, read
from models.projection import SPACE_TAG, Node, check, project
from pipeline.tokenizer import customize, make_tokenizer

HERE = Path(__file__).parent
FRAMES = "frames.txt"
# One in `PUD_PARTS` documents of PUD is kept for testing; the others are trained on.
PUD_PARTS = 4


@dataclass(frozen=True, slots=True)
class Tree:
    """A projected sentence and how it joins the one before it."""

    source: Sentence
    nodes: tuple[Node, ...]


def frames(path: Path = HERE / FRAMES) -> list[Tree]:
    """Our own annotated sentences. Raises `TreebankError` when a line is no tree."""
    found: list[Tree] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        rows = [item.split() for item in line.split("; ")]
        nodes: list[Node] = []
        for index, (form, tag, head, dep) in enumerate(rows):
            follows = index + 1 < len(rows) and not rows[index + 1][0].startswith("=")
            form = form.removeprefix("=")
            nodes.append(Node(form, follows, form, "X", tag, int(head) - 1 if int(head) else index, dep))
        text = "".join(node.text + " " * node.space for node in nodes)
        source = Sentence(path.name, str(number), str(number), text, (), True, True)
        check(source, nodes)
        found.append(Tree(source, tuple(nodes)))
    return found


def crossing() -> frozenset[str]:
    """Ids of the sentences whose words and tokens may cross."""
    return frozenset(tomllib.loads((HERE / "exceptions.toml").read_text(encoding="utf-8"))["crossing"])


def trees(path: Path, vocab: Vocab | None = None) -> list[Tree]:
    """All sentences of a file over our tokens. Raises `TreebankError`; nothing is skipped.

    PUD is one file of test data: `en_pud-test.conllu.gz#train` and `#test` name our parts of it, by document.
    """
    name, _, part = path.name.partition("#")
    sentences = list(read(path.with_name(name)))
    if part:
        order = {doc: index for index, doc in enumerate(dict.fromkeys(sentence.doc for sentence in sentences))}
        wanted = part == "test"
        sentences = [sentence for sentence in sentences if (order[sentence.doc] % PUD_PARTS == 0) == wanted]
    tokenizer = make_tokenizer(vocab or spacy.blank("en").vocab)
    allowed = crossing()
    found: list[Tree] = []
    for sentence in sentences:
        spans = [(token.idx, token.idx + len(token)) for token in tokenizer(sentence.text)]
        found.append(Tree(sentence, tuple(project(sentence, spans, allowed))))
    return found


def join(group: list[tuple[Node, ...]], gaps: list[str], vocab: Vocab) -> Doc:
    """One annotated doc of several trees; `gaps[i]` is the white space after tree i ("", " " or line ends)."""
    rows: list[Node] = []
    starts: list[int] = []
    heads: list[int] = []
    for nodes, gap in zip(group, gaps, strict=True):
        offset = len(rows)
        starts.append(offset)
        rows.extend(nodes)
        heads.extend(offset + node.head for node in nodes)
        if gap.strip(" ") or gap == "":
            rows[-1] = _spaced(rows[-1], False)
        else:
            rows[-1] = _spaced(rows[-1], True)
        if "\n" in gap:
            heads.append(len(rows) - 1)
            rows.append(Node(gap, False, gap, "SPACE", SPACE_TAG, 0, "dep"))
    first = set(starts)
    return Doc(
        vocab,
        words=[node.text for node in rows],
        spaces=[node.space for node in rows],
        tags=[node.tag for node in rows],
        pos=[node.pos for node in rows],
        lemmas=[node.lemma for node in rows],
        heads=heads,
        deps=["ROOT" if node.dep == "root" else node.dep for node in rows],
        sent_starts=[index in first for index in range(len(rows))],
    )


def _spaced(node: Node, space: bool) -> Node:
    return Node(node.text, space, node.lemma, node.pos, node.tag, node.head, node.dep)


def _natural_gap(before: Tree, after: Tree | None) -> str:
    if after is None:
        return ""
    if after.source.new_paragraph:
        return "\n"
    return " " if before.source.space_after else ""


def documents(found: list[Tree], vocab: Vocab) -> Iterator[Doc]:
    """The documents of the treebank as running text: paragraphs are lines."""
    group: list[Tree] = []
    for tree, after in zip(found, [*found[1:], None], strict=True):
        group.append(tree)
        if after is None or after.source.doc != tree.source.doc:
            gaps = [_natural_gap(one, next_) for one, next_ in zip(group, [*group[1:], None], strict=True)]
            yield join([one.nodes for one in group], gaps, vocab)
            group = []


def sentences(found: list[Tree], vocab: Vocab) -> Iterator[Doc]:
    """Every sentence as a document of its own, its text complete."""
    for tree in found:
        yield join([tree.nodes], [""], vocab)


def _example(doc: Doc) -> Example:
    predicted = Doc(doc.vocab, words=[token.text for token in doc], spaces=[bool(token.whitespace_) for token in doc])
    return Example(predicted, doc)


@spacy.registry.readers("infraclaims_train.v1")
def training_reader(
    files: list[str], folder: str, seed: int, most: int, frame_copies: int, limit: int = 0
) -> Callable[[Language], Iterator[Example]]:
    """Reader of augmented training examples, each of 1 to `most` sentences in the order of the text.

    Every call of the reader is one more epoch with variations of its own; epoch n of seed s is always the same.
    Our own sentences come in `frame_copies` times an epoch, each time with other names and quantities.
    `limit` keeps only the first so many sentences of each file (0 keeps all).
    """
    own = frames()
    epoch = 0
    cache: list[list[Tree]] = []

    def corpus(nlp: Language) -> Iterator[Example]:
        nonlocal epoch
        if not cache:
            cache.extend(trees(Path(folder) / file, nlp.vocab)[: limit or None] for file in files)
        rng = random.Random(f"{seed}:{epoch}")  # noqa: S311  # variation, not secrecy
        epoch += 1
        augmenter = Augmenter(nlp.tokenizer, rng)
        groups = [group for found in cache for group in _chunks(found, rng, most)]
        groups += [[tree] for tree in own for _ in range(frame_copies)]
        rng.shuffle(groups)
        for group in groups:
            yield _example(_varied(group, augmenter, nlp.vocab))

    return corpus


def _chunks(found: list[Tree], rng: random.Random, most: int) -> Iterator[list[Tree]]:
    place = 0
    while place < len(found):
        size = rng.randint(1, most)
        group = found[place : place + 1]
        while len(group) < size and place + len(group) < len(found):
            following = found[place + len(group)]
            if following.source.doc != group[0].source.doc:
                break
            group.append(following)
        yield group
        place += len(group)


def _varied(group: list[Tree], augmenter: Augmenter, vocab: Vocab) -> Doc:
    varied = [augmenter(tree.nodes, domain=tree.source.file == FRAMES) for tree in group]
    gaps: list[str] = []
    for tree, after in zip(group, [*group[1:], None], strict=True):
        gap = _natural_gap(tree, after)
        gaps.append(augmenter.line_end() if gap == "\n" else gap)
    doc = join(varied, gaps, vocab)
    # Where a join or a variation would make the tokenizer cut differently, the text stays as the treebank has it.
    if not augmenter.cuts_alike(doc):
        doc = join([tree.nodes for tree in group], [" " if gap else "" for gap in gaps], vocab)
        if not augmenter.cuts_alike(doc):
            doc = join([tree.nodes for tree in group], [*(" " for _ in gaps[1:]), ""], vocab)
    return doc


@spacy.registry.readers("infraclaims_test.v1")
def evaluation_reader(files: list[str], folder: str, limit: int = 0) -> Callable[[Language], Iterator[Example]]:
    """Reader of whole documents as the treebank has them, line ends between paragraphs."""

    def corpus(nlp: Language) -> Iterator[Example]:
        for file in files:
            for doc in documents(trees(Path(folder) / file, nlp.vocab)[: limit or None], nlp.vocab):
                yield _example(doc)

    return corpus


@spacy.registry.callbacks("infraclaims_tokenizer.v1")
def tokenizer_callback() -> Callable[[Language], Language]:
    """Config callback that puts our tokenizer into a new pipeline."""
    return customize


__all__ = ["Tree", "TreebankError", "documents", "evaluation_reader", "sentences", "training_reader", "trees"]
