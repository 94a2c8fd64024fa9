"""Makes archives of news pages for tests and benchmarks: texts of our own, page weight and defects as crawls have them.

    python tests/made_archive.py OUT.warc.gz --pages 20000 --seed 1

Of a hundred pages about one is about AI infrastructure (a sample of the corpus, or a text from its templates), two look
like it and are not (shops, power plants, people of the same names), one is damaged or no page at all, and the rest is
other news, some of it with sums of money. Pages have 50 to 300 KB, most of it scripts, styles and navigation.
"""

from __future__ import annotations

import argparse
import gzip
import html
import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SAMPLES = Path(__file__).parent.parent / "corpus" / "samples"
PLACES = (
    "Ashby",
    "Lakeport",
    "Norwell",
    "Cedar Falls",
    "Port Ellis",
    "Harlow",
    "Brackley",
    "Dunmore",
    "Weston",
    "Marlow",
)
PEOPLE = ("Ines Calder", "Tomas Reyes", "Nora Holloway", "Piet Aarden", "Lena Brandt", "Grace Haddad", "Ruth Oyelaran")
FIRMS = (
    "Northwind AI",
    "Harbour Cloud",
    "Basalt Compute",
    "Larkspur AI",
    "Heliotrope",
    "Quill Energy",
    "Stonegate Capital",
)
OTHER_NEWS = (
    "The council of {place} voted on {day} to repair the bridge over the mill stream before winter.",
    "{person}, who chairs the committee, said that the work had waited for far too long.",
    "Residents had complained about the noise at night, and about the dust that the lorries raise.",
    "The team from {place} won its third match in a row, and its captain thanked the supporters who had come by bus.",
    "Rain is expected in the north, with some sun towards the evening and a light wind from the west.",
    "The museum will show drawings from the last century, many of which have never left {place} before.",
    "Police asked anybody who saw a grey van near the station to come forward.",
    "The bakery on the market square has been run by the same family for four generations.",
    "{person} said that nobody had asked the neighbours, and that the plan should be put to a vote.",
    "Tickets cost {small} each, and children under {small} come in for nothing.",
    "The school will open its new wing in September, after two years in which classes met in containers.",
    "Farmers in the valley expect a poor harvest after a dry spring, and ask for help with seed.",
    "The hospital has hired {small} nurses this year and still looks for more.",
    "A court in {place} heard the case of a driver who had left the scene of an accident.",
    "The orchestra played two encores, and the applause went on after the lights had come up.",
    "Voters go to the polls in {small} weeks, and the two camps are closer than ever.",
)
MONEY_NEWS = (
    "The county set aside ${sum} million for roads, most of it for the stretch between {place} and the coast.",
    "The retailer said that profit fell to ${sum} million as shoppers put off buying furniture.",
    "The charity raised £{sum} million in a year, its best since it was founded.",
    "A buyer paid ${sum}m for the old brewery and wants to turn it into flats.",
    "About {sum} million people watched the final at home.",
    "The bank of {place} lent €{sum} million to farms that want to store water.",
)
BUSINESS_NEWS = (
    "Shares of Microsoft and Amazon rose after the figures, and the index closed {small} points higher.",
    "Google said that it would appeal against the fine of ${sum} million.",
    "The publisher put ${sum} million into cloud software for its newsrooms.",
)
NEAR_MISSES = (
    (
        "Our {small} favourite graphics cards for gaming this season",
        "The new GeForce cards draw {sum} watts and need a power supply of at least 850 W in a gaming PC.",
        "A GPU with 16 GB of memory costs ${sum} in our shop, and the laptop with it ${sum} more.",
        "For gamers who play at high frame rates the bigger card is worth the wait.",
    ),
    (
        "Wind farm off {place} is feeding the grid",
        "The {sum} MW wind farm with its {small} wind turbines feeds the grid since {day}, its owner said.",
        "It makes as much power as {sum},000 homes use in a year, according to {person}.",
        "A second wind farm of {sum} MW off the coast is in the planning.",
    ),
    (
        "Miners leave the valley after the bitcoin halving",
        "The bitcoin miners near {place} switched off {sum} MW of machines when the price of the cryptocurrency fell.",
        "Crypto mining had doubled the bills of the villages around, {person} said.",
    ),
    (
        "{person} retires after forty years at the chip shop",
        "She fried {sum},000 portions of chips in her last year, and knows the names of all who come on Fridays.",
        "The card machine, she says, never worked.",
    ),
    (
        "Film review: the supercomputer that fell in love",
        "In the film a supercomputer in a data center under {place} learns to sing, and the movie takes its time.",
        "The episode that follows next season is said to be shorter.",
    ),
)  # fmt: skip
RELEVANT = (
    (
        "{firm} plans data center campus near {place}",
        "{firm} said on {day} that it will build a {sum} MW data center campus near {place}, "
        "with {small},000 Nvidia GPUs in its first phase.",
        "The company has signed a contract with Quill Energy for {sum} megawatts of power by the end of 2028.",
        "{person}, the mayor of {place}, said the project would bring ${sum} million of investment to the county.",
    ),
    (
        "{firm} switches on a cluster in {place}",
        "The cluster of {firm} in {place} now runs {small}8,000 H200s, and {person}, its chief executive, said that "
        "training had begun on {day}.",
        "A second hall of {sum} MW is under construction at the data center and is expected in 2027.",
    ),
    (
        "{firm} to spend ${small} billion on compute",
        "{firm} plans to spend ${small} billion on data centers next year, up from ${sum} million, said {person}.",
        "Reportedly {small} gigawatts are under contract in {place}, though the utility has approved none of it.",
    ),
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
_SCRIPT = (
    "!function(e,t){{var n=e.{a}||[];n.push(function(r){{return r.{b}(t,{n}).then(o=>o.{c}?o.{c}.map(i=>i.{a}):0)}});"
    'e.{a}=n,e.__{b}="{c}{n}"}}(window,{n});'
)
_WORDS = (
    "queue",
    "track",
    "slot",
    "render",
    "view",
    "config",
    "layer",
    "event",
    "user",
    "bid",
    "frame",
    "consent",
    "lazy",
)
_SECTIONS = (
    "World",
    "Politics",
    "Business",
    "Technology",
    "Artificial intelligence",
    "Sport",
    "Culture",
    "Weather",
    "Travel",
)


class Made(NamedTuple):
    """A record of the archive: what it is, its bytes, and whether a page with claims is meant."""

    kind: str
    record: bytes


def paragraphs(rnd: random.Random, templates: tuple[str, ...]) -> list[str]:
    values = {
        "place": rnd.choice(PLACES), "person": rnd.choice(PEOPLE), "firm": rnd.choice(FIRMS),
        "day": rnd.choice(DAYS),
    }  # fmt: skip
    return [t.format(small=rnd.randint(2, 9), sum=rnd.randint(12, 940), **values) for t in templates]


def other_news(rnd: random.Random) -> list[str]:
    """An ordinary article: title first. One in six speaks of millions, one in thirty of business and millions."""
    templates = rnd.sample(OTHER_NEWS, rnd.randint(8, 16))
    draw = rnd.random()
    if draw < 1 / 30:
        templates += rnd.sample(BUSINESS_NEWS, 2)
    elif draw < 1 / 5:
        templates += rnd.sample(MONEY_NEWS, rnd.randint(1, 3))
    rnd.shuffle(templates)
    title = rnd.choice(("News from {place}", "What {person} said in {place}", "A week in {place}", "{place} votes"))
    return paragraphs(rnd, (title, *templates))


def page(rnd: random.Random, blocks: list[str], weight: int) -> bytes:
    """The HTML of an article, `weight` bytes or a little more."""
    title, *body = blocks
    sections = "".join(
        f'<li class="nav__item"><a class="nav__link" href="/{name.lower().replace(" ", "-")}/">{name}</a></li>'
        for name in _SECTIONS
    )
    text = "\n".join(f'<p class="article-body__paragraph">{html.escape(block, quote=False)}</p>' for block in body)
    head = (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)} | Courier</title>'
        f'<meta property="og:title" content="{html.escape(title)}"><meta property="og:site_name" content="Courier">'
        '<meta property="article:published_time" content="2026-03-05T08:00:00Z">'
        '<link rel="stylesheet" href="/assets/app.8f3a.css"><script src="https://tags.example/gpt.js"></script>'
    )
    main = (
        f"</head><body><header><nav><ul>{sections}</ul></nav></header><main><article><h1>{html.escape(title)}</h1>"
        f'<p class="byline">By {rnd.choice(PEOPLE)}</p>\n{text}\n<div class="share"><a href="#">Share on Facebook</a>'
        '<a href="#">Email</a></div></article></main>'
    )
    teasers = ""
    while len(head) + len(main) + len(teasers) < 0.35 * weight:
        link = html.escape(" ".join(paragraphs(rnd, (rnd.choice(OTHER_NEWS),))[0].split()[:4]))
        teasers += (
            f'<li class="card card--small"><a class="card__link" data-track="teaser-{rnd.randint(100, 999)}" '
            f'href="/story/{rnd.randint(10000, 99999)}"><span class="card__title">{link}</span></a></li>\n'
        )
    tail = f"<aside><h2>More stories</h2><ul>{teasers}</ul></aside><footer>Valley Courier, Mill Lane 4</footer>"
    scripts = ""
    while len(head) + len(main) + len(tail) + len(scripts) < weight:
        a, b, c = rnd.sample(_WORDS, 3)
        scripts += _SCRIPT.format(a=a, b=b, c=c, n=rnd.randint(1, 99999))
        if not scripts.endswith("\n") and rnd.random() < 0.05:
            scripts += "\n"
    style = "<style>" + ".card--small{display:flex;text-align:center;margin:0 4px}" * 20 + "</style>"
    return f"{head}{style}<script>{scripts}</script>{main}{tail}</body></html>".encode()


