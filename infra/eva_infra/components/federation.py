"""Whom GitHub Actions may be: one identity that looks, one that deploys. No secret anywhere."""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import managedidentity

from eva_infra.components.identity import Grant, Grants, GrantsArgs, Identity
from eva_infra.context import Context, child
from eva_infra.roles import Role

ISSUER = "https://token.actions.githubusercontent.com"
# The environments of the repository that deploy; pull requests and the nightly look use `preview`.
GITHUB_ENVIRONMENTS = {"dev": "dev", "staging": "staging", "prod": "production"}
AUDIENCE = "api://AzureADTokenExchange"
# What a deployment may grant: the service's own roles, to service principals.
GRANTABLE = (
    Role.BLOB_DATA_CONTRIBUTOR,
    Role.QUEUE_DATA_CONTRIBUTOR,
    Role.VAULT_SECRETS_USER,
    Role.OPENAI_USER,
    Role.ACR_PULL,
    Role.MONITORING_METRICS_PUBLISHER,
)


@dataclass(frozen=True, kw_only=True)
class FederationArgs:
    """The repository with its ids, and the GitHub environment that deploys this stack."""

    repository: str
    owner_id: str
    repository_id: str
    environment: str


class Federation(pulumi.ComponentResource):
    """Identities that workflows log in as; `preview` may only read."""

    preview: Identity
    deployer: Identity

    def __init__(self, ctx: Context, args: FederationArgs) -> None:
        super().__init__("eva:identity:Federation", "federation")
        self.preview = Identity(ctx, "preview", self)
        self.deployer = Identity(ctx, "deployer", self)
        self._trust(ctx, "preview", self.preview, subject(args, "environment:preview"))
        released = subject(args, f"environment:{args.environment}")
        self._trust(ctx, "deployer", self.deployer, released)
        looks = {"read": Grant(role=Role.READER, scope=ctx.group_id)}
        deploys = {
            # A contributor cannot remove the lock that keeps the resource group.
            "change": Grant(role=Role.CONTRIBUTOR, scope=ctx.group_id),
            "grant": Grant(
                role=Role.ROLE_ADMINISTRATOR, scope=ctx.group_id, condition=only_grantable()
            ),
        }
        for holder, identity, grants in (
            ("preview", self.preview, looks),
            ("deployer", self.deployer, deploys),
        ):
            Grants(ctx, GrantsArgs(holder=holder, identity=identity, grants=grants), self)
        self.register_outputs({"deployer": self.deployer.client_id})

    def _trust(self, ctx: Context, role: str, identity: Identity, subject_: str) -> None:
        managedidentity.FederatedIdentityCredential(
            f"github-{role}",
            federated_identity_credential_resource_name="github",
            resource_name_=ctx.name("id", role),
            resource_group_name=ctx.group,
            issuer=ISSUER,
            subject=subject_,
            audiences=[AUDIENCE],
            opts=child(self, depends_on=[identity]),
        )


def subject(args: FederationArgs, what: str) -> str:
    """Return the subject of a workflow's token; the ids keep it ours when names change hands."""
    owner, _, name = args.repository.partition("/")
    return f"repo:{owner}-{args.owner_id}/{name}-{args.repository_id}:{what}"


def only_grantable() -> str:
    """Return the condition under which roles may be assigned or removed."""
    ids = ", ".join(role.value for role in GRANTABLE)
    actions = {
        "write": "@Request[Microsoft.Authorization/roleAssignments:",
        "delete": "@Resource[Microsoft.Authorization/roleAssignments:",
    }
    return " AND ".join(
        f"((!(ActionMatches{{'Microsoft.Authorization/roleAssignments/{action}'}})) OR ("
        f"{where}RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{ids}}} AND "
        f"{where}PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {{'ServicePrincipal'}}))"
        for action, where in actions.items()
    )
