"""`sources.toml`: what is read, how politely, and where the results go. Validated as a whole when it is loaded."""

from __future__ import annotations

import datetime as dt
import functools
import importlib.metadata
import ipaddress
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError, model_validator

from pipeline.records import Kind, Record

SourceKind = Literal["feed", "sitemap", "pages", "folder"]


class ConfigError(ValueError):
    """The sources file cannot be used; the message names the file, the key and the reason, one a line."""


def _web_address(value: str) -> str:
    # It stands in logs, claims and the archive, where nobody looks for a password; nor must this message show one.
    if re.match(r"[a-z+]{0,20}:?/{0,3}[^/?#]{0,2000}@", value, re.IGNORECASE):
        raise ValueError("is an address with credentials in it, which would stand in every log")
    if not re.match(r"https?://[^/\s]+", value):
        raise ValueError(f"{value!r} is no address that starts with http:// or https://")
    return value


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"{value!r} is no regular expression: {error}") from error
    return value


def _network(value: str) -> str:
    ipaddress.ip_network(value)
    return value


Address = Annotated[str, AfterValidator(_web_address)]
Pattern = Annotated[str, AfterValidator(_pattern)]
Network = Annotated[str, AfterValidator(_network)]


class Politeness(Record):
    """How hosts are treated; a source may set its own. Times in seconds."""

    delay: float = Field(default=5.0, ge=0)
    """Between two requests to one host; a longer crawl-delay of its robots.txt wins."""
    timeout: float = Field(default=60.0, gt=0)
    """For one page from first byte to last, redirects included."""
    max_bytes: int = Field(default=10_000_000, gt=0)
    """Of a body, both as sent and unpacked."""
    attempts: int = Field(default=6, ge=1)
    """Of one page before it is given up."""
    retry_after: float = Field(default=60.0, gt=0)
    """Before the second attempt; doubled for each further one, and never sooner than a Retry-After."""


class Filters(Record):
    """Which pages of a source are taken. Patterns are searched for, in any case of letters."""

    include: tuple[Pattern, ...] = ()
    """Address or title must match one of them, if there are any."""
    exclude: tuple[Pattern, ...] = ()
    max_age_days: int | None = Field(default=None, gt=0)
    """Entries whose own date is older are left out; those without a date are taken."""
    max_entries: int = Field(default=1_000, gt=0)
    """Of one reading, counted from its top."""

    def admits(self, url: str, title: str | None, published: dt.date | None, today: dt.date) -> bool:
        """Whether an entry is taken."""
        text = f"{url}\n{title or ''}"
        if any(re.search(pattern, text, re.IGNORECASE) for pattern in self.exclude):
            return False
        if self.include and not any(re.search(pattern, text, re.IGNORECASE) for pattern in self.include):
            return False
        return not (self.max_age_days and published and (today - published).days > self.max_age_days)


