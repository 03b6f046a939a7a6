"""Where the bytes of documents are: originals, texts, page maps."""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import storage

from eva_infra.components.network import Network
from eva_infra.components.storage import AccountArgs, StorageAccount
from eva_infra.context import Context, child

CONTAINER = "documents"
COOL_AFTER_DAYS = 90
# Erased documents are gone for good when their soft-deleted versions are.
OLD_VERSIONS_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class DocumentsArgs:
    """Where they are reached from."""

    network: Network


class Documents(pulumi.ComponentResource):
    """The account of documents; what is rarely read gets cheaper, old versions go."""

    account: StorageAccount

    def __init__(self, ctx: Context, args: DocumentsArgs) -> None:
        super().__init__("eva:data:Documents", "documents")
        self.account = StorageAccount(
            ctx,
            AccountArgs(
                role="docs", network=args.network, containers=(CONTAINER,), groups=("blob", "queue")
            ),
            self,
        )
        storage.ManagementPolicy(
            "lifecycle",
            management_policy_name="default",
            account_name=self.account.name,
            resource_group_name=ctx.group,
            policy=storage.ManagementPolicySchemaArgs(rules=[_lifecycle()]),
            opts=child(self),
        )
        self.register_outputs({"account": self.account.name})


def _lifecycle() -> storage.ManagementPolicyRuleArgs:
    return storage.ManagementPolicyRuleArgs(
        name="cool-then-forget-old-versions",
        type=storage.RuleType.LIFECYCLE,
        enabled=True,
        definition=storage.ManagementPolicyDefinitionArgs(
            filters=storage.ManagementPolicyFilterArgs(
                blob_types=["blockBlob"], prefix_match=[f"{CONTAINER}/"]
            ),
            actions=storage.ManagementPolicyActionArgs(
                base_blob=storage.ManagementPolicyBaseBlobArgs(
                    tier_to_cool=storage.DateAfterModificationArgs(
                        days_after_modification_greater_than=COOL_AFTER_DAYS
                    )
                ),
                version=storage.ManagementPolicyVersionArgs(
                    delete=storage.DateAfterCreationArgs(
                        days_after_creation_greater_than=OLD_VERSIONS_DAYS
                    )
                ),
            ),
        ),
    )
