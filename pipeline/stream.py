"""What the command line and the flow run: worker processes that can be killed, and a memory of the ids seen."""

from __future__ import annotations

import traceback
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.duplicates import mark_duplicates
from pipeline.pool import extract_in_workers
from pipeline.records import Extraction, Page, Rejected
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pipeline.extractor import Pipeline


def extract_stream(pages: Iterable[Page | Rejected], settings: Settings, workers: int = 1) -> Generator[Extraction]:
    """One extraction for each page, in input order, each page within the limits of `settings`.

    The same results as `pipeline.extractor`, from processes of their own: they start with the first result that is
    asked for and end when the stream is exhausted or closed. A page that meets a bug of ours is rejected as
    `internal_error`, so that it costs nobody the rest of a run.
    """
    results = extract_in_workers(pages, settings, build=build, extract=extract_or_reject, workers=workers)
    yield from mark_duplicates(results)


def build(settings: Settings) -> Pipeline:
    """As `pipeline.extractor.build`, imported by the worker alone: the process that starts it does without spaCy."""
    from pipeline.extractor import build

    return build(settings)


def extract_or_reject(page: Page, pipeline: Pipeline) -> Extraction:
    """As `extract_page`; an exception becomes a rejection that says where it was raised."""
    from pipeline.extractor import extract_page

    try:
        return extract_page(page, pipeline)
    except MemoryError:
        raise  # the pool knows what to do with a worker that is out of memory
    except Exception as error:
        return internal_error(page, error)


def internal_error(page: Page, error: Exception) -> Extraction:
    """The rejection of a page that met a bug of ours."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{type(error).__name__} in {Path(frame.filename).name}:{frame.lineno}"
    return Extraction.of_rejected(
        Rejected(source=page.source, reason="internal_error", message=f"{page.source}: {where}: {error}")
    )
