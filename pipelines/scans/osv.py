"""The OSV interface over a folder of advisories: what scanners ask, answered without a network."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from pipelines.scans.advisories import Advisories
from pipelines.scans.loopback import served as served_on_loopback


def served(known: Advisories) -> AbstractContextManager[str]:
    """Serve `/v1/query`, `/v1/querybatch` and `/v1/vulns/{id}` while the block runs."""
    return served_on_loopback(lambda url, asked: answered(known, url, asked))


def answered(known: Advisories, url: str, asked: Any) -> tuple[int, object]:  # noqa: ANN401 - JSON
    """Return status and body: whole advisories for one question, ids only for a batch."""
    if url.endswith("/querybatch"):
        return 200, {"results": [_short(known, query) for query in asked["queries"]]}
    if url.endswith("/query"):
        return 200, {"vulns": known.concerning(asked["package"]["name"], asked["version"])}
    found = known.by_id.get(url.rpartition("/")[2])
    return (404, {"code": 5, "message": "not found"}) if found is None else (200, found)


def _short(known: Advisories, query: Mapping[str, Any]) -> Mapping[str, object]:
    found = known.concerning(query["package"]["name"], query["version"])
    return {"vulns": [{"id": made["id"], "modified": made["modified"]} for made in found]}
