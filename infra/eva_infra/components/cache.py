"""Azure Managed Redis: where all processes can count quotas together. Tokens only, no keys."""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import redisenterprise as redis

from eva_infra.components.network import Network
from eva_infra.components.private_access import PrivateAccess, PrivateAccessArgs
from eva_infra.context import Context, child

PORT = 10000


@dataclass(frozen=True, kw_only=True)
class CacheArgs:
    """Where it is reached from, and whose identity may use it."""

    network: Network
    principal: pulumi.Input[str]


class Cache(pulumi.ComponentResource):
    """Counters that may be lost: nothing is persisted."""

    id: pulumi.Output[str]
    database: pulumi.Output[str]
    host_name: pulumi.Output[str]

    def __init__(self, ctx: Context, args: CacheArgs) -> None:
        super().__init__("eva:cache:Cache", "cache")
        highly = redis.HighAvailability.ENABLED
        cluster = redis.RedisEnterprise(
            "redis",
            cluster_name=ctx.name("amr"),
            resource_group_name=ctx.group,
            location=ctx.settings.location,
            sku=redis.SkuArgs(name=ctx.settings.redis_sku),
            # Highly available clusters spread over zones by themselves where there are zones.
            high_availability=highly if ctx.settings.zones else redis.HighAvailability.DISABLED,
            minimum_tls_version=redis.TlsVersion.TLS_VERSION_1_2,
            public_network_access=redis.PublicNetworkAccess.DISABLED,
            tags=ctx.tags,
            opts=child(self),
        )
        database = self._database(ctx, cluster)
        redis.AccessPolicyAssignment(
            "service",
            access_policy_assignment_name="service",
            access_policy_name="default",
            cluster_name=cluster.name,
            database_name=database.name,
            resource_group_name=ctx.group,
            user=redis.AccessPolicyAssignmentPropertiesUserArgs(object_id=args.principal),
            opts=child(self),
        )
        access = PrivateAccessArgs(
            role="redis", target=cluster.id, group="redisEnterprise", network=args.network
        )
        PrivateAccess(ctx, access, self)
        self.id = cluster.id
        self.database = database.id
        self.host_name = cluster.host_name
        self.register_outputs({"host_name": self.host_name})

    def _database(self, ctx: Context, cluster: redis.RedisEnterprise) -> redis.Database:
        return redis.Database(
            "counters",
            database_name="default",
            cluster_name=cluster.name,
            resource_group_name=ctx.group,
            client_protocol=redis.Protocol.ENCRYPTED,
            port=PORT,
            # One address for all keys: the client that counts quotas speaks to single servers.
            clustering_policy=redis.ClusteringPolicy.ENTERPRISE_CLUSTER,
            eviction_policy=redis.EvictionPolicy.VOLATILE_LRU,
            access_keys_authentication=redis.AccessKeysAuthentication.DISABLED,
            opts=child(self),
        )
