"""What a stranger sends, and what an operator's secrets must not do; the threats are listed in docs/security.md."""

from __future__ import annotations

import datetime as dt
import gzip
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from pipeline.cli import main
from pipeline.ingest import config, tables
from pipeline.ingest.config import Webhook
from pipeline.ingest.health import SourceHealth, Status
from pipeline.ingest.terminal import status_view
from pipeline.records import Page, Rejected
from pipeline.settings import Settings
from pipeline.sources.archive import ArchiveError, open_shard, plan
from pipeline.sources.archive import _name as shard_name

ROOT = Path(__file__).parent.parent
PASSWORD = "hunter2-correct-horse"


def sources_file(home: Path, *, url: str = "https://a.example/feed", more: str = "", operation: str = "") -> Path:
    path = home / "sources.toml"
    path.write_text(
        f'[operation]\ncontact = "desk@a.example"\n{operation}\n{more}\n'
        f'[[sources]]\nname = "wire"\nkind = "feed"\nurl = "{url}"\n'
    )
    return path


@pytest.mark.parametrize("address", [
    f"https://desk:{PASSWORD}@a.example/feed",
    f"https://{PASSWORD}@a.example/",
    f"ftp://desk:{PASSWORD}@a.example/feed",
    f"desk:{PASSWORD}@a.example/feed",
])  # fmt: skip
@pytest.mark.parametrize("place", ["source", "webhook"])
def test_credentials_in_an_address_are_refused_and_not_repeated(tmp_path: Path, address: str, place: str):
    path = (
        sources_file(tmp_path, url=address)
        if place == "source"
        else sources_file(tmp_path, more=f'[webhook]\nurl = "{address}"')
    )
    done = CliRunner().invoke(main, ["status", "--sources", str(path)])
    assert done.exit_code == 2
    assert "credentials" in done.output
    assert PASSWORD not in done.output


@pytest.mark.parametrize("address", ["https://a.example/@desk/feed", "https://a.example/feed?by=desk@b.example"])
def test_an_at_sign_elsewhere_is_no_credential(tmp_path: Path, address: str):
    assert config.load(sources_file(tmp_path, url=address)).sources[0].url == address


@pytest.mark.parametrize("url", [
    f"postgresql+psycopg://desk:{PASSWORD}@127.0.0.1:1/claims",
    f"postgres//desk:{PASSWORD}@127.0.0.1",
    f"postgresql://desk:{PASSWORD}@127.0.0.1:port/claims",
    f"nosuchthing://desk:{PASSWORD}@127.0.0.1/claims",
])  # fmt: skip
def test_a_database_that_cannot_be_opened_keeps_its_password(tmp_path: Path, url: str):
    path = sources_file(tmp_path, operation=f'state_url = "{url}"')
    done = CliRunner().invoke(main, ["status", "--sources", str(path)])
    assert done.exit_code == 3, done.output
    assert "the run could not go on" in done.output
    assert PASSWORD not in done.output
    with pytest.raises(tables.StateError) as told, tables.opened(url):
        pass
    assert PASSWORD not in str(told.value)
    assert PASSWORD not in repr(told.value.__context__ if not told.value.__suppress_context__ else None)


@pytest.mark.parametrize("uri", [f"https://desk:{PASSWORD}@a.example/a.warc.gz", f"s3://KEY:{PASSWORD}@bucket/a.warc"])
def test_an_archive_is_not_named_with_its_credentials(uri: str):
    with pytest.raises(ArchiveError, match="credentials") as told:
        plan([uri])
    assert PASSWORD not in str(told.value)


def test_a_log_names_the_host_of_a_webhook_and_not_its_path():
    assert Webhook(url=f"https://hooks.example/services/{PASSWORD}?key={PASSWORD}").receiver == "hooks.example"


@pytest.mark.parametrize("verb", [["extract"], ["explain"], ["ledger", "build", "-o", "x"], ["evaluate", "--gold"]])
def test_a_hostile_file_name_is_printed_as_plain_characters(
    verb: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)  # where an output folder is made, it is made there
    done = CliRunner().invoke(main, [*verb, "no\x1b[31m\u202esuch"])
    assert done.exit_code
    assert "\x1b" not in done.output
    assert "\u202e" not in done.output


@pytest.mark.parametrize(
    "name", ["..", "../../../etc/passwd.warc.gz", "a\x1b[31m/../b.jsonl", "-rf.warc", "." * 300 + ".warc"]
)
def test_a_shard_stays_in_the_output_folder_whatever_its_file_is_called(name: str):
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,80}", shard_name(f"s3://bucket/{name}", 0))


def test_a_line_of_an_archive_that_unpacks_to_too_much_is_left_out(tmp_path: Path):
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"text":"' + b"a" * 90_000_000 + b'"}\n{"text": "Tarn opened."}\n', 1))
    (shard,) = plan([str(path)])
    with open_shard(shard, Settings()) as opened:
        first, second = opened.pages
    assert isinstance(first, Rejected)
    assert first.reason == "too_large"
    assert isinstance(second, Page)


def test_an_alert_shows_no_control_characters():
    now = dt.datetime(2026, 3, 5, tzinfo=dt.UTC)
    hostile = "has failed for 4 days: \x1b]0;owned\x07\x1b[31m\u202e"
    source = SourceHealth.model_construct(
        name="wire", kind="feed", found=0, waiting=0, checked=None, newest=None, failing_since=now, message=hostile,
        alert=hostile,
    )  # fmt: skip
    status = Status.model_construct(
        sources=(source,), runs=(), pages={}, stuck={}, claims=0, oldest_waiting=None, deliveries={}
    )
    console = Console(width=200)
    with console.capture() as shown:
        console.print(status_view(status, now))
    assert "alert: wire" in shown.get()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", shown.get())


def test_no_verb_writes_csv():
    sources = (path.read_text("utf-8") for path in (ROOT / "pipeline").rglob("*.py"))
    assert not [text for text in sources if re.search(r"^\s*(?:import csv|from csv)|FORMAT csv|to_csv", text, re.M)]


def test_every_threat_names_a_test_that_there_is():
    listed = re.findall(r"`(tests/test_\w+\.py)::(\w+)`", (ROOT / "docs/security.md").read_text("utf-8"))
    assert len(listed) > 25
    for file, name in listed:
        assert f"def {name}(" in (ROOT / file).read_text("utf-8"), f"{file}::{name}"
