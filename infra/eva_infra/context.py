"""What every component of a stack is given."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pulumi
from pulumi_azure_native import authorization

from eva_infra.naming import Names, tags
from eva_infra.roles import Role, definition
from eva_infra.settings import Settings


@dataclass(frozen=True)
class Context:
    """One stack: its settings, its names, and the resource group that all lies in."""

    settings: Settings
    group: pulumi.Output[str]
    group_id: pulumi.Output[str]

    @cached_property
    def names(self) -> Names:
        """Return the names of this stack."""
        return Names.of(self.settings)

    @cached_property
    def tags(self) -> Mapping[str, str]:
        """Return the tags of this stack."""
        return tags(self.settings)

    @cached_property
    def client(self) -> pulumi.Output[authorization.GetClientConfigResult]:
        """Return who deploys: tenant and subscription."""
        return authorization.get_client_config_output()

    def role(self, role: Role) -> pulumi.Output[str]:
        """Return the full id of a role's definition."""
        return self.client.subscription_id.apply(
            lambda subscription: definition(subscription, role)
        )

    def name(self, kind: str, role: str = "") -> str:
        """Return a resource's name."""
        return self.names.name(kind, role)

    def data(self, parent: pulumi.Resource, **more: object) -> pulumi.ResourceOptions:
        """Return the options of a resource that holds data: protected where the stack says so."""
        return child(parent, protect=self.settings.protect, **more)


def child(parent: pulumi.Resource | None, **more: object) -> pulumi.ResourceOptions:
    """Return the options of a resource that belongs to a component, or to the stack itself."""
    return pulumi.ResourceOptions(parent=parent, **more)  # pyright: ignore[reportArgumentType]
