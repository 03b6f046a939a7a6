"""Who is at the other end: the peer, or whom trusted proxies say that they speak for.

`X-Forwarded-For` is read from its end: each proxy adds the peer that it saw. The first address
that is no trusted proxy's is the client; what stands before it anybody may have written.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.types import Scope

ADDRESS = "eva.address"  # set in the scope by `Proxies.address`
_HEADER = b"x-forwarded-for"
_SCHEME = b"x-forwarded-proto"
_MOST_HOPS = 20
_LONGEST = len("[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535")
_UNKNOWN = "-"  # a Unix socket has no address; the limit counts all that come by it together
_SUBSCRIBER_BITS = 64  # RFC 6177: whoever has one IPv6 address has a network of them

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Proxies:
    """The networks whose word is taken for whom they speak for."""

    def __init__(self, networks: Sequence[Network] = ()) -> None:
        self._networks = tuple(networks)
        self._trusted = lru_cache(4096)(self._is_trusted)

    def address(self, scope: Scope) -> str:
        """Return the client's address, "" if it has none; it is looked for once a request."""
        known: str | None = scope.get(ADDRESS)
        if known is None:
            known = scope[ADDRESS] = self._address(scope)
        return known

    def client(self, scope: Scope) -> str:
        """Return the client's address; of IPv6 the network that one subscriber has."""
        return _subscriber(self.address(scope))

    def _address(self, scope: Scope) -> str:
        peer = scope.get("client")
        nearest = _parsed(peer[0]) if peer else None
        if nearest is None:
            return ""
        if self._networks and self._trusted(nearest):
            for hop in _hops(scope):
                nearest = hop
                if not self._trusted(nearest):
                    break
        return str(nearest)

    def scheme(self, scope: Scope) -> str:
        """Return by which scheme the client came: as a trusted proxy says, else as the peer did."""
        peer = scope.get("client")
        nearest = _parsed(peer[0]) if peer else None
        if nearest is not None and self._networks and self._trusted(nearest):
            for name, value in reversed(scope["headers"]):
                if name == _SCHEME:
                    said = value.rpartition(b",")[2].strip().lower().decode("latin-1")
                    return said if said in ("http", "https") else "http"
        plain = {"ws": "http", "wss": "https"}
        given = str(scope.get("scheme", "http"))
        return plain.get(given, given)

    def _is_trusted(self, address: Address) -> bool:
        return any(address in network for network in self._networks)


def _hops(scope: Scope) -> Iterator[Address]:
    """Yield the addresses told, the nearest first; none behind one that is not an address."""
    seen = 0
    for name, value in reversed(scope["headers"]):
        if name != _HEADER:
            continue
        rest = value
        while rest is not None:
            seen += 1
            rest, _, said = rest.rpartition(b",")
            found = _parsed(said.decode("latin-1").strip())
            if found is None or seen > _MOST_HOPS:
                return
            yield found
            if not rest:
                break


@lru_cache(4096)
def _parsed(said: str) -> Address | None:
    """Return the address in `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` or `[2001:db8::1]:80`."""
    if len(said) > _LONGEST:
        return None
    if said.startswith("["):
        said = said[1:].partition("]")[0]
    elif said.count(":") == 1:
        said = said.partition(":")[0]
    try:
        found = ip_address(said.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _subscriber(address: str) -> str:
    return _network(address) if ":" in address else address or _UNKNOWN


@lru_cache(4096)
def _network(address: str) -> str:
    return str(IPv6Network((IPv6Address(address), _SUBSCRIBER_BITS), strict=False))
