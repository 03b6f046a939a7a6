from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.addresses import Proxies

TRUSTED = Proxies([ip_network("10.0.0.0/8"), ip_network("fd00::/8")])


def scope(peer: str | None, *forwarded: str) -> dict[str, object]:
    headers = [(b"host", b"eva"), *((b"x-forwarded-for", one.encode()) for one in forwarded)]
    return {"client": None if peer is None else (peer, 4711), "headers": headers}


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),  # nobody trusts the peer
        ("203.0.113.9", ["10.0.0.1"], "203.0.113.9"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1:49152"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),  # the client wrote 1.1.1.1
        ("10.0.0.1", ["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1, 10.2.0.1, 10.3.0.1"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1", "10.2.0.1", "10.3.0.1"], "198.51.100.1"),
        ("10.0.0.1", ["10.9.0.1, 10.3.0.1"], "10.9.0.1"),
        ("10.0.0.1", ["198.51.100.1, unknown, 10.3.0.1"], "10.3.0.1"),
        ("10.0.0.1", ["198.51.100.1, , 10.3.0.1"], "10.3.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", ["evil"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1 10.3.0.1"], "10.0.0.1"),
        ("10.0.0.1", ["0198.51.100.1"], "10.0.0.1"),
        ("10.0.0.1", ["1" * 200], "10.0.0.1"),
        ("10.0.0.1", ["é"], "10.0.0.1"),
        ("::ffff:10.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("fd00::1", ["[2001:db8:1:2:3::4]:443"], "2001:db8:1:2::/64"),
        ("2001:db8:1:2::aaaa", [], "2001:db8:1:2::/64"),
        ("fe80::1%eth0", [], "fe80::/64"),
        (None, ["198.51.100.1"], "-"),
        ("testclient", ["198.51.100.1"], "-"),
    ],
)
def test_the_client_is_the_nearest_who_is_no_trusted_proxy(
    peer: str | None, forwarded: list[str], client: str
) -> None:
    assert TRUSTED.client(scope(peer, *forwarded)) == client


def test_without_trusted_proxies_the_peer_is_the_client() -> None:
    assert Proxies().client(scope("10.0.0.1", "198.51.100.1")) == "10.0.0.1"


def test_a_subscriber_cannot_pose_as_many_by_the_addresses_of_its_network() -> None:
    found = {TRUSTED.client(scope(f"2001:db8:0:7::{n:x}")) for n in range(1, 500)}
    assert found == {"2001:db8:0:7::/64"}


def test_a_flood_of_hops_is_not_read_to_its_end() -> None:
    hops = ", ".join(["198.51.100.1"] + ["10.0.0.7"] * 5000)
    assert TRUSTED.client(scope("10.0.0.1", hops)) == "10.0.0.7"
    many = ["198.51.100.1", *["10.0.0.7"] * 5000]
    assert TRUSTED.client(scope("10.0.0.1", *many)) == "10.0.0.7"


@given(st.lists(st.text(max_size=60), max_size=30))
def test_nothing_that_is_written_in_the_header_moves_a_peer_that_is_not_trusted(
    forwarded: list[str],
) -> None:
    assert TRUSTED.client(scope("203.0.113.9", *forwarded)) == "203.0.113.9"


@given(st.lists(st.text(max_size=60) | st.ip_addresses().map(str), max_size=30))
def test_a_client_behind_a_trusted_proxy_cannot_change_what_the_proxy_says_of_it(
    written: list[str],
) -> None:
    said = ", ".join([*written, "198.51.100.1"])
    assert TRUSTED.client(scope("10.0.0.1", said)) == "198.51.100.1"
    assert TRUSTED.client(scope("10.0.0.1", *written, "198.51.100.1")) == "198.51.100.1"
