"""Which addresses may be spoken to: a stranger's URL, redirect or DNS record must not reach the operator's network.

The check is made on the address that the connection then goes to, so no second look-up can change it.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable, Sequence
from typing import Any, cast

import httpcore

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class AddressRefused(Exception):  # noqa: N818  # an answer, not a failure
    """A host that leads to an address which is not public. The message names both."""


def allowed(address: str, networks: Iterable[str] = ()) -> bool:
    """Whether an IP address may be fetched from: it is public, or in one of the `networks`."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if any(ip in ipaddress.ip_network(network) for network in networks):
        return True
    return all(_public(inner) for inner in (ip, *_inside(ip)))


def _inside(ip: _Address) -> list[_Address]:
    """IPv4 addresses that an IPv6 address stands for: mapped, 6to4, Teredo, NAT64."""
    if ip.version == 4:
        return []
    found: list[_Address | None] = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
    if ip in _NAT64:
        found.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
    return [address for address in found if address is not None]


def _public(ip: _Address) -> bool:
    # A mapped address is judged by the IPv4 address in it.
    mapped = ip.version == 6 and (ip.ipv4_mapped is not None or ip in _NAT64)
    return mapped or (ip.is_global and not ip.is_multicast)


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects by TCP like the backend of httpcore, to addresses that are `allowed` only."""

    def __init__(self, networks: Sequence[str] = ()) -> None:
        self._networks = tuple(networks)
        # Behind a fallback in httpcore, where the type checker does not see what it is.
        self._backend = cast(httpcore.AsyncNetworkBackend, httpcore.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A stream to the first of the host's addresses that answers.

        Raises AddressRefused if one of them is not allowed, and httpcore.ConnectError.
        """
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"the name {host} is not found ({error})") from error
        addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
        for address in addresses:
            if not allowed(address, self._networks):
                raise AddressRefused(f"{host} leads to {address}: no public address, nor in allow_addresses")
        failure: Exception = httpcore.ConnectError(f"the name {host} has no address")
        for address in addresses:
            try:
                return await self._backend.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ARG002
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002
    ) -> httpcore.AsyncNetworkStream:
        """Refused: no page is behind a socket of this machine."""
        raise AddressRefused(f"{path} is a socket of this machine")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._backend.sleep(seconds)
