"""How a part of the cleaner says that a page holds no article; `clean` turns it into a Rejected."""

from __future__ import annotations


class Refusal(Exception):  # noqa: N818  # no error: the ordinary answer to a page without an article
    """`reason` is the stable code, `why` a clause for a person ("the file holds no bytes")."""

    def __init__(self, reason: str, why: str) -> None:
        super().__init__(reason, why)
        self.reason = reason
        self.why = why
