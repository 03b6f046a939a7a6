"""Microsoft's published types of resources (Bicep's), and what they hold against a template.

The types are not part of this repository. `EVA_BICEP_TYPES` names a folder of files
`<folder>__<namespace>__<version>__types.json`, each a `types.json` of Azure/bicep-types-az.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eva_infra.arm.walk import Nodes, walk

# Asked for by the SDK or by the template itself, never by the body.
ELSEWHERE = frozenset({"name", "type", "apiVersion", "id", "scope"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the types say of one resource; `against` is None where no type is known."""

    name: str
    type: str
    against: str | None
    problems: tuple[str, ...] = ()


class Types:
    """All known types of resources, by type and version."""

    def __init__(self, folder: Path) -> None:
        self._known: dict[str, dict[str, tuple[Nodes, Mapping[str, Any]]]] = {}
        for file in sorted(folder.glob("*__types.json")):
            nodes: Nodes = json.loads(file.read_text())
            for node in nodes:
                if node["$type"] == "ResourceType":
                    type_, _, version = node["name"].casefold().partition("@")
                    self._known.setdefault(type_, {})[version] = (nodes, node)

    def __len__(self) -> int:
        return sum(len(versions) for versions in self._known.values())

    def check(self, resource: Mapping[str, Any]) -> Verdict:
        """Return what is wrong with a resource of a template."""
        versions = self._known.get(resource["type"].casefold())
        if not versions:
            return Verdict(name=resource["name"], type=resource["type"], against=None)
        version = nearest(list(versions), resource["apiVersion"].casefold())
        nodes, node = versions[version]
        body = {k: v for k, v in resource.items() if k not in ELSEWHERE}
        body["name"] = resource["name"].rsplit("/", 1)[-1]
        problems = tuple(walk(nodes, node["body"], body, resource["type"]))
        return Verdict(
            name=resource["name"], type=resource["type"], against=version, problems=problems
        )

    def check_all(self, template: Mapping[str, Any]) -> Iterator[Verdict]:
        """Yield a verdict for each resource of a template."""
        return (self.check(resource) for resource in template["resources"])


def nearest(versions: Sequence[str], wanted: str) -> str:
    """Return the wanted version, else the next newer one, else the newest older one."""
    newer = sorted(v for v in versions if v >= wanted)
    return newer[0] if newer else max(versions)
