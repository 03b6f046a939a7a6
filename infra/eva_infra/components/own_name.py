"""A name of the service's own at the edge, with a certificate that Azure makes and renews."""

import pulumi
from pulumi_azure_native import cdn

from eva_infra.context import Context, child


def own_name(ctx: Context, profile: cdn.Profile, parent: pulumi.Resource) -> cdn.AFDCustomDomain:
    """Return the stack's domain in a profile; it answers once its owner has proved it by DNS."""
    domain = ctx.settings.domain
    return cdn.AFDCustomDomain(
        "domain",
        custom_domain_name=domain.replace(".", "-"),
        profile_name=profile.name,
        resource_group_name=ctx.group,
        host_name=domain,
        tls_settings=cdn.AFDDomainHttpsParametersArgs(
            certificate_type=cdn.AfdCertificateType.MANAGED_CERTIFICATE,
            minimum_tls_version=cdn.AfdMinimumTlsVersion.TLS12,
            cipher_suite_set_type=cdn.AfdCipherSuiteSetType.TLS12_2023,
        ),
        opts=child(parent),
    )
