"""Every package that the service installs is under a licence that the project accepts."""

from collections.abc import Mapping
from typing import Any

from pipelines.readiness.checks.check import TABLE, TEXTS, Asked, Check, parsed
from pipelines.readiness.model import Finding, Reading
from pipelines.readiness.packages import locked_packages, normal


def named(component: Mapping[str, Any]) -> frozenset[str]:
    """Return the licences of a component, by SPDX id where the package gives one."""
    found = set()
    for entry in component.get("licenses", ()):
        licence = entry.get("license", {})
        said = entry.get("expression") or licence.get("id") or licence.get("name") or ""
        found.add(said.removeprefix("License :: OSI Approved :: ").strip())
    return frozenset(found - {""})


def accepted(expression: str, allowed: frozenset[str]) -> bool:
    """Say whether an SPDX expression can be satisfied with accepted licences only."""
    inner = expression.strip()
    for operator, satisfied in ((" OR ", any), (" AND ", all)):
        parts = _split(inner, operator)
        if len(parts) > 1:
            return satisfied(accepted(part, allowed) for part in parts)
    if inner.startswith("(") and inner.endswith(")"):
        return accepted(inner[1:-1], allowed)
    return inner in allowed


def _split(expression: str, operator: str) -> list[str]:
    """Split at an operator that stands outside every parenthesis."""
    parts, depth, start = [], 0, 0
    for place, character in enumerate(expression):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0 and expression.startswith(operator, place):
            parts.append(expression[start:place])
            start = place + len(operator)
    return [*parts, expression[start:]]


def read(report: bytes, asked: Asked) -> Reading:
    """Read a CycloneDX document: each component needs a licence that is accepted.

    A package often says the same licence twice, as an SPDX id and as a classifier: one will do.
    `told` holds what a person read in a package, under `<name>: <what it declares>`: as soon as
    it declares something else, it has to be read again.
    """
    allowed, told = frozenset(asked.texts("allowed")), asked.options.get("told", {})
    components = parsed(report, holding="components")["components"]
    findings = []
    for made in components:
        said = ", ".join(sorted(named(made))) or "none"
        licences = {*named(made), told.get(f"{made['name']}: {said}", "")}
        if not any(accepted(licence, allowed) for licence in licences):
            findings.append(
                Finding(rule="not-accepted", where=made["name"], message=said, snippet=said)
            )
    return Reading(
        seen=frozenset(
            f"{normal(made['name'])}=={made.get('version', '?')}" for made in components
        ),
        findings=tuple(findings),
    )


CHECK = Check(
    id="licences",
    read=read,
    options={"allowed": TEXTS, "told": TABLE},
    expected=lambda root, _options: locked_packages(root),
)
