"""Every row of the list is answered by tests that passed, or left out for a written reason."""

from pipelines.readiness.checks.check import TEXTS, Asked, Check, parsed
from pipelines.readiness.model import Finding, Reading

# A row whose tests failed, and one of which its authors say that it is not met.
UNMET = ("failed", "not met")


def read(report: bytes, asked: Asked) -> Reading:
    """Read rows of `{list, id, status, tests, reason}`; a row without any test is absent."""
    lists = asked.texts("lists")
    every = parsed(report, holding="rows")["rows"]
    rows = [row for row in every if not lists or row["list"] in lists]
    here = {row["list"] for row in rows}
    return Reading(
        seen=frozenset(f"{row['list']}/{row['id']}" for row in rows),
        absent=(
            *(name for name in lists if name not in here),
            *(row["id"] for row in rows if row["status"] == "untested"),
        ),
        findings=tuple(
            Finding(
                rule="unmet",
                where=f"{row['list']}/{row['id']}",
                message=row["reason"],
            )
            for row in rows
            if row["status"] in UNMET
        ),
        facts={
            status: sum(row["status"] == status for row in rows)
            for status in ("met", "untested", *UNMET, "not applicable")
        },
    )


CHECK = Check(id="controls", read=read, options={"lists": TEXTS})
