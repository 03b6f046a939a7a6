"""What may pass in the network: to private endpoints only, and out to what is named."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from pulumi_azure_native import network

PORTS = ("443", "10000", "10250-10255")  # HTTPS, Redis, Cosmos in direct mode
HTTPS = ("443",)
# Where tokens and the keys that they are signed with come from.
IDENTITY = "AzureActiveDirectory"
# What an environment of Container Apps itself calls; that of App Service does not come this way.
PLATFORM = ("MicrosoftContainerRegistry", "AzureFrontDoor.FirstParty", "AzureMonitor")
_IN, _OUT = network.SecurityRuleDirection.INBOUND, network.SecurityRuleDirection.OUTBOUND


@dataclass(frozen=True)
class Calls:
    """Who calls (a kind of host, its addresses), the private endpoints, what else is called."""

    hosting: str
    service: IPv4Network
    endpoints: IPv4Network
    others: Sequence[IPv4Network]


@dataclass(frozen=True)
class _Allowed:
    """What may pass: the rule's name, from where, to where (an address or a service tag)."""

    name: str
    source: str
    target: str
    ports: Sequence[str]


def only_from(service: IPv4Network) -> list[network.SecurityRuleArgs]:
    """Return the rules of private endpoints: the service is let in, nobody else."""
    allowed = _Allowed("from-the-service", str(service), "*", PORTS)
    return [_rule(allowed, 100, _IN), _nothing_else("nobody-else", _IN)]


def calls(made: Calls) -> list[network.SecurityRuleArgs]:
    """Return the rules of the service: calls of what is named are let out, nothing else."""
    out = [_rule(one, 100 + 10 * place, _OUT) for place, one in enumerate(_named(made))]
    return [*out, _nothing_else("nothing-else", _OUT)]


def _named(made: Calls) -> Iterator[_Allowed]:
    yield _Allowed("private-endpoints", "*", str(made.endpoints), PORTS)
    yield _Allowed("identity", "*", IDENTITY, HTTPS)
    if made.hosting == "containerapps":
        yield _Allowed("the-environment-itself", "*", str(made.service), ["0-65535"])
        for tag in PLATFORM:
            yield _Allowed(tag, "*", tag, HTTPS)
    for place, other in enumerate(made.others):
        yield _Allowed(f"called-{place}", "*", str(other), HTTPS)


def _rule(
    allowed: _Allowed, priority: int, direction: network.SecurityRuleDirection
) -> network.SecurityRuleArgs:
    return network.SecurityRuleArgs(
        name=allowed.name,
        priority=priority,
        direction=direction,
        access=network.SecurityRuleAccess.ALLOW,
        protocol=network.SecurityRuleProtocol.TCP,
        source_address_prefix=allowed.source,
        source_port_range="*",
        destination_address_prefix=allowed.target,
        destination_port_ranges=list(allowed.ports),
    )


def _nothing_else(name: str, direction: network.SecurityRuleDirection) -> network.SecurityRuleArgs:
    """Return the last rule: behind it come Azure's, which let all of that through."""
    return network.SecurityRuleArgs(
        name=name,
        priority=4096,
        direction=direction,
        access=network.SecurityRuleAccess.DENY,
        protocol=network.SecurityRuleProtocol.ASTERISK,
        source_address_prefix="*",
        source_port_range="*",
        destination_address_prefix="*",
        destination_port_range="*",
    )
