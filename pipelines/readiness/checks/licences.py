"""Every package that the service installs is under a licence that the project accepts."""

import re
from collections.abc import Mapping
from typing import Any

from pipelines.readiness.checks.check import Asked, Check, parsed
from pipelines.readiness.model import Finding, Reading
from pipelines.readiness.packages import locked_packages


def named(component: Mapping[str, Any]) -> frozenset[str]:
    """Return the licences of a component, by SPDX id where the package gives one."""
    found = set()
    for entry in component.get("licenses", ()):
        licence = entry.get("license", {})
        said = entry.get("expression") or licence.get("id") or licence.get("name") or ""
        found.add(said.removeprefix("License :: OSI Approved :: ").strip())
    return frozenset(found - {""})


def accepted(licence: str, allowed: frozenset[str]) -> bool:
    """Say whether an SPDX expression can be satisfied with accepted licences."""
    choices = re.split(r"\s+OR\s+", licence.replace("(", "").replace(")", ""))
    return licence in allowed or any(
        all(part in allowed for part in re.split(r"\s+AND\s+", choice)) for choice in choices
    )


def read(report: bytes, asked: Asked) -> Reading:
    """Read a CycloneDX document: each component needs one licence, and each has to be accepted."""
    allowed = frozenset(asked.texts("allowed"))
    components = parsed(report, holding="components")["components"]
    findings = []
    for made in components:
        licences = named(made)
        known = [licence for licence in licences if accepted(licence, allowed)]
        # A package often says the same licence twice, as an SPDX id and as a classifier.
        if not known:
            said = ", ".join(sorted(licences)) or "none"
            findings.append(
                Finding(rule="not-accepted", where=made["name"], message=said, snippet=said)
            )
    return Reading(
        seen=frozenset(f"{made['name']}=={made.get('version', '?')}" for made in components),
        findings=tuple(findings),
    )


CHECK = Check(
    id="licences",
    read=read,
    options=frozenset({"allowed"}),
    expected=lambda root, _options: locked_packages(root),
)
