"""The bill of materials lists exactly what the lock file says the service installs."""

from pipelines.readiness.checks.check import Asked, Check, parsed
from pipelines.readiness.model import Finding, Reading
from pipelines.readiness.packages import locked_packages, normal


def read(report: bytes, _asked: Asked) -> Reading:
    """Read a CycloneDX document; a component without a package URL is a finding."""
    components = parsed(report, holding="components")["components"]
    return Reading(
        seen=frozenset(
            f"{normal(made['name'])}=={made.get('version', '?')}" for made in components
        ),
        findings=tuple(
            Finding(rule="no-purl", where=made["name"], message="has no package URL")
            for made in components
            if not made.get("purl")
        ),
    )


CHECK = Check(
    id="sbom", read=read, expected=lambda root, _options: locked_packages(root), exact=True
)
