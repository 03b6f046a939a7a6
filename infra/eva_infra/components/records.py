"""Cosmos DB: the account, the database and its containers, reached from the network only."""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import cosmosdb

from eva_infra.components.containers import resource
from eva_infra.components.network import Network
from eva_infra.components.private_access import PrivateAccess, PrivateAccessArgs
from eva_infra.containers import DATABASE, Container
from eva_infra.context import Context, child
from eva_infra.naming import guid
from eva_infra.roles import COSMOS_DATA_CONTRIBUTOR
from eva_infra.settings import Settings
from eva_infra.settings.regions import REGIONS

# Without a switch for search by vectors and words the containers' policies are refused.
CAPABILITIES = ("EnableNoSQLVectorSearch", "EnableNoSQLFullTextSearch")


@dataclass(frozen=True, kw_only=True)
class RecordsArgs:
    """What is declared, where it is reached from, and who may read and write it."""

    containers: tuple[Container, ...]
    network: Network
    principal: pulumi.Input[str]


class Records(pulumi.ComponentResource):
    """Durable records and searchable passages."""

    id: pulumi.Output[str]
    endpoint: pulumi.Output[str]
    database: str

    def __init__(self, ctx: Context, args: RecordsArgs) -> None:
        super().__init__("eva:data:Records", "records")
        self._ctx = ctx
        self._account = self._new_account()
        database = cosmosdb.SqlResourceSqlDatabase(
            "database",
            database_name=DATABASE,
            account_name=self._account.name,
            resource_group_name=ctx.group,
            resource=cosmosdb.SqlDatabaseResourceArgs(id=DATABASE),
            opts=ctx.data(self),
        )
        for container in args.containers:
            self._container(database, container)
        self._grant(args.principal)
        endpoint = PrivateAccessArgs(
            role="cosmos", target=self._account.id, group="Sql", network=args.network
        )
        PrivateAccess(ctx, endpoint, self)
        self.id = self._account.id
        self.endpoint = self._account.document_endpoint
        self.database = DATABASE
        self.register_outputs({"endpoint": self.endpoint})

    def _new_account(self) -> cosmosdb.DatabaseAccount:
        ctx, settings = self._ctx, self._ctx.settings
        regions = [one for one in (settings.location, settings.second_location) if one]
        return cosmosdb.DatabaseAccount(
            "account",
            account_name=ctx.name("cosno"),
            resource_group_name=ctx.group,
            location=settings.location,
            kind=cosmosdb.DatabaseAccountKind.GLOBAL_DOCUMENT_DB,
            database_account_offer_type=cosmosdb.DatabaseAccountOfferType.STANDARD,
            locations=[_place(settings, *one) for one in enumerate(regions)],
            # Every process in the first region sees what another has committed there; weaker
            # levels would let it miss that, and Strong would wait for the second region.
            consistency_policy=cosmosdb.ConsistencyPolicyArgs(
                default_consistency_level=cosmosdb.DefaultConsistencyLevel.BOUNDED_STALENESS,
                max_staleness_prefix=100_000,
                max_interval_in_seconds=300,
            ),
            backup_policy=cosmosdb.ContinuousModeBackupPolicyArgs(
                type="Continuous",
                continuous_mode_properties=cosmosdb.ContinuousModePropertiesArgs(
                    tier=cosmosdb.ContinuousTier.CONTINUOUS30_DAYS
                ),
            ),
            capabilities=[cosmosdb.CapabilityArgs(name=name) for name in CAPABILITIES],
            enable_automatic_failover=len(regions) > 1,
            enable_multiple_write_locations=False,
            disable_local_auth=True,
            disable_key_based_metadata_write_access=True,
            public_network_access=cosmosdb.PublicNetworkAccess.DISABLED,
            minimal_tls_version=cosmosdb.MinimalTlsVersion.TLS12,
            tags=ctx.tags,
            opts=ctx.data(self),
        )

    def _container(self, database: cosmosdb.SqlResourceSqlDatabase, container: Container) -> None:
        cosmosdb.SqlResourceSqlContainer(
            f"container-{container.id}",
            container_name=container.id,
            account_name=self._account.name,
            database_name=database.name,
            resource_group_name=self._ctx.group,
            resource=resource(container),
            options=cosmosdb.CreateUpdateOptionsArgs(
                autoscale_settings=cosmosdb.AutoscaleSettingsArgs(
                    max_throughput=_most(container, self._ctx)
                )
            ),
            opts=self._ctx.data(self),
        )

    def _grant(self, principal: pulumi.Input[str]) -> None:
        name = guid(self._ctx.settings.environment, "cosmos-data", "service")
        cosmosdb.SqlResourceSqlRoleAssignment(
            "data-contributor",
            role_assignment_id=name,
            account_name=self._account.name,
            resource_group_name=self._ctx.group,
            principal_id=principal,
            role_definition_id=pulumi.Output.concat(
                self._account.id, "/sqlRoleDefinitions/", COSMOS_DATA_CONTRIBUTOR
            ),
            scope=self._account.id,
            opts=child(self, delete_before_replace=True),
        )


def _most(container: Container, ctx: Context) -> int:
    """Return the most request units a second: what is read all the time may take all of them."""
    most = ctx.settings.cosmos_max_rus
    busy = container.id == "records" or container.vectors
    return most if busy else max(1000, most // 4000 * 1000)


def _place(settings: Settings, priority: int, region: str) -> cosmosdb.LocationArgs:
    return cosmosdb.LocationArgs(
        location_name=region,
        failover_priority=priority,
        is_zone_redundant=settings.zones and REGIONS[region].zones,
    )
