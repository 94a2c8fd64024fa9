"""Faults of the machine, provoked for real: disks that are full or read-only, signals, locks, streams, damaged files.

docs/reliability.md has the table of all faults, with the tests of other modules beside these.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faults import FULL, READ_ONLY, own_mounts, started, wait_for
from ledger_cases import scenario
from test_cli import PAGE, PROGRAM, infraclaims
from test_reextract import run as run_shards
from test_reextract import write_archive

from pipeline import manifest
from pipeline.ledger import store as ledger_store
from pipeline.ledger.store import Ledger, LedgerError
from pipeline.locks import BusyError, no_writer, only_one
from pipeline.records import ArticleRecord
from pipeline.store import open_run, replacing

ROOT = Path(__file__).parent.parent
WRITES = {
    "extract": "extract in -o {disk}/out",
    "extract to a file": "extract in -o {disk}/claims.jsonl",
    "explain": "explain in/a.html --html {disk}/why.html",
    "evaluate": "evaluate gold in --html {disk}/figures.html",
    "merge": "merge archive -o {disk}/merged.jsonl",
    "ledger build": "ledger build claims.txt -o {disk}/ledger",
    "ledger export": "ledger export ledger -o {disk}/tables",
    "ledger export as Parquet": "ledger export ledger -o {disk}/tables --format parquet",
    "report": "report ledger -o {disk}/report",
    "export as Parquet": "export claims.txt -o {disk}/claims.parquet",
    "export as JSON-LD": "export claims.txt -o {disk}/claims.jsonld",
}
"""A call of every verb that writes files, but for those that start Prefect or fetch pages."""
MORE = {"ledger add": "ledger add more.jsonl -o {disk}/ledger"}
"""Calls that need what another has written."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Inputs for every verb, and in `disk` what each wrote while all was well."""
    desk = tmp_path_factory.mktemp("desk")
    claims = [claim.to_json() + "\n" for claim in scenario().claims]
    for name in ("in", "gold", "disk"):
        (desk / name).mkdir()
    (desk / "in" / "a.html").write_text(PAGE)
    (desk / "claims.txt").write_text("".join(claims[:-5]))
    (desk / "more.jsonl").write_text("".join(claims[-5:]))
    (desk / "gold" / "a.json").write_text('{"id": "a"}')
    warcs = write_archive(desk / "warcs")
    run_shards([str(warcs)], desk / "archive")
    assert call(desk, "ledger build claims.txt -o ledger").returncode == 0
    for verb in WRITES.values():
        done = call(desk, verb.format(disk="disk"))
        assert done.returncode == 0, done.stderr
    return desk


def call(folder: Path, words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *words.split()], cwd=folder, env={**os.environ, **environment},
        capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip


