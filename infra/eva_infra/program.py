"""One stack, from its settings to what it tells when it is up. Start reading here."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import authorization, resources

from eva_infra.components.alerts import Alerts, AlertsArgs
from eva_infra.components.app_service import AppService
from eva_infra.components.audit import Audit, AuditArgs
from eva_infra.components.boards import Boards, BoardsArgs
from eva_infra.components.cache import Cache, CacheArgs
from eva_infra.components.container_apps import ContainerApps
from eva_infra.components.diagnostics import Diagnostics, DiagnosticsArgs
from eva_infra.components.documents import Documents, DocumentsArgs
from eva_infra.components.edge import Edge
from eva_infra.components.federation import GITHUB_ENVIRONMENTS, Federation, FederationArgs
from eva_infra.components.hosting import Host, HostArgs
from eva_infra.components.identity import Grant, Grants, GrantsArgs, Identity
from eva_infra.components.models import Models, ModelsArgs
from eva_infra.components.network import Network, NetworkArgs
from eva_infra.components.observability import Observability
from eva_infra.components.records import Records, RecordsArgs
from eva_infra.components.registry import Registry, RegistryArgs
from eva_infra.components.telemetry_link import TelemetryLink, TelemetryLinkArgs
from eva_infra.components.vault import Vault, VaultArgs
from eva_infra.containers import declared
from eva_infra.context import Context, child
from eva_infra.dashboards import alert_rules, boards, workbooks
from eva_infra.naming import Names, tags
from eva_infra.roles import Role
from eva_infra.service_settings import Backends, variables
from eva_infra.settings import Settings, from_config


def deploy() -> None:
    """Build the selected stack. A wrong setting stops this before any resource is made."""
    config: Mapping[str, str] = (
        pulumi.runtime.config.CONFIG.get() or pulumi.runtime.config.get_config_env()
    )
    settings = from_config(pulumi.get_stack(), config)
    for name, value in build(settings).items():
        pulumi.export(name, value)


@dataclass(frozen=True, kw_only=True)
class _Stores:
    """What keeps something, or answers something, for the service."""

    records: Records
    documents: Documents
    audit: Audit
    models: Models
    vault: Vault
    cache: Cache
    registry: Registry


def build(settings: Settings) -> Mapping[str, pulumi.Output[str]]:
    """Declare every resource of a stack; return its outputs."""
    ctx = _context(settings)
    watch = Observability(ctx)
    identity = Identity(ctx, "service")
    net = _network(ctx, watch)
    stores = _stores(ctx, net, identity)
    grants = _grants(ctx, stores, watch, identity)
    edge = Edge(ctx) if settings.edge else None
    host = _host(
        ctx,
        HostArgs(
            server=stores.registry.server,
            image=settings.image,
            identity=identity,
            network=net,
            workspace=watch.workspace,
            variables=variables(settings, identity, _backends(stores, watch)),
            front_door=edge.front_door_id if edge else None,
            allowed=tuple(str(one) for one in settings.allowed_addresses),
            after=(grants,),
        ),
        stores,
    )
    public = edge.publish(host) if edge else None
    federation = _federation(ctx)
    _shown(ctx, watch)
    _observed(ctx, watch, _seen(net, stores, host, edge), host.metrics_only)
    return {
        **({"domainProof": public.proof} if public and public.proof else {}),
        "serviceHost": public.service if public else host.host_name,
        "stagingHost": public.staging if public else host.staging,
        "resourceGroup": ctx.group,
        "serviceId": host.resource_id,
        "registry": stores.registry.server,
        "cacheHost": stores.cache.host_name,
        "vaultUri": stores.vault.uri,
        "previewClientId": federation.preview.client_id,
        "deployerClientId": federation.deployer.client_id,
    }


def _context(settings: Settings) -> Context:
    group = resources.ResourceGroup(
        "group",
        resource_group_name=Names.of(settings).name("rg"),
        location=settings.location,
        tags=tags(settings),
        opts=pulumi.ResourceOptions(protect=settings.protect),
    )
    ctx = Context(settings, group.name, group.id)
    if settings.protect:
        authorization.ManagementLockByScope(
            "lock",
            lock_name=ctx.name("lock"),
            scope=group.id,
            level=authorization.LockLevel.CAN_NOT_DELETE,
            notes="Documents and their audit trail. Only an owner removes this.",
            opts=child(group, protect=True),
        )
    return ctx


def _network(ctx: Context, watch: Observability) -> Network:
    """Make the network, and let telemetry pass through it."""
    settings = ctx.settings
    net = Network(
        ctx,
        NetworkArgs(
            space=settings.network, hosting=settings.hosting, called=settings.called_addresses
        ),
    )
    link = TelemetryLinkArgs(network=net, workspace=watch.workspace, insights=watch.insights)
    TelemetryLink(ctx, link)
    return net


def _stores(ctx: Context, net: Network, identity: Identity) -> _Stores:
    principal = identity.principal_id
    return _Stores(
        records=Records(ctx, RecordsArgs(containers=declared(), network=net, principal=principal)),
        documents=Documents(ctx, DocumentsArgs(network=net)),
        audit=Audit(ctx, AuditArgs(network=net)),
        models=Models(ctx, ModelsArgs(network=net, models=ctx.settings.models)),
        vault=Vault(ctx, VaultArgs(network=net)),
        cache=Cache(ctx, CacheArgs(network=net, principal=principal)),
        registry=Registry(ctx, RegistryArgs(network=net)),
    )


def _grants(ctx: Context, stores: _Stores, watch: Observability, identity: Identity) -> Grants:
    """Give the service what it needs of each store, and nothing wider than one of them."""
    grants = {
        "documents": Grant(role=Role.BLOB_DATA_CONTRIBUTOR, scope=stores.documents.account.id),
        "wake-up-calls": Grant(role=Role.QUEUE_DATA_CONTRIBUTOR, scope=stores.documents.account.id),
        "audit": Grant(role=Role.BLOB_DATA_CONTRIBUTOR, scope=stores.audit.account.id),
        "models": Grant(role=Role.OPENAI_USER, scope=stores.models.id),
        "secrets": Grant(role=Role.VAULT_SECRETS_USER, scope=stores.vault.id),
        "images": Grant(role=Role.ACR_PULL, scope=stores.registry.id),
        "telemetry": Grant(role=Role.MONITORING_METRICS_PUBLISHER, scope=watch.insights),
    }
    return Grants(ctx, GrantsArgs(holder="service", identity=identity, grants=grants))


def _backends(stores: _Stores, watch: Observability) -> Backends:
    return Backends(
        cosmos_endpoint=stores.records.endpoint,
        storage_account=stores.documents.account.name,
        audit_account=stores.audit.account.name,
        openai_endpoint=stores.models.endpoint,
        deployments=stores.models.deployments,
        vault_uri=stores.vault.uri,
        connection_string=watch.connection_string,
        cache_host=stores.cache.host_name,
    )


def _host(ctx: Context, args: HostArgs, stores: _Stores) -> Host:
    if ctx.settings.hosting == "containerapps":
        return ContainerApps(ctx, args, stores.documents.account.name)
    return AppService(ctx, args)


def _federation(ctx: Context) -> Federation:
    settings = ctx.settings
    return Federation(
        ctx,
        FederationArgs(
            repository=settings.repository,
            owner_id=settings.owner_id,
            repository_id=settings.repository_id,
            environment=GITHUB_ENVIRONMENTS[settings.environment],
        ),
    )


def _shown(ctx: Context, watch: Observability) -> None:
    """Make of `dashboards/` what wakes people and what they then look at."""
    Alerts(
        ctx,
        AlertsArgs(
            rules=alert_rules(),
            workspace=watch.workspace,
            people=watch.people,
            repository=ctx.settings.repository,
        ),
    )
    shown = BoardsArgs(boards=boards(), workbooks=workbooks(), workspace=watch.workspace)
    Boards(ctx, shown)


def _seen(
    net: Network, stores: _Stores, host: Host, edge: Edge | None
) -> Mapping[str, pulumi.Output[str]]:
    """Return the ids of all that has logs or metrics, by role."""
    documents, audit = stores.documents.account.id, stores.audit.account.id
    return {
        "cosmos": stores.records.id,
        "documents": pulumi.Output.concat(documents, "/blobServices/default"),
        "wake-up-calls": pulumi.Output.concat(documents, "/queueServices/default"),
        "audit": pulumi.Output.concat(audit, "/blobServices/default"),
        "openai": stores.models.id,
        "vault": stores.vault.id,
        "redis": stores.cache.id,
        "redis-database": stores.cache.database,
        "registry": stores.registry.id,
        "network": net.id,
        **{f"nsg-{role}": id_ for role, id_ in net.security_groups.items()},
        **host.observed,
        **({"edge": edge.id} if edge else {}),
    }


def _observed(
    ctx: Context,
    watch: Observability,
    seen: Mapping[str, pulumi.Output[str]],
    metrics_only: frozenset[str],
) -> None:
    """Send logs and metrics of all to the workspace, which also keeps who asked it what."""
    Diagnostics(
        ctx,
        DiagnosticsArgs(
            workspace=watch.workspace,
            of={**seen, "workspace": watch.workspace},
            metrics_only=metrics_only | {"redis"},
            logs_only=frozenset({"redis-database", "nsg-service", "nsg-endpoints"}),
        ),
    )
