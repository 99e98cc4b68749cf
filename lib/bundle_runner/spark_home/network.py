"""What Java must be told to reach the network as Python does: trusted certificates and proxies."""

from __future__ import annotations

import hashlib
import ssl
import struct
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies

_PASSWORD = "changeit"  # noqa: S105 - Java's own default; a store of public certificates hides nothing
_MAGIC, _FORMAT, _TRUSTED = 0xFEEDFEED, 2, 2


def java_network_options(folder: Path) -> list[str]:
    """Return the JVM options for proxies and trust; the trust store is written into the folder."""
    return [*_proxy_options(), *_trust_options(folder)]


def _proxy_options() -> list[str]:
    proxies = getproxies()
    proxy = urlsplit(proxies.get("https", ""))
    if not proxy.hostname:
        return []
    options = [f"-Dhttps.proxyHost={proxy.hostname}", f"-Dhttps.proxyPort={proxy.port or 443}"]
    direct = [host.strip() for host in proxies.get("no", "").split(",") if host.strip()]
    if direct:
        options.append("-Dhttp.nonProxyHosts=" + "|".join(f"*{host}" for host in direct))
    return options


def _trust_options(folder: Path) -> list[str]:
    """Trust what Python trusts: a JRE from PyPI knows nothing of a company's own authority."""
    certificates = ssl.create_default_context().get_ca_certs(binary_form=True)
    if not certificates:
        return []
    store = folder / "trusted.jks"
    store.write_bytes(key_store(certificates))
    return [f"-Djavax.net.ssl.trustStore={store}", f"-Djavax.net.ssl.trustStorePassword={_PASSWORD}"]


def key_store(certificates: Sequence[bytes]) -> bytes:
    """Return DER certificates as a Java key store.

    Source: the JKS format as read by sun.security.provider.JavaKeyStore.
    """
    body = struct.pack(">III", _MAGIC, _FORMAT, len(certificates))
    for number, certificate in enumerate(certificates):
        body += struct.pack(">I", _TRUSTED) + _text(str(number)) + struct.pack(">Q", 0)
        body += _text("X.509") + struct.pack(">I", len(certificate)) + certificate
    seal = hashlib.sha1(_PASSWORD.encode("utf-16-be") + b"Mighty Aphrodite" + body, usedforsecurity=False)
    return body + seal.digest()


def _text(value: str) -> bytes:
    return struct.pack(">H", len(value)) + value.encode("ascii")