@pytest.mark.skipif(not own_mounts(), reason="no mount of one's own is permitted here")
@pytest.mark.parametrize("how", [FULL, READ_ONLY], ids=["full", "read-only"])
@pytest.mark.parametrize("verb", {**WRITES, **MORE})
def test_an_output_that_cannot_be_written_leaves_the_earlier_one(desk: Path, tmp_path: Path, verb: str, how: str):
    """Exit code 2, one message that names the place, no traceback, every earlier file as it was and no new one."""
    for name in ("before", "disk"):
        shutil.copytree(desk / "disk", tmp_path / name)
    for name in ("in", "gold", "archive", "ledger", "claims.txt", "more.jsonl"):
        (tmp_path / name).symlink_to(desk / name)
    sums = "find . -type f ! -name fill ! -name .lock -exec sha256sum {} + | sort"
    script = f'{how} || exit 99\n"$@" > /dev/null 2> told\necho $? > code\ncd disk && {sums} > ../after'
    words = {**WRITES, **MORE}[verb].format(disk="disk").split()
    done = subprocess.run(
        ["unshare", "-rm", "bash", "-c", script, "bash", PROGRAM, *words],
        cwd=tmp_path,
        check=False,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    told = (tmp_path / "told").read_text()
    assert (tmp_path / "code").read_text() == "2\n", told
    assert (
        "Read-only file system" if how is READ_ONLY else "No space left on device"
    ) in told or "disk is full" in told
    assert re.search(r"Error: (cannot write )?disk/", told), told
    assert "Traceback" not in told
    before = subprocess.run(["bash", "-c", sums], cwd=tmp_path / "before", check=True, capture_output=True, text=True)
    assert (tmp_path / "after").read_text() == before.stdout


@pytest.mark.parametrize("verb", [*WRITES.values(), "run in -o {disk}/out", "reextract warcs -o {disk}/out"])
def test_an_output_below_a_file_is_refused(desk: Path, tmp_path: Path, verb: str):
    (tmp_path / "file").write_text("a file")
    done = call(desk, verb.format(disk=tmp_path / "file"))
    assert done.returncode == 2, done.stderr
    assert re.search("Not a directory|is a file|File exists", done.stderr), done.stderr
    assert str(tmp_path / "file") in done.stderr.replace("\n", "")
    assert "Traceback" not in done.stderr


@contextlib.contextmanager
def nothing_held(_: Path) -> Iterator[None]:
    yield


HELD: dict[str, Callable[[Path], contextlib.AbstractContextManager[object]]] = {
    "extract in -o {out}": open_run,
    "run in -o {out}": open_run,
    "extract in -o {out}/claims.jsonl": lambda out: replacing([out / "claims.jsonl"]),
    "explain in/a.html --html {out}/why.html": lambda out: replacing([out / "why.html"]),
    "merge archive -o {out}/merged.jsonl": lambda out: replacing([out / "merged.jsonl"]),
    "report ledger -o {out}": lambda out: replacing([out / "index.html"]),
    "reextract warcs -o {out}": only_one,
    "verify {out}": only_one,
    "merge {out} -o merged.jsonl": only_one,
    "ledger build claims.txt -o {out}": only_one,
    "ledger add claims.txt -o {out}": only_one,
}


@pytest.mark.parametrize("words", HELD)
def test_a_second_run_on_one_output_is_refused(desk: Path, tmp_path: Path, words: str):
    """Refused at once while this process has it; what the first run has begun is whole afterwards."""
    out = tmp_path / "out"
    out.mkdir()
    with HELD[words](out):
        done = call(desk, words.format(out=out))
        assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
        assert re.search(rf"another run (has|is writing) {out}: wait for its end", done.stderr), done.stderr
    if not words.startswith(("run", "reextract", "verify", "merge {out}")):
        assert call(desk, words.format(out=out)).returncode == 0


def test_readers_of_a_folder_keep_writers_out_and_not_each_other(tmp_path: Path):
    with no_writer(tmp_path / "new"):
        pass
    assert not (tmp_path / "new").exists(), "a reader writes nothing"
    with only_one(tmp_path), pytest.raises(BusyError), no_writer(tmp_path):
        pass
    with no_writer(tmp_path), no_writer(tmp_path), pytest.raises(BusyError), only_one(tmp_path):
        pass
    with only_one(tmp_path):
        pass


def test_a_file_that_takes_its_name_meanwhile_is_not_emptied_by_the_next_writer(tmp_path: Path):
    """Many writers of one file at once: each is refused or writes all of it."""
    path, refused, wrong = tmp_path / "file", [0], list[bytes]()

    def write(number: int) -> None:
        for _ in range(60):
            try:
                with replacing([path]) as (file,):
                    file.write(str(number).encode() * 1000)
            except BusyError:
                refused[0] += 1
            found = path.read_bytes() if path.exists() else b"0" * 1000
            if len(found) != 1000 or len(set(found)) != 1:
                wrong.append(found)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused[0]
    assert wrong == []
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_ledger_whose_making_was_killed_is_made_again(desk: Path, tmp_path: Path, number: signal.Signals):
    """The earlier ledger stays until the new one is whole; the lock and the half ledger of the dead stop nobody."""
    book = tmp_path / "ledger"
    shutil.copytree(desk / "ledger", book)
    before = (book / "ledger.db").read_bytes()
    process = started(tmp_path, "ledger", "build", "-", "-o", book, stdin=subprocess.PIPE)
    assert process.stdin
    process.stdin.write((desk / "claims.txt").read_bytes())
    process.stdin.flush()
    wait_for(lambda: (book / ".ledger.db.tmp").exists(), process)
    assert b"another run has" in infraclaims("ledger", "add", desk / "more.jsonl", "-o", book).stderr
    os.kill(process.pid, number)
    process.communicate()
    assert process.returncode == (-9 if number == signal.SIGKILL else 143)
    assert (book / "ledger.db").read_bytes() == before
    assert (book / ".ledger.db.tmp").exists() == (number == signal.SIGKILL)
    assert infraclaims("ledger", "build", desk / "claims.txt", "-o", book).returncode == 0
    assert sorted(path.name for path in book.iterdir()) == [".lock", "ledger.db", "rejects.jsonl"]


def test_a_killed_addition_leaves_the_ledger_as_it_was(desk: Path, tmp_path: Path):
    """Killed between its changes and their commit; the next reader rolls them back."""
    book = tmp_path / "ledger"
    shutil.copytree(desk / "ledger", book)
    with Ledger(book / "ledger.db") as ledger:
        before = ledger.digest()
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom pipeline.claim_files import claims_or_rejected\n"
        "from pipeline.ledger.store import Ledger\n"
        "with Ledger(Path(sys.argv[1])) as ledger:\n"
        "    ledger._resolve_dirty = lambda anew: os._exit(9)\n"
        "    ledger._db.execute('PRAGMA cache_size = 1')\n"
        "    ledger.add(claims_or_rejected([sys.argv[2]]))\n"
    )
    command = [os.sys.executable, "-c", code, book / "ledger.db", desk / "more.jsonl"]
    assert subprocess.run(command, check=False).returncode == 9
    assert (book / "ledger.db-journal").exists(), "the changes had begun to reach the file"
    with Ledger(book / "ledger.db") as ledger:
        assert ledger.digest() == before
    assert infraclaims("ledger", "add", desk / "more.jsonl", "-o", book).returncode == 0