def record(url: str, body: bytes, *, status: str = "200 OK", kind: str = "text/html; charset=utf-8", extra: str = "",
           coding: str = "") -> bytes:  # fmt: skip
    """A WARC response record; the coding "no gzip" says gzip and is none."""
    if coding == "gzip":
        body = gzip.compress(body, 6, mtime=0)
    headers = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n" + (
        f"Content-Encoding: {coding[-4:]}\r\n" if coding else ""
    )
    http = f"{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2026-03-06T01:02:03Z\r\n{extra}"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(http)}\r\n\r\n"
    )
    return head.encode() + http + b"\r\n\r\n"


def samples() -> list[bytes]:
    """The HTML articles of the corpus."""
    return [path.read_bytes() for path in sorted(SAMPLES.glob("*.html"))]


def made(pages: int, seed: int, *, weight: tuple[int, int] = (50_000, 300_000)) -> Iterator[Made]:
    """The records of an archive, the same for the same arguments."""
    known = samples()
    for number in range(pages):
        rnd = random.Random(f"{seed}/{number}")
        size = int(rnd.triangular(*weight, weight[0] + (weight[1] - weight[0]) / 3))
        url = f"https://courier.example/2026/03/05/{seed}-{number}"
        draw = rnd.random()
        if draw < 0.005:
            yield Made("sample", record(url, _heavy(rnd, rnd.choice(known), size)))
        elif draw < 0.01:
            yield Made("relevant", record(url, page(rnd, _article(rnd, RELEVANT), size)))
        elif draw < 0.03:
            yield Made("near", record(url, page(rnd, _article(rnd, NEAR_MISSES), size)))
        elif draw < 0.04:
            yield _defect(rnd, url, size)
        else:
            coding = "gzip" if rnd.random() < 0.3 else ""
            yield Made("other", record(url, page(rnd, other_news(rnd), size), coding=coding))


