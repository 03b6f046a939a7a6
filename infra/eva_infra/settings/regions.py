"""The regions that a stack may be in: what names abbreviate them to, and which have zones."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Region:
    """A region of Azure; `zones` tells whether it has availability zones."""

    short: str
    zones: bool


# Assumed from the vendor's list of regions; `eva-infra preflight` asks the subscription.
REGIONS: Mapping[str, Region] = {
    "canadacentral": Region("cac", zones=True),
    "canadaeast": Region("cae", zones=False),
    "eastus2": Region("eu2", zones=True),
    "westus3": Region("wu3", zones=True),
    "francecentral": Region("frc", zones=True),
    "swedencentral": Region("sdc", zones=True),
}
