"""Container Apps: the service and its worker, each scaled by what it has to do."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import app

from eva_infra.components.hosting import LIVE, PORT, READY, HostArgs, PrivateLink, image
from eva_infra.context import Context, child
from eva_infra.service_settings import JOB_KINDS, QUEUE_PREFIX

REQUESTS_AT_ONCE = "50"
CORES = 2  # of an instance, each of which a process of the service fills
# What deployments change: the image, and which revision is used.
DEPLOYED = ["template.containers[0].image"]
TRAFFIC = ["configuration.ingress.traffic"]


@dataclass(frozen=True, kw_only=True)
class _Role:
    """One of the two apps: its name, its command, whether it is called, how it scales."""

    name: str
    command: list[str]
    called: bool
    scale: app.ScaleArgs


class ContainerApps(pulumi.ComponentResource):
    """A `Host` whose builds are revisions; it has no public side, only a private link."""

    resource_id: pulumi.Output[str]
    host_name: pulumi.Output[str]
    staging: pulumi.Output[str]
    private_link: PrivateLink | None
    observed: Mapping[str, pulumi.Output[str]]
    metrics_only: frozenset[str]

    def __init__(self, ctx: Context, args: HostArgs, queue_account: pulumi.Output[str]) -> None:
        super().__init__("eva:service:ContainerApps", "service")
        self._ctx = ctx
        self._args = args
        place = self._environment()
        domain = place.default_domain
        self.host_name = pulumi.Output.concat(ctx.name("ca", "service"), ".", domain)
        # Deployments label the new revision `staging` before any traffic goes to it.
        self.staging = pulumi.Output.concat(ctx.name("ca", "service"), "---staging.", domain)
        service = self._app(place, self._service())
        worker = self._app(place, self._worker(queue_account))
        self.resource_id = service.id
        self.private_link = PrivateLink(
            target=place.id, group="managedEnvironments", location=ctx.settings.location
        )
        self.observed = {"environment": place.id, "service": service.id, "worker": worker.id}
        # Logs are the environment's.
        self.metrics_only = frozenset({"service", "worker"})
        self.register_outputs({"host_name": self.host_name})

    def _environment(self) -> app.ManagedEnvironment:
        ctx = self._ctx
        return app.ManagedEnvironment(
            "environment",
            environment_name=ctx.name("cae"),
            resource_group_name=ctx.group,
            location=ctx.settings.location,
            zone_redundant=ctx.settings.zones,
            public_network_access=app.PublicNetworkAccess.DISABLED,
            vnet_configuration=app.VnetConfigurationArgs(
                infrastructure_subnet_id=self._args.network.service_subnet, internal=True
            ),
            # Logs go where diagnostic settings say: no shared key of the workspace.
            app_logs_configuration=app.AppLogsConfigurationArgs(destination="azure-monitor"),
            workload_profiles=[
                app.WorkloadProfileArgs(name="Consumption", workload_profile_type="Consumption")
            ],
            tags=ctx.tags,
            opts=child(self),
        )

    def _service(self) -> _Role:
        settings = self._ctx.settings
        by_requests = app.ScaleRuleArgs(
            name="requests",
            http=app.HttpScaleRuleArgs(metadata={"concurrentRequests": REQUESTS_AT_ONCE}),
        )
        scale = app.ScaleArgs(
            min_replicas=settings.least_instances,
            max_replicas=settings.most_instances,
            rules=[by_requests],
        )
        return _Role(name="service", command=["eva", "serve"], called=True, scale=scale)

    def _worker(self, queue_account: pulumi.Output[str]) -> _Role:
        settings = self._ctx.settings
        by_queues = [self._waiting(kind, queue_account) for kind in JOB_KINDS]
        # Never none: jobs whose wake-up call was lost are found by looking.
        scale = app.ScaleArgs(min_replicas=1, max_replicas=settings.most_instances, rules=by_queues)
        return _Role(name="worker", command=["eva", "worker"], called=False, scale=scale)

    def _waiting(self, kind: str, queue_account: pulumi.Output[str]) -> app.ScaleRuleArgs:
        return app.ScaleRuleArgs(
            name=kind,
            azure_queue=app.QueueScaleRuleArgs(
                account_name=queue_account,
                queue_name=f"{QUEUE_PREFIX}-{kind}",
                queue_length=5,
                identity=self._args.identity.id,
            ),
        )

    def _app(self, place: app.ManagedEnvironment, role: _Role) -> app.ContainerApp:
        ctx, args = self._ctx, self._args
        return app.ContainerApp(
            role.name,
            container_app_name=ctx.name("ca", role.name),
            resource_group_name=ctx.group,
            location=ctx.settings.location,
            environment_id=place.id,
            workload_profile_name="Consumption",
            identity=app.ManagedServiceIdentityArgs(
                type=app.ManagedServiceIdentityType.USER_ASSIGNED,
                user_assigned_identities=[args.identity.id],
            ),
            configuration=self._configuration(role),
            template=app.TemplateArgs(
                containers=[self._container(role)],
                scale=role.scale,
                termination_grace_period_seconds=30,
            ),
            tags=ctx.tags,
            opts=child(
                self,
                ignore_changes=DEPLOYED + (TRAFFIC if role.called else []),
                depends_on=list(args.after),
            ),
        )

    def _configuration(self, role: _Role) -> app.ConfigurationArgs:
        args = self._args
        ingress = app.IngressArgs(
            external=True,  # within the environment, which is internal
            target_port=PORT,
            allow_insecure=False,
            transport=app.IngressTransportMethod.HTTP,
            traffic=[app.TrafficWeightArgs(latest_revision=True, weight=100)],
        )
        several, one = app.ActiveRevisionsMode.MULTIPLE, app.ActiveRevisionsMode.SINGLE
        return app.ConfigurationArgs(
            active_revisions_mode=several if role.called else one,
            ingress=ingress if role.called else None,
            registries=[app.RegistryCredentialsArgs(server=args.server, identity=args.identity.id)],
        )

    def _container(self, role: _Role) -> app.ContainerArgs:
        args = self._args
        plain: dict[str, pulumi.Input[str]] = {
            "EVA_PROCESSES": str(CORES),
            **args.variables,
            "EVA_ALLOWED_HOSTS": pulumi.Output.concat(self.host_name, ",", self.staging),
            "EVA_WORKER": "false",
        }
        return app.ContainerArgs(
            name=role.name,
            image=image(args),
            command=role.command,
            resources=app.ContainerResourcesArgs(cpu=float(CORES), memory="4Gi"),
            env=[app.EnvironmentVarArgs(name=n, value=v) for n, v in plain.items()],
            probes=_probes() if role.called else [],
        )


def _probes() -> list[app.ContainerAppProbeArgs]:
    return [
        app.ContainerAppProbeArgs(
            type=kind,
            http_get=app.ContainerAppProbeHttpGetArgs(path=path, port=PORT),
            period_seconds=10,
            timeout_seconds=5,
        )
        for kind, path in ((app.Type.LIVENESS, LIVE), (app.Type.READINESS, READY))
    ]
