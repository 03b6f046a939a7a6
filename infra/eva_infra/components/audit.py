"""The audit trail's own account: what is written there can be added to, not changed.

It is apart from the documents because immutability and the restoring of deleted blobs exclude
each other. Policies are left unlocked: locking is irreversible and a person's decision, made once
with `az storage container immutability-policy lock` (see the README).
"""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import storage

from eva_infra.components.network import Network
from eva_infra.components.storage import AccountArgs, StorageAccount
from eva_infra.context import Context

CONTAINER = "audit"


@dataclass(frozen=True, kw_only=True)
class AuditArgs:
    """Where it is reached from."""

    network: Network


class Audit(pulumi.ComponentResource):
    """A container of checkpoints that nobody can change for as long as the stack says."""

    account: StorageAccount

    def __init__(self, ctx: Context, args: AuditArgs) -> None:
        super().__init__("eva:data:Audit", "audit")
        self.account = StorageAccount(
            ctx, AccountArgs(role="aud", network=args.network, containers=(CONTAINER,)), self
        )
        storage.BlobContainerImmutabilityPolicy(
            "immutable",
            immutability_policy_name="default",
            account_name=self.account.name,
            container_name=self.account.containers[CONTAINER],
            resource_group_name=ctx.group,
            immutability_period_since_creation_in_days=ctx.settings.audit_days,
            allow_protected_append_writes=True,
            opts=ctx.data(self),
        )
        self.register_outputs({"account": self.account.name})