def damaged_in_the_middle(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[8192:] = bytes(byte ^ 0x5A for byte in data[8192:])
    path.write_bytes(data)


def of_a_later_format(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE meta SET value = '99' WHERE key = 'format'")


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "cut off": (lambda path: path.write_bytes(path.read_bytes()[:100_000]), "not a ledger, or a damaged one"),
    "changed bytes": (damaged_in_the_middle, "not a ledger, or a damaged one"),
    "no database": (lambda path: path.write_bytes(b"words, and no database" * 999), "not a ledger, or a damaged one"),
    "empty": (lambda path: path.write_bytes(b""), "there is no ledger"),
    "gone": (Path.unlink, "there is no ledger"),
    "a later format": (of_a_later_format, "not a ledger of format"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_ledger_is_named_by_every_verb(desk: Path, tmp_path: Path, damage: str):
    change, said = DAMAGE[damage]
    book = tmp_path / "ledger"
    shutil.copytree(desk / "ledger", book)
    change(book / "ledger.db")
    made = damage in ("empty", "gone")  # adding to none makes one
    for words in (
        f"ledger show {book}", f"signals {book}", f"report {book} -o {tmp_path}/report",
        f"ledger export {book} -o {tmp_path}/tables", *([] if made else [f"ledger add more.jsonl -o {book}"]),
    ):  # fmt: skip
        done = call(desk, words)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
        assert f"{book}/ledger.db: {said}" in done.stderr, words
    assert [path for name in ("report", "tables") for path in (tmp_path / name).glob("*")] == []
    assert call(desk, f"ledger build claims.txt -o {book}").returncode == 0
    assert call(desk, f"ledger show {book}").returncode == 0


def test_a_ledger_that_another_process_keeps_is_waited_for_and_then_named(
    desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(ledger_store, "_WAIT_SECONDS", 0.2)
    path = tmp_path / "ledger.db"
    shutil.copy(desk / "ledger" / "ledger.db", path)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LedgerError, match=r"ledger\.db: the ledger cannot be used: database is locked"):
            Ledger(path)
        other.execute("ROLLBACK")
        with Ledger(path) as ledger:
            assert ledger.counts()["claims"]


def test_a_report_is_of_one_moment(desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A reader in the middle of its reading keeps the ledger as it was, and an addition waits for its end."""
    monkeypatch.setattr(ledger_store, "_WAIT_SECONDS", 20.0)
    path = tmp_path / "ledger.db"
    shutil.copy(desk / "ledger" / "ledger.db", path)
    adding = functools.partial(call, desk, f"ledger add more.jsonl -o {tmp_path}")
    with Ledger(path) as ledger:
        with ledger.snapshot():
            before = ledger.counts()
            thread = threading.Thread(target=adding)
            thread.start()
            thread.join(timeout=4)
            assert ledger.counts() == before
        thread.join()
        assert ledger.counts()["claims"] > before["claims"]


def test_stdout_that_is_closed_is_named_and_never_an_output_file(desk: Path, tmp_path: Path):
    """A file that is opened while a standard stream is closed would get its number, and what is said into it."""
    for words in (
        "ledger show ledger",
        "signals ledger",
        "extract in",
        "evaluate gold in",
        "explain in/a.html",
        "schema",
    ):
        told = subprocess.run(
            ["bash", "-c", '"$@" >&-', "bash", PROGRAM, *words.split()], cwd=desk, capture_output=True, check=False
        )
        assert told.returncode == 2, words
        assert b"cannot write to stdout" in told.stderr, words
        assert b"Traceback" not in told.stderr
    noisy = tmp_path / "noisy"
    noisy.mkdir()
    (noisy / "empty.txt").write_bytes(b"")
    (noisy / "a.html").write_text(PAGE)
    script = '"$@" <&- >&- 2>&-'
    done = subprocess.run(
        ["bash", "-c", script, "bash", PROGRAM, "extract", noisy, "-o", tmp_path / "out"], check=False
    )
    assert done.returncode == 1
    for path in (tmp_path / "out").iterdir():
        for line in path.read_text().splitlines():
            json.loads(line)


@pytest.mark.parametrize("words", ["--help", "--version", "ledger show ledger", "signals ledger", "evaluate gold in"])
def test_stdout_that_is_full_or_gone_is_told_by_the_exit_code(desk: Path, words: str):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([PROGRAM, *words.split()], cwd=desk, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2
    assert b"cannot write to stdout: No space left on device" in done.stderr
    if not words.startswith("--"):
        reader, writer = os.pipe()
        os.close(reader)
        with subprocess.Popen([PROGRAM, *words.split()], cwd=desk, stdout=writer, stderr=subprocess.PIPE) as process:
            os.close(writer)
            assert process.communicate()[1] == b""
            assert process.returncode == 141


def test_a_log_that_cannot_be_written_stops_no_work(tmp_path: Path):
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "a.html").write_text(PAGE)
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([PROGRAM, "extract", tmp_path, "-o", tmp_path / "out"], stderr=full, check=False)
    assert done.returncode == 1
    assert len((tmp_path / "out" / "articles.jsonl").read_text().splitlines()) == 2


def test_names_that_are_no_utf_8(tmp_path: Path):
    odd = os.fsdecode(b"caf\xe9")
    pages = tmp_path / odd
    pages.mkdir()
    (pages / f"{odd}.html").write_text(PAGE)
    (pages / f"{odd}.txt").write_bytes(b"")
    out = tmp_path / f"out-{odd}"
    done = infraclaims("extract", pages, "-o", out)
    assert done.returncode == 1, done.stderr
    records = [ArticleRecord.model_validate_json(line) for line in (out / "articles.jsonl").read_bytes().splitlines()]
    assert [record.source.rpartition("/")[2] for record in records] == [r"caf\udce9.html", r"caf\udce9.txt"]
    assert infraclaims("ledger", "build", out, "-o", tmp_path / f"ledger-{odd}").returncode == 0
    for verb in ("run", "reextract"):
        done = infraclaims(verb, pages, "-o", tmp_path / "else")
        assert (done.returncode, b"Traceback" in done.stderr) == (2, False), done.stderr
        assert rb"caf\udce9: its name is no UTF-8" in done.stderr


def test_prefect_without_room_for_its_database_is_told_at_once(desk: Path, tmp_path: Path):
    if not own_mounts():
        pytest.skip("no mount of one's own is permitted here")
    script = 'mount -t tmpfs -o size=64k none "$0" && TMPDIR="$0" "$@"'
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    for words in (f"run in -o {tmp_path}/out", f"reextract warcs -o {tmp_path}/done"):
        done = subprocess.run(
            ["unshare", "-rm", "bash", "-c", script, tmp_path, PROGRAM, *words.split()],
            cwd=desk, env=kept, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 2, done.stderr
        assert f"cannot write {tmp_path}: Prefect needs 20 MB here" in done.stderr


def later_layout(lines: str) -> str:
    return lines.replace('"schema_version":"1.0"', '"schema_version":"2.0"')


def test_records_of_a_later_layout_are_named_by_every_reader(desk: Path, tmp_path: Path):
    path = tmp_path / "later.jsonl"
    path.write_text(later_layout((desk / "disk" / "claims.jsonl").read_text()))
    for words, code in (
        (f"ledger build {path} -o {tmp_path}/ledger", 3), (f"export {path} -o {tmp_path}/c.jsonld", 1),
        (f"diff claims.txt {path}", 2), (f"evaluate gold {path}", 2),
    ):  # fmt: skip
        done = call(desk, words)
        assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
        assert f"{path}:1: a record of layout 2.0, and this version reads 1." in done.stderr, words
    out = tmp_path / "out"
    shutil.copytree(desk / "archive", out)
    entry, *others = manifest.read(out).values()
    for output in entry.outputs:
        changed = out / output.path
        changed.write_text(later_layout(changed.read_text()))
    outputs = tuple(
        output.model_copy(update={"size": (out / output.path).stat().st_size,
                                  "sha256": manifest.file_digest(out / output.path)})
        for output in entry.outputs
    )  # fmt: skip
    manifest.write(out, [entry.model_copy(update={"outputs": outputs}), *others])
    done = call(desk, f"verify {out}")
    assert done.returncode == 1
    assert done.stderr.count("a record of layout 2.0") >= 2
    done = call(desk, f"merge {out} -o {tmp_path}/merged.jsonl")
    assert done.returncode == 2
    assert "a record of layout 2.0" in done.stderr


def test_claims_of_which_none_can_be_read_replace_no_ledger(desk: Path, tmp_path: Path):
    book = tmp_path / "ledger"
    shutil.copytree(desk / "ledger", book)
    before = (book / "ledger.db").read_bytes()
    done = call(desk, f"ledger build {tmp_path}/mistyped.jsonl -o {book}")
    assert done.returncode == 3
    assert "mistyped.jsonl: there is no such file" in done.stderr
    assert "no claim could be read" in done.stderr
    assert (book / "ledger.db").read_bytes() == before
    assert "mistyped" in (book / "rejects.jsonl").read_text()


def test_an_archive_that_is_not_done_is_neither_whole_nor_merged(desk: Path, tmp_path: Path):
    """The run was killed, or its manifest lost a line: what is there is not all of it."""
    out = tmp_path / "out"
    shutil.copytree(desk / "archive", out)
    path = out / manifest.MANIFEST
    path.write_bytes(path.read_bytes()[:-30])
    done = call(desk, f"merge {out} -o {tmp_path}/merged.jsonl")
    assert done.returncode == 2
    assert "no entry of the manifest names it" in done.stderr
    shutil.rmtree(out)
    shutil.copytree(desk / "archive", out)
    manifest.begin(out)
    assert "did not finish" in call(desk, f"verify {out}").stderr
    done = call(desk, f"merge {out} -o {tmp_path}/merged.jsonl")
    assert done.returncode == 2
    assert "did not finish" in done.stderr
    assert not (tmp_path / "merged.jsonl").exists()
    run_shards([str(desk / "warcs")], out)
    assert call(desk, f"merge {out} -o {tmp_path}/merged.jsonl").returncode == 0
