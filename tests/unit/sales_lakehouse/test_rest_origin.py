"""Where credentials may go: one origin, at an address that the source agreed to."""

import pytest

from sales_lakehouse.rest.faults import FaultError
from sales_lakehouse.rest.origin import Origin

SHOP = Origin("https", "shop.example.com", 443)


@pytest.mark.parametrize(
    ("target", "followed"),
    [
        ("?page=2", "https://shop.example.com/v1/orders?page=2"),
        ("/v2/orders", "https://shop.example.com/v2/orders"),
        ("https://shop.example.com:443/v1/orders?page=2", "https://shop.example.com/v1/orders?page=2"),
        ("HTTPS://SHOP.EXAMPLE.COM/v1", "https://shop.example.com/v1"),
        ("/v1/orders#part", "https://shop.example.com/v1/orders"),
        ("https:\\\\evil.example.com/", "https://shop.example.com/v1/\\\\evil.example.com/"),
    ],
    ids=["query", "path", "port in words", "capitals", "fragment", "backslashes"],
)
def test_a_next_page_at_the_same_origin_is_followed(target: str, followed: str) -> None:
    assert SHOP.follow("https://shop.example.com/v1/orders", target) == followed


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example.com/v1/orders",
        "http://shop.example.com/v1/orders",
        "https://shop.example.com:8443/v1/orders",
        "//evil.example.com/v1/orders",
        "https://shop.example.com@evil.example.com/",
        "https://user:word@shop.example.com/v1/orders",
        "https://shop.example.com.evil.example.com/",
        "file:///etc/passwd",
    ],
)
def test_a_next_page_elsewhere_is_not_asked(target: str) -> None:
    with pytest.raises(FaultError, match=r"expected an address at https://shop\.example\.com:443, got one at"):
        SHOP.follow("https://shop.example.com/v1/orders", target)


def test_credentials_are_not_sent_in_the_open_unless_agreed() -> None:
    with pytest.raises(FaultError, match="asked over http; use https, or say plain_http"):
        Origin("http", "shop.example.com", 80).check_scheme()
    Origin("http", "shop.example.com", 80, ("plain_http",)).check_scheme()
    Origin("http", "127.0.0.1", 80, ("loopback",)).check_scheme()


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "loopback"),
        ("127.8.8.8", "loopback"),
        ("::1", "loopback"),
        ("0.0.0.0", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("169.254.169.254", "link_local"),
        ("fe80::1%eth0", "link_local"),
        ("10.0.0.1", "private"),
        ("172.16.3.4", "private"),
        ("192.168.1.1", "private"),
        ("100.64.0.1", "private"),
        ("fd00::1", "private"),
        ("224.0.0.1", "private"),
        ("::ffff:10.0.0.1", "private"),
        ("::ffff:169.254.169.254", "link_local"),
        ("64:ff9b::10.0.0.1", "private"),
        ("2002:7f00:1::", "loopback"),
    ],
)
def test_an_address_that_is_not_public_must_be_declared(address: str, kind: str) -> None:
    with pytest.raises(
        FaultError, match=rf"a {kind} address, and the source allows none; it was not asked; .*say {kind} in"
    ):
        SHOP.check_addresses(["93.184.216.34", address])
    Origin("https", "shop.example.com", 443, (kind,)).check_addresses(["93.184.216.34", address])


def test_public_addresses_need_no_word() -> None:
    SHOP.check_addresses(["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])


@pytest.mark.parametrize(
    "base_url", ["shop.example.com", "ftp://shop.example.com", "https://", "https://user:word@x.de"]
)
def test_a_base_url_that_is_none_is_refused_without_showing_a_password(base_url: str) -> None:
    with pytest.raises(FaultError, match=r"(expected a base URL like|name them as secrets)") as caught:
        Origin.of(base_url, ())
    assert "word" not in str(caught.value).replace("password", "")
