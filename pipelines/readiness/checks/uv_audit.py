"""No package of the lock, on any platform, has a known vulnerability."""

from pathlib import Path

from pipelines.readiness.checks.check import Asked, Check, parsed
from pipelines.readiness.model import Finding, Options, Reading
from pipelines.readiness.packages import exported


def expected(root: Path, _options: Options) -> frozenset[str]:
    """Return as many names as the lock has packages: the report counts them, and lists none."""
    return _counted(len(exported(root, "--all-extras")))


def _counted(many: int) -> frozenset[str]:
    return frozenset(f"package {number}" for number in range(1, many + 1))


def read(report: bytes, _asked: Asked) -> Reading:
    """Read `uv audit --output-format json`; a yanked or archived package is a finding too."""
    made = parsed(report, holding="summary")
    known = [
        Finding(
            rule=found["id"],
            where=found["dependency"]["name"],
            message=f"{found['dependency']['version']}: {found['summary']}",
            snippet=found["dependency"]["version"],
        )
        for found in made["vulnerabilities"]
    ]
    adverse = [
        Finding(
            rule="adverse-status",
            where=str(found.get("dependency", found).get("name", "?")),
            message=str(found),
        )
        for found in made["adverse_statuses"]
    ]
    return Reading(seen=_counted(made["summary"]["audited_packages"]), findings=(*known, *adverse))


CHECK = Check(id="uv-audit", read=read, expected=expected)
