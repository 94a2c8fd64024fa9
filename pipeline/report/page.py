"""The page of the report: one HTML file with its data, style, scripts and libraries inside."""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import hashlib
import json
import string
from importlib import metadata, resources
from pathlib import Path

from pipeline.ledger.store import Ledger
from pipeline.report.payload import payload
from pipeline.store import replacing

PAGE = "index.html"
_LIBRARIES = ("vendor/d3.min.js", "vendor/plot.umd.min.js")
_SCRIPTS = ("dom.js", "evidence.js", "virtual_table.js", "timeline.js", "network.js", "app.js")


def write_report(ledger: Ledger, out: Path, as_of: dt.date | None = None) -> Path:
    """Write `index.html` into the folder `out`; the same ledger gives the same bytes. Returns its path.

    Only its own scripts may run in the page, by their hashes; it may load nothing. What comes from articles is in the
    packed data alone, and its scripts put it into the page as text.
    """
    day = as_of.isoformat() if as_of else ledger.last_published()
    out.mkdir(parents=True, exist_ok=True)
    with replacing([out / PAGE]) as (file,):
        file.write(page(json.dumps(payload(ledger, day), ensure_ascii=False, separators=(",", ":"))).encode())
    return out / PAGE


def page(data: str) -> str:
    """The page around its data, a JSON text."""
    libraries = [_asset(name) for name in _LIBRARIES]
    scripts = [*libraries, "\n".join(map(_asset, _SCRIPTS))]
    packed = gzip.compress(data.encode("utf-8", "replace"), compresslevel=6, mtime=0)
    return string.Template(_asset("report.html")).substitute(
        style=_asset("report.css"),
        hashes=" ".join(f"'{_hash(script)}'" for script in scripts),
        data=base64.b64encode(packed).decode(),
        scripts="\n".join(f"<script>{script}</script>" for script in scripts),
        versions=f"infraclaims {metadata.version('infraclaims')}. Charts: Observable Plot and D3, ISC licence.",
    )


def _asset(name: str) -> str:
    return (resources.files("pipeline.report") / "assets" / name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