class Source(Record):
    """One place where pages are announced."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    kind: SourceKind
    url: Address | None = None
    """Of a feed or a sitemap."""
    pages: tuple[Address, ...] = ()
    folder: Path | None = None
    """Relative to the sources file."""
    publisher: str | None = None
    """Put into the claims where it is set; else the page says it."""
    recheck_hours: float | None = Field(default=None, gt=0)
    """How often a page that was read is asked for again, for a week; null: when its source says that it changed."""
    silent_days: float = Field(default=7.0, gt=0)
    """Without a new page for so long, the source is reported as silent."""
    politeness: Politeness | None = None
    filters: Filters = Filters()

    @model_validator(mode="after")
    def _whole(self) -> Source:
        needed = {"feed": "url", "sitemap": "url", "pages": "pages", "folder": "folder"}[self.kind]
        if not getattr(self, needed):
            raise ValueError(f"a source of kind {self.kind!r} needs {needed!r}")
        for other in {"url", "pages", "folder"} - {needed}:
            if getattr(self, other):
                raise ValueError(f"a source of kind {self.kind!r} takes no {other!r}")
        return self


class Webhook(Record):
    """Where new confirmed claims are posted to, signed as the Standard Webhooks specification says."""

    url: Address
    secret_env: str = "INFRACLAIMS_WEBHOOK_SECRET"  # noqa: S105  # the name of a variable, not a secret
    """The environment variable that holds the secret."""
    subjects: tuple[str, ...] = ()
    """Ids or names of subjects; empty: all."""
    kinds: tuple[Kind, ...] = ()
    attempts: int = Field(default=10, ge=1)
    timeout: float = Field(default=15.0, gt=0)

    @property
    def receiver(self) -> str:
        """Who is posted to, for logs; the rest of such an address is often the key to it."""
        return self.url.split("?")[0].split("#")[0].split("/")[2]


class Operation(Record):
    """The settings of the whole: who asks, where things are kept, how long a run may take."""

    contact: str = Field(min_length=3)
    """An address (e-mail or web) that site owners can write to; goes into the User-Agent."""
    data: Path = Path("data")
    """Folder of archive, state and claims; relative to the sources file."""
    state_url: str | None = None
    """A PostgreSQL URL for several workers; null keeps the state in `state.db` under `data`."""
    hosts_at_once: int = Field(default=8, ge=1, le=64)
    batch: int = Field(default=200, ge=1, le=5_000)
    """Pages that are fetched, extracted and published together."""
    run_minutes: float = Field(default=50.0, gt=0)
    """After so long a run starts nothing new; what is left is taken by the next."""
    patience: float = Field(default=30.0, ge=0)
    """Seconds that a run waits for a host that is not due yet before it leaves it to the next run."""
    archive_bytes: int = Field(default=256_000_000, gt=0)
    """Size from which an archive file is followed by another."""
    robots_hours: float = Field(default=24.0, gt=0)
    allow_addresses: tuple[Network, ...] = ()
    """Private networks that may be fetched from, such as an intranet's; all others are refused."""
    failing_days: float = Field(default=3.0, gt=0)
    """A source that fails for so long is reported."""
    latest_days: int = Field(default=7, ge=1)
    feed_items: int = Field(default=200, ge=1)
    feed_title: str = "Claims about AI infrastructure"
    feed_home: Address | None = None
    """Public address of the folder `data`, for the feed's own link."""


class Config(Record):
    """The whole file; `home` is the folder that holds it."""

    operation: Operation
    politeness: Politeness = Politeness()
    webhook: Webhook | None = None
    sources: tuple[Source, ...] = Field(min_length=1)
    home: Path = Path()

    @model_validator(mode="after")
    def _names(self) -> Config:
        names = [source.name for source in self.sources]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"the name {twice[0]!r} stands for more than one source")
        return self

    @property
    def user_agent(self) -> str:
        """Who asks, with the contact."""
        return f"infraclaims/{importlib.metadata.version('infraclaims')} (+{self.operation.contact})"

    @property
    def state_url(self) -> str:
        """The SQLAlchemy URL of the state."""
        return self.operation.state_url or f"sqlite:///{self.data / 'state.db'}"

    @property
    def data(self) -> Path:
        """The folder of archive, state and claims."""
        return self.home / self.operation.data

    def polite(self, source: Source) -> Politeness:
        """The politeness that holds for a source."""
        return source.politeness or self.politeness

    @functools.cached_property
    def by_name(self) -> dict[str, Source]:
        """The sources by name."""
        return {source.name: source for source in self.sources}


def load(path: Path) -> Config:
    """The validated sources file. Raises ConfigError."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    try:
        return Config.model_validate({**values, "home": path.parent})
    except ValidationError as error:
        raise ConfigError("\n".join(f"{path}: {_where(values, e['loc'])}: {_why(e)}" for e in error.errors())) from None


def _where(values: dict[str, Any], place: tuple[int | str, ...]) -> str:
    """`sources[2] (example-wire).url` for a path into the file."""
    if len(place) > 1 and place[0] == "sources" and isinstance(place[1], int):
        name = values["sources"][place[1]].get("name", "unnamed")
        return ".".join((f"sources[{place[1] + 1}] ({name})", *map(str, place[2:])))
    return ".".join(map(str, place)) or "the file"


def _why(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return "there is no such key"
    if error["type"] == "missing":
        return "is missing"
    if error["type"] == "too_short":
        return "is empty"
    return str(error["msg"]).removeprefix("Value error, ")
