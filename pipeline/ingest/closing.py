"""Begin and end of a run in the state, and what its end brings about: views, deliveries, alerts, a report."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from sqlalchemy import select
from sqlalchemy.engine import Connection

from pipeline.ingest import books, health, publish, webhook
from pipeline.ingest.context import Context, Event
from pipeline.ingest.health import SourceHealth
from pipeline.ingest.run import SHOWN, BatchReport, Extract, discover_all, run_batch
from pipeline.ingest.tables import documents, runs, terms
from pipeline.records import Claim, Record
from pipeline.settings import Settings
from pipeline.store import Summary


class RunReport(Record):
    """What a run did."""

    id: str
    new_pages: int
    batches: int
    summary: Summary
    claims: tuple[Claim, ...]
    """Some of them, for a person; the files hold all."""
    sources: tuple[SourceHealth, ...]
    waiting: int
    delivered: int
    undelivered: int
    seconds: float

    @property
    def alerts(self) -> tuple[str, ...]:
        """One sentence for each source that needs somebody."""
        return tuple(f"{source.name}: {source.alert}" for source in self.sources if source.alert)


def ingest(context: Context, settings: Settings, extract: Extract) -> RunReport:
    """A whole run: discover, then batches until nothing is due or the time is up."""
    return drive(
        context,
        discover=lambda: discover_all(context, settings),
        batch=lambda number: run_batch(context, number, extract),
        finish=lambda new, reports: finish(context, new, reports),
    )


def drive(
    context: Context,
    *,
    discover: Callable[[], int],
    batch: Callable[[int], BatchReport | None],
    finish: Callable[[int, list[BatchReport]], RunReport],
) -> RunReport:
    """The order of a run's stages, for those who put something around each."""
    begin(context)
    new = discover()
    reports: list[BatchReport] = []
    while not context.late():
        report = batch(len(reports) + 1)
        if report is None or not report.moved:
            break
        reports.append(report)
    return finish(new, reports)


def begin(context: Context) -> None:
    """Note that a run has begun."""
    with context.engine.begin() as db:
        db.execute(runs.insert().values(id=context.worker, began=context.now()))


def finish(context: Context, new: int, reports: Sequence[BatchReport]) -> RunReport:
    """Renew what people read, tell the webhook, forget what is old, note and report the outcome."""
    _renew_views(context)
    sent, failed = _deliver(context)
    counts = total(report.summary for report in reports)
    with context.engine.begin() as db:
        old = select(documents.c.id).where(documents.c.at < context.now() - books.COPY_SECONDS)
        db.execute(terms.delete().where(terms.c.document.in_(old)))
        status = health.status(db, context.config, context.now())
        numbers = {**counts.model_dump(), "new_pages": new}
        mine = runs.update().where(runs.c.id == context.worker)
        db.execute(mine.values(ended=context.now(), outcome="done", counts=json.dumps(numbers)))
        began = db.scalar(select(runs.c.began).where(runs.c.id == context.worker)) or context.now()
    report = RunReport(
        id=context.worker, new_pages=new, batches=len(reports), summary=counts,
        claims=tuple(claim for each in reports for claim in each.claims)[:SHOWN], sources=status.sources,
        waiting=status.pages.get("found", 0), delivered=sent, undelivered=failed,
        seconds=round(max(0.0, context.now() - began), 1),
    )  # fmt: skip
    for alert in report.alerts:
        context.report(Event(stage="alert", subject=alert.partition(":")[0], outcome="alert", message=alert))
    context.report(
        Event(stage="end", subject=context.worker, outcome="done", count=counts.claims, seconds=report.seconds)
    )
    return report


def total(summaries: Iterable[Summary]) -> Summary:
    """The sum of the counts."""
    counts: Counter[str] = Counter()
    for each in summaries:
        counts.update(each.model_dump())
    return Summary(**counts)


def _renew_views(context: Context) -> None:
    def asked(question: Callable[[Connection, float], set[str]], since: float) -> set[str]:
        with context.engine.begin() as db:
            return question(db, since)

    publish.renew_views(
        context.config.data, context.config.operation, context.clock().date(),
        partial(asked, books.superseded), partial(asked, books.repeated),
    )  # fmt: skip


def _deliver(context: Context) -> tuple[int, int]:
    hook = context.config.webhook
    if hook is None:
        return 0, 0
    try:
        key = webhook.secret(hook, os.environ)
    except webhook.SecretError as error:
        context.report(Event(stage="deliver", subject=hook.receiver, outcome="no_secret", message=str(error)))
        return 0, 0
    sent, failed = webhook.deliver(context.engine, hook, key, context.now, context.late)
    if sent or failed:
        outcome = "put_off" if failed else "sent"
        context.report(Event(stage="deliver", subject=hook.receiver, outcome=outcome, count=sent))
    return sent, failed
