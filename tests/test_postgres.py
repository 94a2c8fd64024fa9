"""Several workers on one state in PostgreSQL: nothing is fetched twice, nothing published twice."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from operation import Operation, source
from website import Handler, Site, answering, article, rss

from pipeline.ingest import queue, tables
from pipeline.ingest.feeds import Entry
from pipeline.ingest.tables import opened

PROGRAM = Path(sys.executable).parent / "infraclaims"


def tools() -> Path | None:
    """The folder of initdb, on the PATH or where Debian puts it."""
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "initdb").exists() and (place / "postgres").exists()), None)


class Server:
    """A PostgreSQL of the tests, on a port and in a folder of its own, that can be stopped and started again."""

    def __init__(self, place: Path, folder: Path, user: str | None) -> None:
        self._place, self._folder, self._user = place, folder, user
        if user:
            shutil.chown(folder, user)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.url = f"postgresql+psycopg://tests@127.0.0.1:{self._port}/postgres"
        subprocess.run(
            [place / "initdb", "-D", folder / "data", "-U", "tests", "--auth=trust", "--no-sync"],
            check=True, capture_output=True, user=user, cwd=folder,
        )  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self._folder}"]
        options += ["-c", "fsync=off"]
        with (self._folder / "log").open("wb") as log:
            process = self._process = subprocess.Popen(
                [self._place / "postgres", "-D", self._folder / "data", "-p", str(self._port), *options],
                stdout=log, stderr=log, user=self._user, cwd=self._folder,
            )  # fmt: skip
        engine = sa.create_engine(self.url)
        for _ in range(300):
            try:
                engine.connect().close()
                break
            except sa.exc.OperationalError:
                assert process.poll() is None, (self._folder / "log").read_text()
                time.sleep(0.1)
        engine.dispose()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """SIGQUIT drops every connection at once, as a machine does that goes down."""
        if self._process:
            self._process.send_signal(how)
            self._process.wait(timeout=30)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    place = tools()
    if place is None:
        pytest.skip("there is no PostgreSQL server here (Debian: apt-get install postgresql)")
    user = None
    if os.getuid() == 0:
        # It refuses to run as root.
        user = next((each.pw_name for each in pwd.getpwall() if each.pw_name in ("postgres", "nobody")), None)
        if user is None:
            pytest.skip("PostgreSQL does not run as root, and there is no other user for it")
    folder = Path(tempfile.mkdtemp(prefix="infraclaims-pg-"))
    server = Server(place, folder, user)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def url(server: Server) -> str:
    """An empty database."""
    engine = sa.create_engine(server.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as db:
        db.execute(sa.text("DROP DATABASE IF EXISTS state"))
        db.execute(sa.text("CREATE DATABASE state"))
    engine.dispose()
    return server.url.removesuffix("/postgres") + "/state"


def test_a_host_has_one_worker_until_its_lease_is_over(url: str):
    entries = [Entry(url=f"https://{host}.example/{number}") for host in "ab" for number in range(3)]
    options = {"limit": 3, "per_host": 3, "patience": 0.0, "lease": 60.0}
    with opened(url) as engine:
        with engine.begin() as db:
            assert queue.add(db, "s", entries, 1000.0) == 6
            assert queue.add(db, "s", entries, 1000.0) == 0
        with engine.begin() as db:
            first = queue.claim(db, "one", 1000.0, ["s"], **options)
        with engine.begin() as db:
            second = queue.claim(db, "two", 1000.0, ["s"], **options)
            assert queue.claim(db, "three", 1000.0, ["s"], **options) == []
        assert ({page.host for page in first}, {page.host for page in second}) == ({"a.example"}, {"b.example"})
        with engine.begin() as db:
            assert queue.held(db, "one", ["a.example"])
            assert not queue.held(db, "one", ["a.example", "b.example"])
            taken_over = queue.claim(db, "three", 1061.0, ["s"], **options)
            assert [page.id for page in taken_over] == [page.id for page in first]
            assert not queue.held(db, "one", ["a.example"])


def test_workers_that_claim_at_once_never_share_a_page(url: str):
    """Many claims race for few hosts, each in a transaction of its own."""
    entries = [Entry(url=f"https://h{host}.example/{number}") for host in range(12) for number in range(4)]
    with opened(url) as engine:
        with engine.begin() as db:
            queue.add(db, "s", entries, 1000.0)

        def claim(worker: int) -> list[str]:
            with engine.begin() as db:
                got = queue.claim(db, f"w{worker}", 1000.0, ["s"], limit=8, per_host=4, patience=0.0, lease=60.0)
            return [page.url for page in got]

        with ThreadPoolExecutor(8) as pool:
            claimed = [url for urls in pool.map(claim, range(24)) for url in urls]
    assert len(claimed) == len(set(claimed))
    assert set(claimed) <= {entry.url for entry in entries}
    assert len(claimed) >= 8


def test_a_state_is_made_once_by_workers_that_start_together(url: str):
    def start(_: int) -> str | None:
        with opened(url) as engine, engine.connect() as db:
            return db.scalar(sa.select(tables.meta.c.value))

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(start, range(4))) == {str(len(tables.STEPS))}


def test_two_workers_share_the_work(url: str, tmp_path: Path):
    """Every page is asked for once, disposed of once, and its claims are published once."""
    with Site() as one, Site() as two:
        sites = one, two
        for number, site in enumerate(sites):
            for page in range(5):
                site.page(f"/{page}", article(10 * number + page))
            site.routes["/gone"] = answering(410)
            site.page("/feed", rss(*(site.url(f"/{page}") for page in (*range(5), "gone"))), "application/rss+xml")
        sources = "".join(source(f"s{n}", "feed", url=site.url("/feed")) for n, site in enumerate(sites))
        settings = f'state_url = "{url}"\nbatch = 6\nhosts_at_once = 1\n'
        operation = Operation(tmp_path, sources, settings=settings, politeness="timeout = 10.0")
        workers = [
            subprocess.Popen(
                [PROGRAM, "ingest", "--once", "--sources", tmp_path / "sources.toml"],
                stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
            )
            for _ in range(2)
        ]  # fmt: skip
        said = [worker.communicate()[1] for worker in workers]
        assert [worker.returncode for worker in workers] == [0, 0], said
        last = subprocess.run(
            [PROGRAM, "ingest", "--once", "--sources", tmp_path / "sources.toml"], capture_output=True, check=False
        )
        assert last.returncode == 0, last.stderr
        found = operation.dispositions()
        assert Counter(value[0] for value in found.values()) == {"extracted": 10, "rejected": 2}
        ids = [claim["claim_id"] for claim in operation.lines("claims")]
        assert len(ids) == len(set(ids)) == 20
        for site in sites:
            assert {path: n for path, n in site.hits.items() if path[1:].isdigit() or path == "/gone"} == {
                **{f"/{page}": 1 for page in range(5)}, "/gone": 1,
            }  # fmt: skip
        status = operation.status()
        assert status.pages == {"done": 12}
        assert status.leased_hosts == 0


def test_a_server_that_goes_away_ends_the_run_and_the_next_goes_on(server: Server, url: str, tmp_path: Path):
    """Exit code 3 and one line that names the state; what was claimed then is done by the next run, once."""
    with Site() as site:
        for page in range(4):
            site.page(f"/{page}", article(page))
        answer = site.routes["/2"]

        def gone(handler: Handler) -> None:
            if site.hits["/2"] == 1:
                server.stop(signal.SIGQUIT)
            answer(handler)

        site.routes["/2"] = gone
        site.page("/feed", rss(*(site.url(f"/{page}") for page in range(4))), "application/rss+xml")
        operation = Operation(
            tmp_path, source("s", "feed", url=site.url("/feed")),
            settings=f'state_url = "{url}"\nbatch = 1\n', politeness="timeout = 10.0",
        )  # fmt: skip
        command = [PROGRAM, "ingest", "--once", "--sources", tmp_path / "sources.toml"]
        stopped = subprocess.run(command, capture_output=True, text=True, check=False)
        server.start()
        assert stopped.returncode == 3, stopped.stderr
        assert "Traceback" not in stopped.stderr
        assert "the run could not go on: the state postgresql" in stopped.stderr
        with opened(url) as engine, engine.begin() as db:
            db.execute(tables.hosts.update().values(lease_until=0.0))  # some minutes later
        again = subprocess.run(command, capture_output=True, text=True, check=False)
        assert again.returncode == 0, again.stderr
        assert Counter(value[0] for value in operation.dispositions().values()) == {"extracted": 4}
        ids = [claim["claim_id"] for claim in operation.lines("claims")]
        assert len(ids) == len(set(ids)) == 8
