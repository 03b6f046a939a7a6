"""Azure OpenAI: the account and its deployments, one after the other."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import cognitiveservices as cognitive

from eva_infra.components.network import Network
from eva_infra.components.private_access import PrivateAccess, PrivateAccessArgs
from eva_infra.context import Context, child
from eva_infra.settings import Model


@dataclass(frozen=True, kw_only=True)
class ModelsArgs:
    """What is deployed, and where it is reached from."""

    network: Network
    models: tuple[Model, ...]


class Models(pulumi.ComponentResource):
    """Language models; `deployments` are their names by role."""

    id: pulumi.Output[str]
    endpoint: pulumi.Output[str]
    deployments: Mapping[str, str]

    def __init__(self, ctx: Context, args: ModelsArgs) -> None:
        super().__init__("eva:models:Models", "models")
        account = self._account(ctx)
        before: cognitive.Deployment | None = None
        for model in args.models:  # the account refuses two at a time with 409
            before = self._deploy(ctx, account, model, before)
        access = PrivateAccessArgs(
            role="openai", target=account.id, group="account", network=args.network
        )
        PrivateAccess(ctx, access, self)
        self.id = account.id
        self.endpoint = pulumi.Output.concat("https://", ctx.name("oai"), ".openai.azure.com")
        self.deployments = {model.role: model.deployment for model in args.models}
        self.register_outputs({"endpoint": self.endpoint})

    def _account(self, ctx: Context) -> cognitive.Account:
        return cognitive.Account(
            "openai",
            account_name=ctx.name("oai"),
            resource_group_name=ctx.group,
            location=ctx.settings.models_location or ctx.settings.location,
            kind="OpenAI",
            sku=cognitive.SkuArgs(name="S0"),
            properties=cognitive.AccountPropertiesArgs(
                custom_sub_domain_name=ctx.name("oai"),
                disable_local_auth=True,
                public_network_access=cognitive.PublicNetworkAccess.DISABLED,
                network_acls=cognitive.NetworkRuleSetArgs(
                    default_action=cognitive.NetworkRuleAction.DENY
                ),
            ),
            tags=ctx.tags,
            opts=ctx.data(self),
        )

    def _deploy(
        self,
        ctx: Context,
        account: cognitive.Account,
        model: Model,
        before: cognitive.Deployment | None,
    ) -> cognitive.Deployment:
        return cognitive.Deployment(
            f"deployment-{model.deployment}",
            deployment_name=model.deployment,
            account_name=account.name,
            resource_group_name=ctx.group,
            sku=cognitive.SkuArgs(name=model.sku, capacity=model.capacity),
            properties=cognitive.DeploymentPropertiesArgs(
                model=cognitive.DeploymentModelArgs(
                    format="OpenAI", name=model.model, version=model.version
                ),
                # An answer's quality is measured with a version: another one is a change of ours.
                version_upgrade_option=(
                    cognitive.DeploymentModelVersionUpgradeOption.NO_AUTO_UPGRADE
                ),
                rai_policy_name="Microsoft.DefaultV2",
            ),
            tags=ctx.tags,
            opts=child(self, depends_on=[before] if before else []),
        )
