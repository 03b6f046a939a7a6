"""Safety found no known vulnerability in the packages that the service installs."""

from pipelines.readiness.checks.check import Asked, Check, parsed
from pipelines.readiness.model import Finding, Reading
from pipelines.readiness.packages import locked_packages


def read(report: bytes, _asked: Asked) -> Reading:
    """Read the report of `safety check`; the record's mode says which data it compared with."""
    made = parsed(report, holding="scanned_packages")
    return Reading(
        seen=frozenset(
            f"{package['name']}=={package['version']}"
            for package in made["scanned_packages"].values()
        ),
        findings=tuple(
            Finding(
                rule=str(found["vulnerability_id"]),
                where=found["package_name"],
                message=f"{found['analyzed_version']}: {found['advisory']}",
                snippet=found["analyzed_version"],
            )
            for found in made["vulnerabilities"]
        ),
        facts={"ignored": len(made.get("ignored_vulnerabilities", ()))},
    )


CHECK = Check(
    id="safety",
    read=read,
    expected=lambda root, _options: locked_packages(root),
    exact=True,
    exits=frozenset({0, 64}),
)
