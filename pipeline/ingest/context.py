"""What every stage of a run is given, and how it says what happened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from sqlalchemy.engine import Engine

from pipeline.archive import Archive
from pipeline.ingest.config import Config
from pipeline.ingest.queue import Lease
from pipeline.records import Record

Clock = Callable[[], dt.datetime]


class Event(Record):
    """One thing that happened. `outcome` is a stable code; `subject` names a source, a page, a batch or a file."""

    stage: Literal["start", "discover", "fetch", "extract", "publish", "deliver", "alert", "end"]
    subject: str
    outcome: str
    message: str | None = None
    count: int | None = None
    seconds: float | None = None
    source: str | None = None


@dataclass(frozen=True)
class Context:
    """The parts of a run: its settings, its state, its archive, its clock and who listens."""

    config: Config
    engine: Engine
    archive: Archive
    clock: Clock
    report: Callable[[Event], None]
    worker: str
    deadline: dt.datetime
    turns: dict[str, float] = field(default_factory=dict[str, float])
    """When each host may be asked again, in seconds of the monotonic clock: what one stage leaves to the next."""

    @cached_property
    def lease(self) -> Lease:
        """The hosts that this run's worker has."""
        return Lease(self.worker)

    def now(self) -> float:
        """Seconds since 1970."""
        return self.clock().timestamp()

    def late(self) -> bool:
        """Whether the run should begin nothing new."""
        return self.clock() >= self.deadline
