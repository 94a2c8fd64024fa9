"""A look at every source that writes nothing: what it announces and what is wrong with it."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence

from pipeline.archive import Archive
from pipeline.ingest.config import Config, Source
from pipeline.ingest.context import Clock, Context
from pipeline.ingest.discover import Parser, look
from pipeline.ingest.fetcher import Fetcher
from pipeline.ingest.gate import Gate
from pipeline.ingest.tables import opened
from pipeline.records import Record


class Checked(Record):
    """What a source gave. `wrong` is why it cannot be used, `note` what is odd but harmless."""

    name: str
    found: int = 0
    admitted: int = 0
    newest: dt.date | None = None
    example: str | None = None
    wrong: str | None = None
    note: str | None = None


def check(config: Config, names: Sequence[str], clock: Clock) -> tuple[Checked, ...]:
    """Every source, or those of these names, in the order of the file."""
    chosen = [source for source in config.sources if not names or source.name in names]

    async def look_at_all() -> tuple[Checked, ...]:
        # A state that nobody keeps: the hosts are asked as politely, and nothing is remembered.
        with opened("sqlite://") as engine, Parser() as parser:
            archive = Archive(config.data / "archive", config.user_agent)
            context = Context(config, engine, archive, clock, lambda _: None, "check", clock() + dt.timedelta(days=1))
            async with Fetcher(config.user_agent, clock, networks=config.operation.allow_addresses) as fetcher:
                gate = Gate(context, fetcher)
                return tuple(await asyncio.gather(*(_one(context, gate, parser, source) for source in chosen)))

    return asyncio.run(look_at_all())


async def _one(context: Context, gate: Gate, parser: Parser, source: Source) -> Checked:
    if source.folder is not None:
        folder = context.config.home / source.folder
        if not folder.is_dir():
            return Checked(name=source.name, wrong=f"there is no folder {folder}")
        files = sum(path.is_file() for path in folder.rglob("*"))
        return Checked(name=source.name, found=files, admitted=files)
    found = await look(context, gate, parser, source, {})
    if found.reason:
        return Checked(name=source.name, wrong=f"{found.message} [{found.reason}]")
    entries, today = found.entries or (), context.clock().date()
    kept = [e for e in entries if source.filters.admits(e.url, e.title, e.published, today)]
    nothing = "it announces no pages" if not entries else "its filters leave nothing of it" if not kept else None
    return Checked(
        name=source.name, found=len(entries), admitted=len(kept), wrong=nothing, note=found.message,
        newest=max((e.published for e in entries if e.published), default=None),
        example=kept[0].url if kept else None,
    )  # fmt: skip
