"""OSV advisories in the form of Safety's own database, so that it can run without its service."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipelines.readiness.packages import normal
from pipelines.scans.advisories import ECOSYSTEM, Advisories

SCHEMA = "2.0.0"
BOUNDS = {"fixed": "<", "last_affected": "<="}


def write(known: Advisories, folder: Path) -> None:
    """Write `insecure.json` and `insecure_full.json`."""
    specs: dict[str, list[str]] = defaultdict(list)
    full: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for advisory in known.by_id.values():
        for name, found in specifiers(advisory):
            specs[name] += found
            full[name].append(_entry(advisory, found))
    time = int(known.newest.timestamp())
    meta = {
        "advisory": f"OSV advisories at {known.commit}; Safety's own data is not in here",
        "base_domain": "https://eva-api.invalid",
        "schema_version": SCHEMA,
        "timestamp": time,
        "last_updated": known.newest.isoformat(),
    }
    for file, packages in (("insecure", dict(specs)), ("insecure_full", dict(full))):
        made = {"meta": meta, "vulnerable_packages": packages}
        (folder / f"{file}.json").write_text(json.dumps(made), encoding="utf-8")


def specifiers(advisory: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Yield each package of an advisory with the version specifiers that it concerns."""
    for entry in advisory["affected"]:
        if entry["package"]["ecosystem"] == ECOSYSTEM:
            ranges = [kind for kind in entry.get("ranges", ()) if kind["type"] == "ECOSYSTEM"]
            found = [spec for kind in ranges for spec in _spans(kind["events"])]
            found += [f"=={version}" for version in entry.get("versions", ())]
            yield normal(entry["package"]["name"]), found


def _spans(events: list[Mapping[str, str]]) -> Iterator[str]:
    """Yield a specifier for each span from one `introduced` to what ends it."""
    start: str | None = None
    for event in events:
        [(what, bound)] = event.items()
        if what == "introduced" and start is None:
            start = "" if bound == "0" else f">={bound}"
        elif what in BOUNDS and start is not None:
            yield ",".join(filter(None, (start, f"{BOUNDS[what]}{bound}")))
            start = None
    if start is not None:
        yield start or ">=0"


def _entry(advisory: Mapping[str, Any], specs: list[str]) -> Mapping[str, Any]:
    ids = [{"type": "pyup", "id": advisory["id"]}]
    ids += [{"type": "cve", "id": alias} for alias in advisory.get("aliases", ())]
    return {
        "specs": specs,
        "advisory": advisory.get("summary") or advisory.get("details", ""),
        "ids": ids,
        "fixed_versions": [],
        "more_info_path": f"/{advisory['id']}",
    }
