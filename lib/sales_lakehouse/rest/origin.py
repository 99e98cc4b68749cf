"""Where credentials may go: one origin, at an address that was agreed."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass

import httpx

from sales_lakehouse.rest.faults import FaultError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True)
class Origin:
    """Scheme, host and port of an API, and the kinds of address it may have beyond public ones."""

    scheme: str
    host: str
    port: int
    allow: tuple[str, ...] = ()

    @classmethod
    def of(cls, base_url: str, allow: tuple[str, ...]) -> Origin:
        """Return the origin of a connection.

        Raises: FaultError when it is no agreed way to reach a server.
        """
        url = _parse(base_url)
        if url.scheme not in _PORTS or not url.host:
            raise FaultError("no address", f"expected a base URL like https://shop.example.com, got {base_url[:80]!r}")
        if url.userinfo:
            raise FaultError("user in URL", "the base URL holds a user or password; name them as secrets in auth")
        origin = cls(url.scheme, url.host, url.port or _PORTS[url.scheme], allow)
        origin.check_scheme()
        origin.check_addresses(origin.resolve())
        return origin

    @property
    def is_local(self) -> bool:
        """Tell whether the host is this machine by its name."""
        return self.host in ("127.0.0.1", "localhost", "::1")

    def follow(self, current: str, target: str) -> str:
        """Return the URL that a server-given target means.

        Raises: FaultError when it leads to another origin.
        """
        url = _parse(current).join(_parse(target)).copy_with(fragment=None)
        port = url.port or _PORTS.get(url.scheme, 0)
        if url.userinfo or (url.scheme, url.host, port) != (self.scheme, self.host, self.port):
            told = f"{url.scheme}://{url.host}:{port}" + (" with a user" if url.userinfo else "")
            raise FaultError(
                "another origin",
                f"expected an address at {self.scheme}://{self.host}:{self.port}, got one at {told}; it was not asked",
            )
        return str(url)

    def check_scheme(self) -> None:
        """Refuse to send credentials and data in the open, unless agreed."""
        agreed = "plain_http" in self.allow or (self.is_local and "loopback" in self.allow)
        if self.scheme == "http" and not agreed:
            word = "loopback" if self.is_local else "plain_http"
            raise FaultError("no https", f"{self.host} is asked over http; use https, or say {word} in allow")

    def check_addresses(self, addresses: Iterable[str]) -> None:
        """Refuse an address that the source does not declare."""
        for address in addresses:
            kind = _kind(ipaddress.ip_address(address.split("%")[0]))
            if kind and kind not in self.allow:
                raise FaultError(
                    "undeclared address",
                    f"{self.host} is {address}, a {kind} address, and the source allows "
                    f"{', '.join(self.allow) or 'none'}; it was not asked; where it is meant, say {kind} in allow",
                )

    def resolve(self) -> list[str]:
        """Return the host's addresses; none where its name is not known, which the connection will tell."""
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except OSError:
            return []
        return [str(entry[4][0]) for entry in found]


def _kind(address: Address) -> str | None:
    """Return the word by which a source declares such an address; None for the public internet."""
    inner = _wrapped(address) or address
    if inner.is_loopback or inner.is_unspecified:
        return "loopback"
    if inner.is_link_local:
        return "link_local"
    return None if inner.is_global and not inner.is_multicast else "private"


def _wrapped(address: Address) -> Address | None:
    """Return the address of the old kind to which one of the new kind leads: mapped, 6to4, or by a NAT64 gateway."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    gateway = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None
    return address.ipv4_mapped or address.sixtofour or gateway


def _parse(text: str) -> httpx.URL:
    # The client's own parser: with another one, what was checked and what is asked could differ.
    try:
        return httpx.URL(text)
    except (httpx.InvalidURL, TypeError, ValueError) as cause:
        raise FaultError("no address", f"expected an address, got {text[:80]!r}") from cause