def _article(rnd: random.Random, kinds: tuple[tuple[str, ...], ...]) -> list[str]:
    title, *rest = rnd.choice(kinds)
    return paragraphs(rnd, (title, *rest, *rnd.sample(OTHER_NEWS, 4)))


def _heavy(rnd: random.Random, sample: bytes, weight: int) -> bytes:
    """A sample of the corpus with the weight of a page as crawled."""
    a, b, c = rnd.sample(_WORDS, 3)
    script = _SCRIPT.format(a=a, b=b, c=c, n=7)
    code = "<script>" + script * (max(weight - len(sample), 0) // len(script)) + "</script></body>"
    return sample.replace(b"</body>", code.encode(), 1)


def _defect(rnd: random.Random, url: str, size: int) -> Made:
    body = page(rnd, other_news(rnd), size)
    kind = rnd.choice(("missing", "image", "cut", "damaged", "cut off", "empty", "binary", "bad coding"))
    if kind == "missing":
        return Made(kind, record(url, b"<html>gone</html>", status="404 Not Found"))
    if kind == "image":
        return Made(kind, record(url, b"\x89PNG" + body[:5000], kind="image/png"))
    if kind == "cut":
        return Made(kind, record(url, body[: len(body) // 2], extra="WARC-Truncated: length\r\n"))
    if kind == "empty":
        return Made(kind, record(url, b""))
    if kind == "binary":
        return Made(kind, record(url, b"%PDF-1.7 " + bytes(range(256)) * 50))
    if kind == "bad coding":
        return Made(kind, record(url, body, coding="no gzip"))
    return Made(kind, record(url, body))


def packed(item: Made, *, gzipped: bool = True) -> bytes:
    """A record as it stands in the file: compressed by itself, and hurt if that is its kind."""
    data = gzip.compress(item.record, 6, mtime=0) if gzipped else item.record
    if item.kind == "damaged":  # bytes changed in the middle
        middle = len(data) // 2
        data = data[:middle] + bytes(byte ^ 0x5A for byte in data[middle : middle + 40]) + data[middle + 40 :]
    if item.kind == "cut off":  # the rest of the member was never written
        data = data[: len(data) // 2]
    return data


def write_warc(path: Path, pages: int, seed: int, **options: tuple[int, int]) -> dict[str, int]:
    """Write an archive; how many records of each kind it has."""
    kinds: dict[str, int] = {}
    with path.open("wb") as out:
        for item in made(pages, seed, **options):
            out.write(packed(item, gzipped=path.suffix == ".gz"))
            kinds[item.kind] = kinds.get(item.kind, 0) + 1
    return kinds


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a WARC of made-up news pages.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    print(write_warc(arguments.out, arguments.pages, arguments.seed))


if __name__ == "__main__":
    main()
