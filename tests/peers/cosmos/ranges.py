"""Where a logical partition lies: two physical ones, so that a client's routing is put to use."""

import json
from functools import lru_cache
from typing import Any

from azure.cosmos.partition_key import PartitionKey

from tests.peers.cosmos.refusal import Refused

_HALF = "20000000000000000000000000000000"
RANGES = ({"id": "0", "min": "", "max": _HALF}, {"id": "1", "min": _HALF, "max": "FF"})


@lru_cache(10_000)
def position(paths: tuple[str, ...], partition: str) -> str:
    """Return the effective partition key, by the hash that the official client has."""
    key = PartitionKey(path=list(paths)) if len(paths) > 1 else PartitionKey(path=paths[0])
    return str(key._get_effective_partition_key_string(json.loads(partition)))


def range_of(paths: tuple[str, ...], partition: str) -> str:
    """Return the id of the physical partition that a logical one lies in."""
    return "0" if position(paths, partition) < _HALF else "1"


def listing() -> dict[str, Any]:
    """Return the ranges as a client reads them."""
    ranges = [
        {
            "_rid": f"range{one['id']}",
            "id": one["id"],
            "minInclusive": one["min"],
            "maxExclusive": one["max"],
            "ridPrefix": int(one["id"]),
            "throughputFraction": 0.5,
            "status": "online",
            "parents": [],
        }
        for one in RANGES
    ]
    return {"_rid": "ranges", "PartitionKeyRanges": ranges, "_count": len(ranges)}


@lru_cache(10_000)
def required(paths: tuple[str, ...], header: str | None) -> str:
    """Return the logical partition that a request names in full; 400 without one."""
    if header is None:
        reason = "not in the allowed subset: a request without the whole partition key"
        raise Refused(400, reason)
    given = json.loads(header)
    if not isinstance(given, list) or len(given) != len(paths):
        reason = f"the partition key has {len(paths)} parts: {', '.join(paths)}"
        raise Refused(400, reason, substatus=1001)
    return json.dumps(given)
