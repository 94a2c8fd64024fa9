"""An operation that is killed again and again, and one that is not: both have to end with the same.

`python tests/killed.py 300 20` is the long form, with three hundred pages in five feeds; the suite runs a short one.
"""

from __future__ import annotations

import contextlib
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import website
from website import Site, answering, article, in_turn, redirect, rss

PROGRAM = Path(sys.executable).parent / "infraclaims"
HOSTS = 5


@contextlib.contextmanager
def five_sites() -> Iterator[list[Site]]:
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Site()) for _ in range(HOSTS)]


def furnish(sites: list[Site], count: int) -> None:
    """Pages round the sites, most of them good, with every fault among them; as new, whatever was asked before."""
    faults: list[website.Route] = [
        answering(404), answering(500), website.reset, website.hang_up, website.endless, website.bomb, redirect("/f6"),
        redirect("file:///etc/passwd"), redirect("http://169.254.169.254/x"), website.garbage, website.dribble,
        answering(200, b"junk", Content_Encoding="gzip"), answering(200, b"%PDF-1.7 " + bytes(999)),
        answering(200, b""), answering(429, Retry_After="0"), website.dribble_head,
    ]  # fmt: skip
    for site in sites:
        site.routes.clear()
        site.page("/robots.txt", b"User-agent: *\nDisallow: /private\n", "text/plain")
    announced: list[list[str]] = [[] for _ in sites]
    for number in range(count):
        site, kind = sites[number % HOSTS], number % 10
        path = f"/{number}"
        if kind == 7:
            site.routes[path] = faults[(number // 10) % len(faults)]
        elif kind == 8:
            site.routes[path] = in_turn(answering(503, Retry_After="0"), website.reset, answering(200, article(number)))
        elif kind == 9:
            twin = article(number - 5, canonical=f"/{number - 5}")
            site.page(path, twin) if number % 20 == 9 else site.routes.update({path: redirect(f"/{number - 5}")})
        elif number % 50 == 3:
            path = f"/private{path}"
            site.page(path, article(number))
        else:
            same_site = {"canonical": f"/{number}"} if kind == 4 else {}
            site.page(path, article(number, **same_site))
        announced[number % HOSTS].append(site.url(f"{path}?utm_source=feed"))
    for site, urls in zip(sites, announced, strict=True):
        site.page("/feed", rss(*urls, "javascript:x", *urls[:3]), "application/rss+xml")


def prepare(home: Path, sites: list[Site]) -> Path:
    sources = "".join(
        f'[[sources]]\nname = "s{number}"\nkind = "feed"\nurl = "{site.url("/feed")}"\n'
        for number, site in enumerate(sites)
    )
    path = home / "sources.toml"
    path.write_text(
        '[operation]\ncontact = "tests@example.org"\nallow_addresses = ["127.0.0.1/32"]\nbatch = 40\npatience = 5.0\n'
        "[politeness]\ndelay = 0.0\ntimeout = 4.0\nretry_after = 0.3\nattempts = 3\nmax_bytes = 300_000\n" + sources
    )
    return path


def run(sources: Path, kill_after: int | None = None, delay: float = 0.0) -> int:
    """One run of the program; killed `delay` seconds after it has said so many lines. Its exit code."""
    process = subprocess.Popen(
        [PROGRAM, "ingest", "--once", "--sources", sources], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    assert process.stderr
    with process.stderr:
        for number, line in enumerate(process.stderr, 1):
            if kill_after is None and not line.startswith(b"{"):
                sys.stderr.write(line.decode())
            if number == kill_after:
                time.sleep(delay)
                process.send_signal(signal.SIGKILL)
    return process.wait()


def told(home: Path) -> dict[str, Any]:
    """What an operation came to, without the times at which it was fetched."""
    articles, claims = (
        [
            json.loads(line)
            for path in sorted((home / "data" / kind).glob("date=*/*.jsonl"))
            for line in path.read_bytes().splitlines()
        ]
        for kind in ("articles", "claims")
    )
    for record in (*articles, *claims):
        if record["document"]:
            record["document"]["retrieved"] = None
    counts = Counter(article["source"] for article in articles)
    assert [source for source, count in counts.items() if count > 1] == [], "more than one disposition"
    ids = Counter(claim["claim_id"] for claim in claims)
    assert [id for id, count in ids.items() if count > 1] == [], "a claim twice"
    return {
        "claims": sorted(json.dumps(claim, ensure_ascii=False) for claim in claims),
        "dispositions": {article["source"]: (article["disposition"], article["reason"]) for article in articles},
        "archived": website.archived(home / "data")["response"],
    }


def main(count: int, kills: int, seed: int = 1) -> None:
    """Run both operations and compare; says what it saw."""
    rng = random.Random(seed)
    with five_sites() as sites, tempfile.TemporaryDirectory() as folder:
        calm, killed = Path(folder) / "calm", Path(folder) / "killed"
        calm.mkdir()
        killed.mkdir()
        furnish(sites, count)
        begun = time.monotonic()
        assert run(prepare(calm, sites)) == 0
        calm_seconds = time.monotonic() - begun
        furnish(sites, count)
        for site in sites:
            site.hits.clear()
        sources = prepare(killed, sites)
        done = 0
        for _ in range(10 * kills):
            if done == kills:
                break
            # Lines that a run of so many pages says: one for each feed, two for each page, and some.
            code = run(sources, rng.randint(1, max(4, 2 * count // kills)), rng.uniform(0, 0.15))
            done += code == -signal.SIGKILL
        runs_to_end = 0
        while run(sources) != 0 or not _all_disposed(sources):
            runs_to_end += 1
            assert runs_to_end < 5, status(sources)
        one, other = told(calm), told(killed)
        assert one["dispositions"] == other["dispositions"], _difference(one, other)
        assert one["claims"] == other["claims"], "the claims differ"
        asked = Counter({path: n for site in sites for path, n in site.hits.items()})
        assert len(one["dispositions"]) == count
        print(
            f"{count} pages in {HOSTS} feeds, {done} kills: {len(one['claims'])} claims, the same bytes; "
            f"{Counter(value[0] for value in one['dispositions'].values())}; calm run {calm_seconds:.0f} s; "
            f"{one['archived']} and {other['archived']} responses archived; most asked {asked.most_common(1)}"
        )


def _all_disposed(sources: Path) -> bool:
    return set(status(sources)["pages"]) == {"done"}


def status(sources: Path) -> dict[str, Any]:
    done = subprocess.run([PROGRAM, "status", "--json", "--sources", sources], capture_output=True, check=False)
    return json.loads(done.stdout)


def _difference(one: dict[str, Any], other: dict[str, Any]) -> list[Any]:
    pairs = ((name, one["dispositions"].get(name), other["dispositions"].get(name)) for name in
             sorted({*one["dispositions"], *other["dispositions"]}))  # fmt: skip
    return [pair for pair in pairs if pair[1] != pair[2]]


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
