"""A folder of OSV advisories (YAML or JSON) as the scanners ask for it: by package and version."""

import json
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml
from packaging.version import InvalidVersion, Version

from pipelines.readiness.packages import normal

Advisory = Mapping[str, Any]
ECOSYSTEM = "PyPI"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisories:
    """Advisories in force by id and by package, the folder's commit and newest date."""

    by_id: Mapping[str, Advisory]
    by_package: Mapping[str, tuple[Advisory, ...]]
    commit: str
    newest: datetime

    def concerning(self, name: str, version: str) -> list[Advisory]:
        """Return the advisories that concern one version of one package."""
        found = self.by_package.get(normal(name), ())
        return [advisory for advisory in found if concerns(advisory, name, version)]


def load(folder: Path) -> Advisories:
    """Read every advisory below a folder; withdrawn ones are left out. ValueError if none is."""
    found = {made["id"]: made for made in _read(folder) if "withdrawn" not in made}
    if not found:
        raise ValueError(f"no advisory in {folder}")
    by_package: dict[str, list[Advisory]] = defaultdict(list)
    for advisory in found.values():
        for name in {normal(entry["package"]["name"]) for entry in _affected(advisory)}:
            by_package[name].append(advisory)
    return Advisories(
        by_id=found,
        by_package={name: tuple(made) for name, made in by_package.items()},
        commit=_commit(folder),
        newest=max(datetime.fromisoformat(made["modified"]) for made in found.values()),
    )


def concerns(advisory: Advisory, name: str, version: str) -> bool:
    """Say whether an advisory names this version, or a range of versions that holds it."""
    entries = [e for e in _affected(advisory) if normal(e["package"]["name"]) == normal(name)]
    return any(
        version in entry.get("versions", ())
        or any(_within(kind, version) for kind in entry.get("ranges", ()))
        for entry in entries
    )


def _within(kind: Mapping[str, Any], version: str) -> bool:
    if kind.get("type") != "ECOSYSTEM":
        return False
    hit = False
    for event in kind["events"]:
        [(what, bound)] = event.items()  # `introduced: "0"` is before every version
        reached, passed = Version(bound) <= Version(version), Version(bound) < Version(version)
        if what == "introduced" and reached:
            hit = True
        elif (what == "fixed" and reached) or (what == "last_affected" and passed):
            hit = False
    return hit


def _affected(advisory: Advisory) -> Iterator[Mapping[str, Any]]:
    for entry in advisory.get("affected", ()):
        if entry.get("package", {}).get("ecosystem") == ECOSYSTEM and _sound(entry):
            yield entry


def _sound(entry: Mapping[str, Any]) -> bool:
    """Say whether every bound is a version: a few old advisories hold commit ids instead."""
    bounds = [
        bound
        for kind in entry.get("ranges", ())
        if kind.get("type") == "ECOSYSTEM"
        for event in kind["events"]
        for bound in event.values()
    ]
    try:
        return all(Version(bound) for bound in bounds)
    except InvalidVersion:
        return bool(entry.get("versions"))


def _read(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.rglob("*")):
        text = path.read_text(encoding="utf-8") if path.suffix in {".json", ".yaml"} else ""
        made = json.loads(text) if path.suffix == ".json" else yaml.load(text, yaml.CSafeLoader)
        if isinstance(made, dict) and {"id", "affected"} <= set(made):
            yield _dated(made)


def _dated(made: dict[str, Any]) -> dict[str, Any]:
    """Return an advisory whose dates are written as every client of the interface reads them."""
    said = {"schema_version": "1.7.0", **json.loads(json.dumps(made, default=_iso))}
    said["published"] = _zulu(said.get("published") or said["modified"])
    said["modified"] = _zulu(said.get("modified") or said["published"])
    return said


def _iso(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} in an advisory")


def _zulu(text: str) -> str:
    made = datetime.fromisoformat(text)
    made = made if made.tzinfo else made.replace(tzinfo=UTC)
    return made.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _commit(folder: Path) -> str:
    """Return the commit of a checked-out advisory database, or `unversioned`."""
    done = subprocess.run(
        ["git", "-C", str(folder), "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else "unversioned"
