"""New confirmed claims to a webhook: signed, each at least once under an id that stays the same, tried again later.

Headers and signature are those of the Standard Webhooks specification (`webhook-id`, `webhook-timestamp`,
`webhook-signature: v1,…`), for which there are verifiers in most languages.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import httpx
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from pipeline.ingest.config import Webhook
from pipeline.ingest.tables import deliveries
from pipeline.records import Claim

_FIRST_WAIT, _LONGEST_WAIT = 60.0, 6 * 3_600.0
_AT_ONCE = 500


class SecretError(ValueError):
    """The secret of the webhook is missing or is not what it has to be."""


class _Delivery(NamedTuple):
    id: str
    payload: str
    attempts: int


def payloads(hook: Webhook, claims: Iterable[Claim]) -> Iterator[tuple[str, str]]:
    """The ids and bodies of what a webhook is to be told."""
    for claim in claims:
        names = {claim.subject.id, claim.subject.name} if claim.subject else set[str]()
        if (
            claim.label == "confirmed"
            and (not hook.subjects or names.intersection(hook.subjects))
            and (not hook.kinds or claim.kind in hook.kinds)
        ):
            yield claim.claim_id, f'{{"type":"claim.confirmed","data":{claim.to_json()}}}'


def secret(hook: Webhook, environment: Mapping[str, str]) -> bytes:
    """The key: `whsec_` and base64, or any other text as it is. Raises SecretError."""
    text = environment.get(hook.secret_env, "")
    if not text:
        raise SecretError(f"the environment variable {hook.secret_env} with the webhook's secret is not set")
    if not text.startswith("whsec_"):
        return text.encode()
    try:
        return base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except binascii.Error as error:
        raise SecretError(f"{hook.secret_env} begins with whsec_ but goes on with what is not base64") from error


def signature(key: bytes, id: str, timestamp: int, body: str) -> str:
    """What `webhook-signature` says."""
    signed = hmac.new(key, f"{id}.{timestamp}.{body}".encode("utf-8", "backslashreplace"), hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


def deliver(
    engine: Engine, hook: Webhook, key: bytes, now: Callable[[], float], late: Callable[[], bool]
) -> tuple[int, int]:
    """Post what is due; how many went out and how many did not.

    Stops at the first failure that is the server's or the network's: the others would fail as well. One that the
    receiver refuses (4xx) is tried again like any other, up to `hook.attempts`, then it is given up.
    """
    sent = failed = 0
    with httpx.Client(timeout=hook.timeout, follow_redirects=False, trust_env=False) as client:
        for row in _due(engine, now()):
            if late():
                break
            message, broken = _post(client, hook, key, row.id, row.payload, int(now()))
            tries = row.attempts + 1
            wait = min(_FIRST_WAIT * 2 ** (tries - 1), _LONGEST_WAIT)
            status = "sent" if message is None else "given_up" if tries >= hook.attempts else "waiting"
            fields = {"status": status, "attempts": tries, "next_try": now() + wait, "message": message}
            with engine.begin() as db:
                db.execute(deliveries.update().where(deliveries.c.id == row.id).values(**fields))
            sent, failed = sent + (message is None), failed + (message is not None)
            if broken:
                break
    return sent, failed


def _due(engine: Engine, now: float) -> list[_Delivery]:
    chosen = sa.select(deliveries.c.id, deliveries.c.payload, deliveries.c.attempts)
    timely = (deliveries.c.next_try <= now) | (deliveries.c.next_try > now + 2 * _LONGEST_WAIT)
    waiting = chosen.where((deliveries.c.status == "waiting") & timely)
    with engine.connect() as db:
        rows = db.execute(waiting.order_by(deliveries.c.next_try, deliveries.c.id).limit(_AT_ONCE))
        return [_Delivery(*row) for row in rows]


def _post(
    client: httpx.Client, hook: Webhook, key: bytes, id: str, body: str, timestamp: int
) -> tuple[str | None, bool]:
    """Why it failed, if it did; and whether there is no use in going on."""
    headers = {
        "content-type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(key, id, timestamp, body),
    }
    try:
        answer = client.post(hook.url, content=body.encode("utf-8", "backslashreplace"), headers=headers)
    except httpx.HTTPError as error:
        return str(error) or type(error).__name__, True
    if answer.is_success:
        return None, False
    return f"the receiver answered {answer.status_code}", answer.status_code >= 500
