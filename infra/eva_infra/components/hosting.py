"""What a host of the service promises, whichever it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import pulumi

from eva_infra.components.identity import Identity
from eva_infra.components.network import Network

PORT = 8000
LIVE = "/livez"  # a host restarts by this: it must not ask dependencies
READY = "/readyz"  # an edge sends requests by this: it names the failing dependency


@dataclass(frozen=True, kw_only=True)
class HostArgs:
    """What is run (`image` is a repository with a digest), as whom, with which settings.

    Callers are let in from the Front Door whose id is given, else from `allowed` only.
    """

    server: pulumi.Output[str]
    image: str
    identity: Identity
    network: Network
    workspace: pulumi.Output[str]
    variables: Mapping[str, pulumi.Input[str]]
    front_door: pulumi.Output[str] | None
    allowed: tuple[str, ...]
    after: tuple[pulumi.Resource, ...] = field(default=())


@dataclass(frozen=True, kw_only=True)
class PrivateLink:
    """Where an edge reaches a host that has no public side."""

    target: pulumi.Output[str]
    group: str
    location: str


class Host(Protocol):
    """A running service. `staging` is the build that waits to be made the one that is used."""

    @property
    def resource_id(self) -> pulumi.Output[str]:
        """Return the id of what serves."""
        ...

    @property
    def host_name(self) -> pulumi.Output[str]:
        """Return the name that requests go to."""
        ...

    @property
    def staging(self) -> pulumi.Output[str]:
        """Return the name of the build that waits."""
        ...

    @property
    def private_link(self) -> PrivateLink | None:
        """Return how it is reached privately; None if by its public name."""
        ...

    @property
    def observed(self) -> Mapping[str, pulumi.Output[str]]:
        """Return the ids of what has logs or metrics, by role."""
        ...

    @property
    def metrics_only(self) -> frozenset[str]:
        """Return which of these have no logs of their own."""
        ...


def image(args: HostArgs) -> pulumi.Output[str]:
    """Return the image's full name, by digest."""
    return pulumi.Output.concat(args.server, "/", args.image)
