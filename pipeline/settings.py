"""The few settings that a user may change; all of them are in the fingerprint."""

from __future__ import annotations

from pydantic import Field

from pipeline.records import Record


class Settings(Record):
    """Limits and choices of one extraction run."""

    model: str | None = "en_infraclaims"
    """The trained spaCy pipeline that is asked where rules are in doubt: ours, another installed one by its name, or
    a folder; null leaves everything to the rules."""
    evidence_chars: int | None = Field(default=300, ge=0)
    """Longest evidence text kept in a record (cut at a word); null keeps all, 0 keeps only the offsets."""
    max_bytes: int = Field(default=10_000_000, gt=0)
    """Larger pages are rejected unread."""
    max_text_chars: int = Field(default=1_000_000, gt=0)
    """Longer cleaned texts are rejected."""
    max_seconds: float = Field(default=30.0, gt=0)
    """Time for one page, cleaning and annotation together; then its worker is killed and the page rejected."""
