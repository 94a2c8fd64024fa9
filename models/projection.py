"""Gold trees carried over to the tokens of our tokenizer.

Words and tokens are grouped into the smallest stretches on whose outer borders both agree.

- One word, one token: copied.
- One word, several tokens: the last token with a letter or digit is the head part and keeps tag, lemma, arc and
  dependents. The other parts hang on it: as `punct` without letter or digit, as `nummod` if they are a number, else
  as `compound`.
- Several words, one token: the word nearest the root keeps tag and arc; what hung on the others hangs on the token.
- Several words, several tokens whose inner borders cross: an error, unless the sentence is listed in
  `exceptions.toml`; then the words are joined as in the third rule and the whole is cut as in the second.
- White space as a token (runs of spaces, line ends) hangs on the token before it as `dep`, tagged `_SP`.
"""

# spaCy's compiled modules carry no types:
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownParameterType=false
# pyright: reportUnknownArgumentType=false, reportPrivateImportUsage=false

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from models.conllu import Sentence, Word

SPACE_TAG = "_SP"
_PUNCTUATION_TAGS = {"-": "HYPH", "–": "HYPH", "/": ",", ",": ",", "$": "$", "(": "-LRB-", ")": "-RRB-", ".": "."}


@dataclass(slots=True)
class Node:
    """A token of ours with its annotation. `head` indexes the nodes of its sentence; a root is its own head."""

    text: str
    space: bool
    lemma: str
    pos: str
    tag: str
    head: int
    dep: str


def project(sentence: Sentence, spans: list[tuple[int, int]], crossing: frozenset[str] = frozenset()) -> list[Node]:
    """Annotate the tokens at `spans` (character offsets into `sentence.text`).

    `crossing` names the sentences that may hold crossing borders. Raises `TreebankError`.
    """
    words = sentence.words
    owner: dict[int, int] = {}
    nodes: list[Node | None] = [None] * len(spans)
    pending: list[tuple[int, Word]] = []
    solid = [index for index, (start, end) in enumerate(spans) if not sentence.text[start:end].isspace()]
    for group, tokens in _groups(sentence, spans, solid):
        word_index = _top(words, group)
        word = words[word_index]
        if len(tokens) > 1 and len(group) > 1 and sentence.id not in crossing:
            text = sentence.text[spans[tokens[0]][0] : spans[tokens[-1]][1]]
            raise sentence.error(f"token {group[0] + 1}: {text!r}: words and tokens cross")
        head_part = _head_part(sentence.text, spans, tokens)
        owner.update(dict.fromkeys(group, head_part))
        pending.append((head_part, word))
        for token in tokens:
            if token != head_part:
                nodes[token] = _part(sentence.text, spans, token, head_part, word)
    for token, word in pending:
        head = owner[word.head]
        nodes[token] = _node(sentence.text, spans, token, word.lemma, word.upos, word.xpos, head, word.dep)
    for token in range(len(spans)):
        if nodes[token] is None:
            text = sentence.text[slice(*spans[token])]
            nodes[token] = _node(sentence.text, spans, token, text, "SPACE", SPACE_TAG, max(token - 1, 0), "dep")
    done = [node for node in nodes if node is not None]
    check(sentence, done)
    return done


def _groups(
    sentence: Sentence, spans: list[tuple[int, int]], solid: list[int]
) -> Iterator[tuple[list[int], list[int]]]:
    words = sentence.words
    word = place = 0
    while word < len(words) or place < len(solid):
        group, tokens = [], []
        end_of_words = end_of_tokens = -1
        while not group or end_of_words != end_of_tokens or (word < len(words) and words[word].end <= end_of_words):
            if end_of_words <= end_of_tokens or (word < len(words) and words[word].end <= end_of_words):
                if word >= len(words):
                    raise sentence.error(f"text after the last token: {sentence.text[end_of_words:]!r}")
                group.append(word)
                end_of_words = max(end_of_words, words[word].end)
                word += 1
            else:
                if place >= len(solid):
                    raise sentence.error(f"token {group[-1] + 1} lies after the end of the text")
                tokens.append(solid[place])
                end_of_tokens = spans[solid[place]][1]
                place += 1
        yield group, tokens


def _top(words: tuple[Word, ...], group: list[int]) -> int:
    """The word of `group` that is nearest the root."""

    def depth(index: int) -> int:
        steps = 0
        while words[index].head != index and steps <= len(words):
            index, steps = words[index].head, steps + 1
        return steps

    return group[0] if len(group) == 1 else min(group, key=depth)


def _head_part(text: str, spans: list[tuple[int, int]], tokens: list[int]) -> int:
    named = [token for token in tokens if any(char.isalnum() for char in text[slice(*spans[token])])]
    return named[-1] if named else tokens[-1]


def _part(text: str, spans: list[tuple[int, int]], token: int, head: int, word: Word) -> Node:
    form = text[slice(*spans[token])]
    if not any(char.isalnum() for char in form):
        return _node(text, spans, token, form, "PUNCT", _PUNCTUATION_TAGS.get(form, "NFP"), head, "punct")
    if form[0].isdigit():
        return _node(text, spans, token, form, "NUM", "CD", head, "nummod")
    return _node(text, spans, token, form, word.upos, word.xpos, head, "compound")


def _node(
    text: str, spans: list[tuple[int, int]], token: int, lemma: str, pos: str, tag: str, head: int, dep: str
) -> Node:
    start, end = spans[token]
    return Node(text[start:end], text[end : end + 1] == " ", lemma, pos, tag, head, dep)


def check(sentence: Sentence, nodes: list[Node]) -> None:
    """One root, and every token reaches it; else raises `TreebankError`."""
    roots = [index for index, node in enumerate(nodes) if node.head == index]
    if len(roots) != 1:
        raise sentence.error(f"{len(roots)} roots after projection")
    for index in range(len(nodes)):
        seen, at = 0, index
        while nodes[at].head != at:
            at, seen = nodes[at].head, seen + 1
            if seen > len(nodes):
                raise sentence.error(f"token {index + 1}: {nodes[index].text!r} hangs in a circle")
