"""Where webhooks may lead."""

from ipaddress import ip_address

import pytest

from engine.doors.addresses import Reach, checked, reachable
from engine.errors import InvalidSettings

PRIVATE = (
    "10.0.0.1", "172.16.0.1", "192.168.1.1", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "2002:0a00:0001::",
)  # fmt: skip
NOWHERE = (
    "169.254.169.254", "fe80::1", "0.0.0.0", "::", "224.0.0.1", "ff02::1", "240.0.0.1", "::ffff:169.254.169.254",
    "64:ff9b::169.254.169.254", "fec0::1", "feff::1",
)  # fmt: skip
HERE = ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "64:ff9b::127.0.0.1", "2002:7f00:0001::")
PUBLIC = ("93.184.216.34", "2606:2800:220:1::1")


@pytest.mark.parametrize(
    ("reach", "taken"),
    [("public", {*PUBLIC}), ("private", {*PUBLIC, *PRIVATE}), ("loopback", {*PUBLIC, *PRIVATE, *HERE})],
)
def test_each_reach_takes_its_own_addresses_and_no_other(reach: Reach, taken: set[str]) -> None:
    """Also where one address is wrapped in another; clouds' own addresses never."""
    everything = (*PUBLIC, *PRIVATE, *NOWHERE, *HERE)
    assert {one for one in everything if reachable(ip_address(one), reach)} == taken


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/x", "ftp://example.com", "https://", "https://user@example.com/", "https://a:b@example.com/",
        "https://example.com/#x", "https://example.com:0/", "https://example.com:99999/", "https://exa mple.com/",
        "https://ex\u00e4mple.com/", "https://127.0.0.1/", "https://[::1]/", "https://10.0.0.1/", "//example.com/",
        "https://169.254.169.254/latest/meta-data", "https://example.com/" + "x" * 500, "javascript:alert(1)", "",
        "https://example.com/\n", "https://[::ffff:127.0.0.1]/", "http://localhost/", "https://example.com/a\tb",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_stranger_is_refused(url: str) -> None:
    """Before anything is resolved, and without repeating it."""
    with pytest.raises(InvalidSettings) as refused:
        checked(url, "public")
    assert len(url) < 9 or url not in str(refused.value)


def test_plain_http_goes_to_this_machine_alone() -> None:
    """In a local stack, to try one; nowhere else, whatever may be reached."""
    assert checked("http://127.0.0.1:8000/x", "loopback").port == 8000
    assert checked("http://localhost:8000/x", "loopback").hostname == "localhost"
    assert checked("https://example.com:8443/a?b=c", "public").port == 8443
    assert checked("https://10.1.2.3/", "private").hostname == "10.1.2.3"
    for url in ("http://example.com/", "http://10.0.0.1/", "http://127.0.0.1.example.com/"):
        with pytest.raises(InvalidSettings):
            checked(url, "loopback")
