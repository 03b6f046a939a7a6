"""Who may call a site by its own name: our Front Door, or addresses that are named."""

import pulumi
from pulumi_azure_native import web


def access_rules(
    front_door: pulumi.Output[str] | None, allowed: tuple[str, ...]
) -> list[web.IpSecurityRestrictionArgs]:
    """Return what is let in; all else is refused.

    The service tag alone admits anybody's Front Door, so the header names ours.
    """
    rules = [
        web.IpSecurityRestrictionArgs(
            name=f"allowed-{place}", priority=200 + place, action="Allow", ip_address=address
        )
        for place, address in enumerate(allowed)
    ]
    if front_door is None:
        return rules
    ours = web.IpSecurityRestrictionArgs(
        name="our-front-door",
        priority=100,
        action="Allow",
        tag=web.IpFilterTag.SERVICE_TAG,
        ip_address="AzureFrontDoor.Backend",
        headers={"x-azure-fdid": [front_door]},
    )
    return [ours, *rules]
