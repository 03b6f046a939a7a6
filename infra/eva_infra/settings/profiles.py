"""What a kind of environment is unless its stack file says otherwise."""

from collections.abc import Mapping
from typing import Any

_DEV: Mapping[str, Any] = {
    "edge": False,
    "zones": False,
    "protect": False,
    "plan_sku": "P0v3",
    "least_instances": 1,
    "most_instances": 1,
    "cosmos_max_rus": 1000,
    "redis_sku": "Balanced_B0",
    "storage_sku": "Standard_LRS",
    "waf_mode": "Detection",
    "log_days": 30,
    "audit_days": 7,
}
_STAGING: Mapping[str, Any] = _DEV | {
    "edge": True,
    "plan_sku": "P1v3",
    "most_instances": 3,
    "cosmos_max_rus": 4000,
    "redis_sku": "Balanced_B1",
    "storage_sku": "Standard_LRS",
    "waf_mode": "Prevention",
    "log_days": 60,
    "audit_days": 30,
}
_PROD: Mapping[str, Any] = _STAGING | {
    "zones": True,
    "protect": True,
    "plan_sku": "P1v3",
    "least_instances": 3,
    "most_instances": 12,
    "cosmos_max_rus": 20_000,
    "redis_sku": "Balanced_B5",
    "storage_sku": "Standard_ZRS",
    "log_days": 365,
    "audit_days": 2555,  # seven years
}
PROFILES: Mapping[str, Mapping[str, Any]] = {"dev": _DEV, "staging": _STAGING, "prod": _PROD}
