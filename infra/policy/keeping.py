"""What must not get lost, and what must go on."""

from collections.abc import Iterator, Sequence

from policy.rules import PROD, ResourceRule, Rule, Seen, StackRule, Wanted, environment, must_be

RECOVERABLE: Wanted = {
    "storage:BlobServiceProperties": {
        "isVersioningEnabled": True,
        "deleteRetentionPolicy.enabled": True,
        "containerDeleteRetentionPolicy.enabled": True,
    },
    "cosmosdb:DatabaseAccount": {"backupPolicy.type": "Continuous"},
}
STATEFUL = frozenset(
    {
        "resources:ResourceGroup",
        "cosmosdb:DatabaseAccount",
        "cosmosdb:SqlResourceSqlDatabase",
        "cosmosdb:SqlResourceSqlContainer",
        "storage:StorageAccount",
        "storage:BlobContainer",
        "storage:BlobContainerImmutabilityPolicy",
        "cognitiveservices:Account",
        "keyvault:Vault",
        "operationalinsights:Workspace",
    }
)
LEAST_INSTANCES = 3


def _protected(stack: Sequence[Seen]) -> Iterator[str]:
    if environment(stack) != PROD:
        return
    for seen in stack:
        if seen.kind in STATEFUL and not seen.protected:
            yield f"{seen.name} can be destroyed"
    if not any(
        seen.kind == "authorization:ManagementLockByScope" and seen.get("level") == "CanNotDelete"
        for seen in stack
    ):
        yield "the resource group has no lock"


def _zones(stack: Sequence[Seen]) -> Iterator[str]:
    if environment(stack) != PROD:
        return
    for seen in stack:
        yield from (f"{seen.name}: {problem}" for problem in _one_zone(seen))


def _one_zone(seen: Seen) -> Iterator[str]:
    expected = {
        "web:AppServicePlan": ("zoneRedundant", True),
        "app:ManagedEnvironment": ("zoneRedundant", True),
        "containerregistry:Registry": ("zoneRedundancy", "Enabled"),
        "redisenterprise:RedisEnterprise": ("highAvailability", "Enabled"),
    }
    if seen.kind in expected:
        path, value = expected[seen.kind]
        if seen.get(path) != value:
            yield f"{path} is {seen.get(path)!r}, not {value!r}"
    if seen.kind == "storage:StorageAccount" and "LRS" in str(seen.get("sku.name")):
        yield f"{seen.get('sku.name')} keeps all copies in one zone"
    if seen.kind == "cosmosdb:DatabaseAccount":
        first = min(seen.get("locations"), key=lambda one: one["failoverPriority"])
        if not first.get("isZoneRedundant"):
            yield "its first region is in one zone"
    if seen.kind == "monitor:AutoscaleSetting":
        least = min(int(one["capacity"]["minimum"]) for one in seen.get("profiles"))
        if least < LEAST_INSTANCES:
            yield f"{least} instances are too few for three zones"


def _second_region(stack: Sequence[Seen]) -> Iterator[str]:
    if environment(stack) != PROD:
        return
    for seen in stack:
        if seen.kind == "cosmosdb:DatabaseAccount":
            if len({one["locationName"] for one in seen.get("locations")}) == 1:
                yield f"{seen.name} is in one region"
            if not seen.get("enableAutomaticFailover"):
                yield f"{seen.name} does not fail over by itself"


def _immutable_audit(stack: Sequence[Seen]) -> Iterator[str]:
    kept = {
        (seen.get("accountName"), seen.get("containerName"))
        for seen in stack
        if seen.kind == "storage:BlobContainerImmutabilityPolicy"
        and seen.get("allowProtectedAppendWrites")
        and (seen.get("immutabilityPeriodSinceCreationInDays") or 0) >= 1
    }
    others = {
        (seen.get("accountName"), seen.get("containerName"))
        for seen in stack
        if seen.kind == "storage:BlobContainer"
    } - kept
    if "audit" not in {container for _, container in kept}:
        yield "the container audit can be changed"
    for account, container in others:
        if account in {account for account, _ in kept}:
            yield f"{container} shares an account with what cannot be deleted"


def _vectors(seen: Seen) -> Iterator[str]:
    vectors = seen.get("resource.vectorEmbeddingPolicy.vectorEmbeddings") or []
    paths = {one["path"] for one in vectors}
    indexing = "resource.indexingPolicy"
    indexed = {one["path"] for one in seen.get(f"{indexing}.vectorIndexes") or []}
    left_out = {one["path"] for one in seen.get(f"{indexing}.excludedPaths") or []}
    included = {one["path"] for one in seen.get(f"{indexing}.includedPaths") or []}
    for path in sorted(paths):
        if path not in indexed:
            yield f"{path} has no vector index"
        named = any(one.startswith(f"{path}/") for one in included)
        if named or not left_out.intersection({"/*", f"{path}/*"}):
            yield f"{path} is indexed as plain numbers too"


RULES: tuple[Rule, ...] = (
    ResourceRule(
        name="recoverable",
        statement="What was deleted or overwritten by mistake can be brought back.",
        find=must_be(RECOVERABLE),
    ),
    StackRule(
        name="protected-in-production",
        statement="In production nothing that holds data can be destroyed by a deployment.",
        find=_protected,
    ),
    StackRule(
        name="zones-in-production",
        statement="In production the loss of a zone is survived.",
        find=_zones,
    ),
    StackRule(
        name="second-region-in-production",
        statement="In production the records are in two regions.",
        find=_second_region,
    ),
    StackRule(
        name="immutable-audit",
        statement="The audit trail can be added to, not changed.",
        find=_immutable_audit,
    ),
    ResourceRule(
        name="vectors-indexed-once",
        statement="Every vector has a vector index and no other.",
        find=_vectors,
    ),
)
