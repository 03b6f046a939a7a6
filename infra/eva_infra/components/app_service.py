"""App Service: one plan, the site in use and a staging slot beside it."""

from collections.abc import Mapping

import pulumi
from pulumi_azure_native import web

from eva_infra.components.access_rules import access_rules
from eva_infra.components.autoscale import scale_plan
from eva_infra.components.hosting import LIVE, PORT, HostArgs, PrivateLink, image
from eva_infra.context import Context, child

KIND = "app,linux,container"
# The pipeline changes the image and swaps; a slot's name for the worker stays with the slot.
SWAPPED = ["siteConfig.linuxFxVersion"]
SLOT = "staging"
DOMAIN = "azurewebsites.net"  # what sites are called below, by which the edge and `dev` call them
STAYS_WITH_SLOT = ("EVA_WORKER",)
# How many cores an instance has, each of which a process of the service fills.
# https://azure.microsoft.com/pricing/details/app-service/linux/
CORES = {"P0v3": 1, "P1v3": 2, "P2v3": 4, "P3v3": 8}


class AppService(pulumi.ComponentResource):
    """A `Host` whose builds change places by a swap."""

    resource_id: pulumi.Output[str]
    host_name: pulumi.Output[str]
    staging: pulumi.Output[str]
    private_link: PrivateLink | None = None
    observed: Mapping[str, pulumi.Output[str]]
    metrics_only: frozenset[str] = frozenset({"plan"})

    def __init__(self, ctx: Context, args: HostArgs) -> None:
        super().__init__("eva:service:AppService", "service")
        self._ctx = ctx
        self._args = args
        plan = self._plan()
        site = self._site(plan)
        slot = self._slot(plan, site)
        self._fixed(site)
        scaling = scale_plan(ctx, plan.id, self)
        self.resource_id = site.id
        self.host_name = site.default_host_name
        self.staging = slot.default_host_name
        self.observed = {
            "service": site.id,
            "service-staging": slot.id,
            "plan": plan.id,
            "autoscale": scaling.id,
        }
        self.register_outputs({"host_name": self.host_name})

    def _plan(self) -> web.AppServicePlan:
        ctx = self._ctx
        return web.AppServicePlan(
            "plan",
            name=ctx.name("asp"),
            resource_group_name=ctx.group,
            location=ctx.settings.location,
            kind="linux",
            reserved=True,
            zone_redundant=ctx.settings.zones,
            sku=web.SkuDescriptionArgs(
                name=ctx.settings.plan_sku,
                tier="PremiumV3",
                capacity=ctx.settings.least_instances,
            ),
            tags=ctx.tags,
            # Autoscale changes how many there are.
            opts=child(self, ignore_changes=["sku.capacity"]),
        )

    def _site(self, plan: web.AppServicePlan) -> web.WebApp:
        ctx = self._ctx
        return web.WebApp(
            "site",
            name=ctx.name("app"),
            resource_group_name=ctx.group,
            location=ctx.settings.location,
            kind=KIND,
            server_farm_id=plan.id,
            reserved=True,
            https_only=True,
            client_affinity_enabled=False,
            end_to_end_encryption_enabled=True,
            public_network_access="Enabled",  # for the edge; see `access_rules`
            identity=self._identity(),
            key_vault_reference_identity=self._args.identity.id,
            virtual_network_subnet_id=self._args.network.service_subnet,
            outbound_vnet_routing=_through_the_network(),
            site_config=self._config(worker=True),
            tags=ctx.tags,
            opts=child(self, ignore_changes=SWAPPED, depends_on=list(self._args.after)),
        )

    def _slot(self, plan: web.AppServicePlan, site: web.WebApp) -> web.WebAppSlot:
        ctx = self._ctx
        return web.WebAppSlot(
            "staging",
            slot=SLOT,
            name=site.name,
            resource_group_name=ctx.group,
            location=ctx.settings.location,
            kind=KIND,
            server_farm_id=plan.id,
            reserved=True,
            https_only=True,
            client_affinity_enabled=False,
            end_to_end_encryption_enabled=True,
            public_network_access="Enabled",
            identity=self._identity(),
            key_vault_reference_identity=self._args.identity.id,
            virtual_network_subnet_id=self._args.network.service_subnet,
            outbound_vnet_routing=_through_the_network(),
            site_config=self._config(worker=False),
            tags=ctx.tags,
            opts=child(self, ignore_changes=SWAPPED),
        )

    def _identity(self) -> web.ManagedServiceIdentityArgs:
        return web.ManagedServiceIdentityArgs(
            type=web.ManagedServiceIdentityType.USER_ASSIGNED,
            user_assigned_identities=[self._args.identity.id],
        )

    def _config(self, *, worker: bool) -> web.SiteConfigArgs:
        args = self._args
        rules = access_rules(args.front_door, args.allowed)
        return web.SiteConfigArgs(
            linux_fx_version=pulumi.Output.concat("DOCKER|", image(args)),
            acr_use_managed_identity_creds=True,
            acr_user_managed_identity_id=args.identity.client_id,
            always_on=True,
            health_check_path=LIVE,
            http20_enabled=True,
            min_tls_version=web.SupportedTlsVersions.SUPPORTED_TLS_VERSIONS_1_2,
            min_tls_cipher_suite=web.TlsCipherSuites.TL_S_ECDH_E_RS_A_WIT_H_AE_S_128_GC_M_SHA256,
            scm_min_tls_version=web.SupportedTlsVersions.SUPPORTED_TLS_VERSIONS_1_2,
            ftps_state=web.FtpsState.DISABLED,
            remote_debugging_enabled=False,
            ip_security_restrictions=rules,
            ip_security_restrictions_default_action=web.DefaultAction.DENY,
            scm_ip_security_restrictions_default_action=web.DefaultAction.DENY,
            scm_ip_security_restrictions_use_main=False,
            app_settings=self._settings(worker=worker),
        )

    def _settings(self, *, worker: bool) -> list[web.NameValuePairArgs]:
        args, name = self._args, self._ctx.name("app")
        given: dict[str, pulumi.Input[str]] = {
            "EVA_PROCESSES": str(CORES[self._ctx.settings.plan_sku]),
            **args.variables,
            # Both in both: a setting that differs restarts what a swap has warmed up.
            "EVA_ALLOWED_HOSTS": f"{name}.{DOMAIN},{name}-{SLOT}.{DOMAIN}",
            "EVA_WORKER": "true" if worker else "false",
            # A swap moves nobody before the new build answers this; `/` is not for its inside.
            "WEBSITE_SWAP_WARMUP_PING_PATH": LIVE,
            "WEBSITE_SWAP_WARMUP_PING_STATUSES": "200",
            "WEBSITES_PORT": str(PORT),
            "WEBSITES_ENABLE_APP_SERVICE_STORAGE": "false",
        }
        return [web.NameValuePairArgs(name=one, value=value) for one, value in given.items()]

    def _fixed(self, site: web.WebApp) -> None:
        """Keep what stays with a slot, and close the ways in by password."""
        ctx = self._ctx
        web.WebAppSlotConfigurationNames(
            "stays-with-slot",
            name=site.name,
            resource_group_name=ctx.group,
            app_setting_names=list(STAYS_WITH_SLOT),
            opts=child(self),
        )
        for made in (web.WebAppFtpAllowed, web.WebAppScmAllowed):
            made(
                "no-ftp" if made is web.WebAppFtpAllowed else "no-scm-password",
                name=site.name,
                resource_group_name=ctx.group,
                allow=False,
                opts=child(self),
            )


def _through_the_network() -> web.OutboundVnetRoutingArgs:
    """Return how calls leave: all of them by the subnet, whose security group says where to."""
    return web.OutboundVnetRoutingArgs(
        all_traffic=True, application_traffic=True, image_pull_traffic=True
    )
