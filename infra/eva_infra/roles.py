"""The built-in roles that are given, by id."""

from enum import Enum

# Cosmos DB has roles of its own for data: "Data Contributor".
COSMOS_DATA_CONTRIBUTOR = "00000000-0000-0000-0000-000000000002"


class Role(Enum):
    """Roles of Azure; each value is the id of its definition."""

    READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
    CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
    ROLE_ADMINISTRATOR = "f58310d9-a9f6-439a-9e8d-f62e7b41a168"
    BLOB_DATA_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
    QUEUE_DATA_CONTRIBUTOR = "974c5e8b-45b9-4653-ba55-5f855dd0fb88"
    VAULT_SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
    VAULT_CRYPTO_USER = "12338af0-0e69-4776-bea7-57ae8d297424"
    OPENAI_USER = "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd"
    ACR_PULL = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
    MONITORING_METRICS_PUBLISHER = "3913510d-42f4-4e42-8a64-420c390055eb"


def definition(subscription_id: str, role: Role) -> str:
    """Return the full id of a role's definition."""
    return (
        f"/subscriptions/{subscription_id}/providers/Microsoft.Authorization"
        f"/roleDefinitions/{role.value}"
    )
