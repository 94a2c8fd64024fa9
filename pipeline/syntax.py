"""What the parse of a sentence says, in characters: the subject of a clause, and which words govern which.

A parse is evidence and errs; every answer may be None, and then the rules fall back on where the words stand.
"""

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
_NAME = ("flat", "compound", "conj", "appos")
"""Relations inside a noun phrase whose parts stand for it."""
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
        return self.path(token)[0]

    def heads_clause(self, token: int) -> bool:
        """Whether a clause hangs on this token."""
        relation = self.relations[token]
        verbal = relation == "conj" and (self.tags[token].startswith(_VERB) or self._child(token, SUBJECTS) is not None)
        return self.heads[token] == token or verbal or relation in _CLAUSES

    def governors(self, token: int) -> Iterator[int]:
        """The heads of the clauses around a token, innermost first."""
        token = self.predicate(token)
        yield token
        while self.heads[token] != token:
            token = self.predicate(self.heads[token])
            yield token

    def subject(self, token: int) -> int | None:
        """The head of the subject of the clause that a token stands in, that of the governing clause if it shares it."""
        for predicate in self.governors(token):
            own = self._child(predicate, SUBJECTS)
            if own is not None:
                return self._meant(own, predicate)
            if self.relations[predicate] in ("acl", "acl:relcl"):
                return self.heads[predicate]
            if self.relations[predicate] in ("ccomp", "parataxis"):
                return None
        return None

    def _meant(self, subject: int, predicate: int) -> int:
        """The noun that a relative pronoun stands for."""
        relative = self.relations[predicate] == "acl:relcl" and self.tags[subject] in ("WDT", "WP", "PRON")
        return self.heads[predicate] if relative else subject

    def _child(self, token: int, relations: Sequence[str]) -> int | None:
        found = self.children(token, relations)
        return found[0] if found else None

    def stands_for(self, token: int, start: int, end: int) -> bool:
        """Whether the name at `start`..`end` is the noun at `token`, one of several joined in it, or its apposition."""
        inner = self.top(start, end)
        while inner != token and self.relations[inner] in _NAME and self.heads[inner] != inner:
            inner = self.heads[inner]
        return inner == token

    def owns(self, token: int, start: int, end: int) -> bool:
        """Whether the name at `start`..`end` owns or makes the noun at `token` ("Voltara's campus")."""
        inner = self.top(start, end)
        return self.relations[inner] in ("nmod:poss", "compound", "nmod") and self.heads[inner] == token

    def path(self, token: int) -> tuple[int, str]:
        """The head of the clause of a token, and the relation to it of the phrase in which the token stands."""
        relation = "self"
        while not self.heads_clause(token):
            token, relation = self.heads[token], self.relations[token]
        return token, relation

    def children(self, token: int, relations: Sequence[str]) -> list[int]:
        """The tokens that hang on `token` by one of `relations`, in order."""
        return [
            child
            for child, head in enumerate(self.heads)
            if head == token and child != token and self.relations[child] in relations
        ]
