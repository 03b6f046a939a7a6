"""The service's identity, and the least roles that it needs."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import authorization, managedidentity

from eva_infra.context import Context, child
from eva_infra.naming import guid
from eva_infra.roles import Role


class Identity(pulumi.ComponentResource):
    """A user-assigned identity: it outlives the host that runs under it."""

    id: pulumi.Output[str]
    client_id: pulumi.Output[str]
    principal_id: pulumi.Output[str]

    def __init__(self, ctx: Context, role: str, parent: pulumi.Resource | None = None) -> None:
        super().__init__("eva:identity:Identity", f"identity-{role}", opts=child(parent))
        made = managedidentity.UserAssignedIdentity(
            f"id-{role}",
            resource_name_=ctx.name("id", role),
            resource_group_name=ctx.group,
            location=ctx.settings.location,
            tags=ctx.tags,
            opts=child(self),
        )
        self.id = made.id
        self.client_id = made.client_id
        self.principal_id = made.principal_id
        self.register_outputs({"client_id": self.client_id})


@dataclass(frozen=True, kw_only=True)
class Grant:
    """A role on one resource; a condition narrows what may be done with it."""

    role: Role
    scope: pulumi.Input[str]
    condition: str | None = None


@dataclass(frozen=True, kw_only=True)
class GrantsArgs:
    """Whose grants, by what each is for."""

    holder: str
    identity: Identity
    grants: Mapping[str, Grant]


class Grants(pulumi.ComponentResource):
    """What one identity may do."""

    def __init__(
        self, ctx: Context, args: GrantsArgs, parent: pulumi.Resource | None = None
    ) -> None:
        holder = args.holder
        super().__init__("eva:identity:Grants", f"grants-{holder}", opts=child(parent))
        for purpose, grant in args.grants.items():
            authorization.RoleAssignment(
                f"{holder}-{purpose}",
                role_assignment_name=guid(ctx.settings.environment, holder, purpose),
                scope=grant.scope,
                principal_id=args.identity.principal_id,
                principal_type=authorization.PrincipalType.SERVICE_PRINCIPAL,
                role_definition_id=ctx.role(grant.role),
                condition=grant.condition,
                condition_version="2.0" if grant.condition else None,
                opts=child(self, delete_before_replace=True),
            )
        self.register_outputs({})
