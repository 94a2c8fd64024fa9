"""The one place that asks what time it is; everything else is given a clock."""

from __future__ import annotations

import datetime as dt


def utc_now() -> dt.datetime:
    """The time now, in UTC."""
    return dt.datetime.now(dt.UTC)  # noqa: TID251
