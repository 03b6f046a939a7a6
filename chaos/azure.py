"""Faults in a deployed environment, by Azure Chaos Studio. Not exercised here.

The experiments are resources of their own; `azure_faults` of the configuration maps
`<target>:<fault>` to their ids. REST as documented: POST {id}/start and {id}/cancel, version
2024-01-01. Refused unless EVA_CHAOS_ALLOW is "yes".
"""

import os
from typing import Any

import httpx2
from chaoslib.exceptions import ActivityFailed

_MANAGEMENT = "https://management.azure.com"
_VERSION = "2024-01-01"


def start(target: str, fault: str, configuration: dict[str, Any]) -> str:
    """Start the experiment that stands for a fault."""
    known = configuration.get("azure_faults") or {}
    name = f"{target}:{fault}"
    if name not in known:
        raise ActivityFailed(f"azure_faults names no Chaos Studio experiment for {name}")
    return _post(f"{known[name]}/start", configuration)


def stop(configuration: dict[str, Any]) -> str:
    """Cancel every experiment that may run."""
    known = configuration.get("azure_faults") or {}
    return " ".join(_post(f"{resource}/cancel", configuration) for resource in known.values())


def _post(path: str, configuration: dict[str, Any]) -> str:
    if configuration.get("allow") != "yes":
        raise ActivityFailed("faults in Azure need EVA_CHAOS_ALLOW=yes")
    token = os.environ.get("AZURE_MANAGEMENT_TOKEN")
    if not token:
        raise ActivityFailed("AZURE_MANAGEMENT_TOKEN is not set (az account get-access-token)")
    answer = httpx2.post(
        f"{_MANAGEMENT}{path}?api-version={_VERSION}",
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
    )
    if answer.is_error:
        raise ActivityFailed(f"Chaos Studio: {answer.status_code} {answer.text[:300]}")
    return answer.text
