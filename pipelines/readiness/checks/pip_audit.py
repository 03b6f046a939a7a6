"""No package that the service installs has a known vulnerability, and each one was looked up."""

from pipelines.readiness.checks.check import Asked, Check, parsed
from pipelines.readiness.model import Finding, Reading
from pipelines.readiness.packages import locked_packages


def read(report: bytes, _asked: Asked) -> Reading:
    """Read `pip-audit -f json`: a package that it could not look up is `skipped`, never clean."""
    found = parsed(report, holding="dependencies")["dependencies"]
    looked_up = [package for package in found if "skip_reason" not in package]
    return Reading(
        seen=frozenset(f"{package['name']}=={package['version']}" for package in looked_up),
        skipped=tuple(
            f"{package['name']}: {package['skip_reason']}"
            for package in found
            if "skip_reason" in package
        ),
        findings=tuple(
            Finding(
                rule=vulnerability["id"],
                where=package["name"],
                message=f"{package['version']}: {vulnerability['description'].splitlines()[0]}",
                snippet=package["version"],
            )
            for package in looked_up
            for vulnerability in package["vulns"]
        ),
    )


CHECK = Check(
    id="pip-audit", read=read, expected=lambda root, _options: locked_packages(root), exact=True
)
