"""A storage account without keys, without a public side, with versions and soft deletion."""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import storage

from eva_infra.components.network import Network
from eva_infra.components.private_access import PrivateAccess, PrivateAccessArgs
from eva_infra.context import Context, child

SOFT_DELETE_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class AccountArgs:
    """An account's role in names, its containers, the sub-resources that are reached."""

    role: str
    network: Network
    containers: tuple[str, ...]
    groups: tuple[str, ...] = ("blob",)


class StorageAccount(pulumi.ComponentResource):
    """Blobs whose earlier versions and deletions can be undone for some weeks."""

    id: pulumi.Output[str]
    name: pulumi.Output[str]
    containers: dict[str, pulumi.Output[str]]

    def __init__(self, ctx: Context, args: AccountArgs, parent: pulumi.Resource) -> None:
        super().__init__("eva:data:StorageAccount", args.role, opts=child(parent))
        account = self._account(ctx, args.role)
        self._versions(ctx, args.role, account)
        self.containers = {
            name: self._container(ctx, account, name).name for name in args.containers
        }
        for group in args.groups:
            access = PrivateAccessArgs(
                role=f"{args.role}-{group}", target=account.id, group=group, network=args.network
            )
            PrivateAccess(ctx, access, self)
        self.id = account.id
        self.name = account.name
        self.register_outputs({"name": self.name})

    def _account(self, ctx: Context, role: str) -> storage.StorageAccount:
        return storage.StorageAccount(
            f"st-{role}",
            account_name=ctx.name("st", role),
            resource_group_name=ctx.group,
            location=ctx.settings.location,
            kind=storage.Kind.STORAGE_V2,
            sku=storage.SkuArgs(name=ctx.settings.storage_sku),
            access_tier=storage.AccessTier.HOT,
            allow_blob_public_access=False,
            allow_shared_key_access=False,
            allow_cross_tenant_replication=False,
            default_to_o_auth_authentication=True,
            is_local_user_enabled=False,
            enable_https_traffic_only=True,
            minimum_tls_version=storage.MinimumTlsVersion.TLS1_2,
            public_network_access=storage.PublicNetworkAccess.DISABLED,
            network_rule_set=storage.NetworkRuleSetArgs(
                default_action=storage.DefaultAction.DENY, bypass=storage.Bypass.NONE
            ),
            encryption=storage.EncryptionArgs(
                key_source=storage.KeySource.MICROSOFT_STORAGE,
                require_infrastructure_encryption=True,
            ),
            tags=ctx.tags,
            opts=ctx.data(self),
        )

    def _versions(self, ctx: Context, role: str, account: storage.StorageAccount) -> None:
        kept = storage.DeleteRetentionPolicyArgs(enabled=True, days=SOFT_DELETE_DAYS)
        storage.BlobServiceProperties(
            f"blobs-{role}",
            blob_services_name="default",
            account_name=account.name,
            resource_group_name=ctx.group,
            is_versioning_enabled=True,
            change_feed=storage.ChangeFeedArgs(enabled=True, retention_in_days=SOFT_DELETE_DAYS),
            delete_retention_policy=kept,
            container_delete_retention_policy=kept,
            opts=ctx.data(self),
        )

    def _container(
        self, ctx: Context, account: storage.StorageAccount, name: str
    ) -> storage.BlobContainer:
        return storage.BlobContainer(
            f"container-{name}",
            container_name=name,
            account_name=account.name,
            resource_group_name=ctx.group,
            public_access=storage.PublicAccess.NONE,
            opts=ctx.data(self),
        )
