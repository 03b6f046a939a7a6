"""What Azure would answer: ids as they really look, and the outputs that programs use.

This is the one thing that proofs assume; `UnknownAzure` answers as a first preview does.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks

from eva_infra.arm.kinds import id_of

SUBSCRIPTION = "00000000-0000-4000-8000-000000000001"
TENANT = "00000000-0000-4000-8000-000000000002"
PRINCIPAL = "00000000-0000-4000-8000-000000000003"
CLIENT = "00000000-0000-4000-8000-000000000004"
FRONT_DOOR = "00000000-0000-4000-8000-000000000005"
Inputs = Mapping[str, Any]


def _identity(_: Inputs) -> Inputs:
    return {"clientId": CLIENT, "principalId": PRINCIPAL, "tenantId": TENANT}


# What resources have that nobody gave them, by type.
OUTPUTS: Mapping[str, Callable[[Inputs], Inputs]] = {
    "managedidentity:UserAssignedIdentity": _identity,
    "cosmosdb:DatabaseAccount": lambda given: {
        "documentEndpoint": f"https://{given['accountName']}.documents.azure.com:443/"
    },
    "applicationinsights:Component": lambda _: {
        "connectionString": "InstrumentationKey=00000000-0000-4000-8000-000000000006"
    },
    "redisenterprise:RedisEnterprise": lambda given: {
        "hostName": f"{given['clusterName']}.canadacentral.redis.azure.net"
    },
    "cdn:Profile": lambda _: {"frontDoorId": FRONT_DOOR},
    "cdn:AFDCustomDomain": lambda _: {"validationProperties": {"validationToken": "_token"}},
    "cdn:AFDEndpoint": lambda given: {"hostName": f"{given['endpointName']}.z01.azurefd.net"},
    "web:WebApp": lambda given: {"defaultHostName": f"{given['name']}.azurewebsites.net"},
    "web:WebAppSlot": lambda given: {
        "defaultHostName": f"{given['name']}-{given['slot']}.azurewebsites.net"
    },
    "app:ManagedEnvironment": lambda _: {"defaultDomain": "example.azurecontainerapps.io"},
}


class KnownAzure(Mocks):
    """Everything was made."""

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Return a resource's id and state."""
        if not args.custom:
            return "", dict(args.inputs)
        kind = args.typ.removeprefix("azure-native:")
        id_ = id_of(kind, args.inputs, SUBSCRIPTION)
        extra = OUTPUTS.get(kind, lambda _: {})(args.inputs)
        return id_, {**args.inputs, "name": id_.rsplit("/", 1)[1], **_identities(args), **extra}

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        """Return what a question to Azure is answered with."""
        if not args.token.endswith(":getClientConfig"):
            raise NotImplementedError(args.token)
        return {
            "clientId": CLIENT,
            "objectId": PRINCIPAL,
            "subscriptionId": SUBSCRIPTION,
            "tenantId": TENANT,
        }, []


class UnknownAzure(KnownAzure):
    """Nothing was made yet: no id, no output but what was given."""

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Return no id."""
        return "", {**args.inputs, **_identities(args, known=False)}


def _identities(args: MockResourceArgs, *, known: bool = True) -> dict[str, Any]:
    """Return identities as Azure does: a list goes in, a mapping comes out."""
    identity = args.inputs.get("identity")
    if not isinstance(identity, dict) or "userAssignedIdentities" not in identity:
        return {}
    given = identity["userAssignedIdentities"]
    each = {"clientId": CLIENT, "principalId": PRINCIPAL}
    assigned = dict.fromkeys(given, each) if known else {}
    return {"identity": {**identity, "userAssignedIdentities": assigned}}
