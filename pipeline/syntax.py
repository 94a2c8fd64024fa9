"""The parse of a sentence, by characters: which clause a word stands in, and which clauses govern it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SUBJECTS = ("nsubj", "nsubj:pass")
_CLAUSES = (
    "ROOT",
    "root",
    "ccomp",
    "xcomp",
    "advcl",
    "acl",
    "acl:relcl",
    "advcl:relcl",
    "parataxis",
    "csubj",
    "csubj:pass",
)
"""Relations whose dependent heads a clause of its own."""
_VERB = "V"


@dataclass(frozen=True, slots=True)
class Tree:
    """A parsed sentence. `heads` index its tokens, a root its own; `starts` and `ends` are characters of the text."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    heads: tuple[int, ...]
    relations: tuple[str, ...]
    tags: tuple[str, ...]

    def token_at(self, offset: int) -> int:
        """The token that holds a character, or the one before it."""
        return max(0, bisect_right(self.starts, offset) - 1)

    def top(self, start: int, end: int) -> int:
        """Of the tokens that begin in `start`..`end`, the one on which the others hang."""
        first, last = self.token_at(start), max(self.token_at(start), self.token_at(end - 1))
        for token in range(first, last + 1):
            if not first <= self.heads[token] <= last or self.heads[token] == token:
                return token
        return last

    def predicate(self, token: int) -> int:
        """The head of the clause that a token stands in."""
        while not self.heads_clause(token):
            token = self.heads[token]
        return token

    def heads_clause(self, token: int) -> bool:
        """Whether a clause hangs on this token."""
        relation = self.relations[token]
        verbal = relation == "conj" and (self.tags[token].startswith(_VERB) or bool(self.children(token, SUBJECTS)))
        return self.heads[token] == token or verbal or relation in _CLAUSES

    def governors(self, token: int) -> Iterator[int]:
        """The heads of the clauses around a token, innermost first."""
        token = self.predicate(token)
        yield token
        while self.heads[token] != token:
            token = self.predicate(self.heads[token])
            yield token

    def children(self, token: int, relations: Sequence[str]) -> list[int]:
        """The tokens that hang on `token` by one of `relations`, in order."""
        return [
            child
            for child, head in enumerate(self.heads)
            if head == token and child != token and self.relations[child] in relations
        ]
