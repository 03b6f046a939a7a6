"""Built twice, the image has the same digest; it runs unprivileged from a read-only root."""

from pipelines.readiness.checks.check import Asked, Check, parsed
from pipelines.readiness.model import Finding, Reading

ROOT_USERS = {"", "0", "root", "0:0", "root:root"}


def read(report: bytes, _asked: Asked) -> Reading:
    """Read `{digests, user, read_only, healthcheck}` of two builds of one commit."""
    made = parsed(report, holding="digests")
    digests = made["digests"]
    findings = []
    if len(set(digests)) > 1:
        findings.append(Finding(rule="not-reproducible", where="image", message=str(digests)))
    if str(made["user"]) in ROOT_USERS:
        findings.append(Finding(rule="runs-as-root", where="image", message=repr(made["user"])))
    findings += [
        Finding(rule=f"no-{name}", where="image", message=f"{name} is not set")
        for name in ("read_only", "healthcheck")
        if made[name] is not True
    ]
    few = len(digests) < 2  # noqa: PLR2004 - reproducing takes two
    return Reading(
        seen=frozenset(digests),
        absent=("a second build",) if few else (),
        findings=tuple(findings),
        facts={"image": digests[0] if digests else ""},
    )


CHECK = Check(id="image", read=read)
